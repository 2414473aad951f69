"""Settings that an extraction was begun with; a face set is never made with two different ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from faceswap.core.face_set import ALIGNMENTS, FORMAT, REPORT
from faceswap.extraction.config import ExtractionConfig
from faceswap.extraction.journal import JOURNAL, settings_of
from faceswap.media.sources import SourceInfo
from faceswap.utils.choices import IMAGE_FORMATS
from faceswap.utils.errors import UserError
from faceswap.utils.files.versions import refuse_newer_format
from faceswap.utils.limits import CROP_SIDE_PX, EVERY_FRAMES, SMOOTHING_FRAMES
from faceswap.utils.untrusted.reading import read_json

_SAID = {"keep": "person"}  # what the command calls a stored setting


@dataclass(frozen=True)
class ExtractionSettings:
    """All that decides which faces a set holds."""

    source_sha256: str
    finder: str
    size_px: int
    every: int
    start: int
    stop: int | None
    image_format: str
    minimum_face_px: int
    smooth_frames: int = 0
    keep: str = ""

    @property
    def values(self) -> dict:
        """The settings as plain values for JSON."""
        return asdict(self)

    def refuse_others(self, stored: dict, folder: Path) -> None:
        """Raise UserError when `folder` was begun with other settings, and say with which."""
        stored = {"smooth_frames": 0, "keep": ""} | stored  # older sets do not name them
        differences = [
            "another source" if name == "source_sha256" else f"{_SAID.get(name, name)}={stored.get(name)} (now {value})"
            for name, value in self.values.items()
            if stored.get(name) != value
        ]
        if differences:
            raise UserError(
                f"{folder} was extracted with {', '.join(differences)}; restart=true deletes its faces and starts anew"
            )


def check_ranges(config: ExtractionConfig) -> None:
    """Raise UserError for a setting of an extraction that is out of range."""
    if not 32 <= config.size_px <= CROP_SIDE_PX:
        raise UserError(f"size_px={config.size_px}: crops may be 32 to {CROP_SIDE_PX} pixels wide")
    if not 1 <= config.every <= EVERY_FRAMES:
        raise UserError(f"every={config.every}: must be 1 (each frame) to {EVERY_FRAMES}")
    if config.image_format not in IMAGE_FORMATS:
        raise UserError(f"image_format={config.image_format}: must be one of {', '.join(IMAGE_FORMATS)}")
    if config.minimum_face_px < 0:
        raise UserError(f"minimum_face_px={config.minimum_face_px}: must be 0 or more")
    if not 0 <= config.smooth_frames <= SMOOTHING_FRAMES:
        raise UserError(f"smooth_frames={config.smooth_frames}: must be 0 (off) to {SMOOTHING_FRAMES}")


def settings_for(sources: Sequence[SourceInfo], finder: str, config: ExtractionConfig, keep: str) -> ExtractionSettings:
    """Return the settings of a run on one or several sources with a finder of this description."""
    checksums = [info.fingerprint for info in sources]
    together = hashlib.sha256(" ".join(checksums).encode()).hexdigest()[:16]
    return ExtractionSettings(
        checksums[0] if len(checksums) == 1 else together,
        finder,
        config.size_px,
        config.every,
        config.start,
        config.stop,
        config.image_format,
        config.minimum_face_px,
        config.smooth_frames,
        keep,
    )


def stored_settings(folder: Path) -> tuple[dict | None, bool]:
    """Return the settings that a face set was begun with (None: there is none yet), and whether it is complete."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; a face set needs a folder of that name")
    try:
        report = read_json(folder / REPORT)
    except (FileNotFoundError, NotADirectoryError):  # a file in the way is told of where the folder is made
        report = {}
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {folder / REPORT}: {error}; start anew with restart=true") from error
    if isinstance(report, dict):
        refuse_newer_format(folder / REPORT, report.get("format"), FORMAT)
        if report.get("completed") is True:
            return report, True
    stored = settings_of(folder)
    if stored is None and (folder / ALIGNMENTS).is_file() and (folder / ALIGNMENTS).stat().st_size:
        raise UserError(
            f"{folder} holds faces but no {JOURNAL} to go on from; restart=true deletes them and starts anew"
        )
    return stored, False
