"""Results of convert beside the film: metadata, report, comparison video."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.face_sources.coverage import ranges, shortened
from faceswap.compositing.segments.making import Spent
from faceswap.compositing.segments.record import Counts
from faceswap.core.values import Decoded
from faceswap.media.picture_writing import ImageSequenceWriter
from faceswap.media.pictures.sequence_names import PICTURE_SUFFIXES
from faceswap.media.presentation import SideBySide
from faceswap.media.sources import SourceInfo, probe
from faceswap.media.targets import check_target
from faceswap.media.writing import FILM_SUFFIXES, Writer, writer_for
from faceswap.provenance import notice
from faceswap.utils.choices import Side
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.workspace import RESULT_REPORT

if TYPE_CHECKING:
    from faceswap.compositing.config import ConversionConfig

PLACES = ("faces_from", "frames_found_anew", "faces_left_as_filmed")  # what a face source reports

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """What became of a conversion.

    Attributes:
        counts: Frames and faces.
        spent: What this command took; the frames it made are counted by the second.
        about: The metadata of the film, and of the face source.
        record: What the result was made with, see utils/records.py.
    """

    counts: Counts
    spent: Spent
    about: Mapping[str, Any]
    record: Mapping[str, Any]


class Described(Protocol):
    """What draws faces, as far as metadata tell of it."""

    @property
    def description(self) -> Mapping[str, Any]: ...


class FaceSwapper(Protocol):
    """What convert asks of a model. `description` has "model"; "iteration", "run", "person", "sha256" if known."""

    @property
    def resolution(self) -> int: ...

    @property
    def coverage(self) -> float: ...

    @property
    def description(self) -> Mapping[str, Any]: ...

    def swap(self, views: NDArray[np.uint8], to: Side = "a") -> Decoded:
        """Return the faces of `views` (N, R, R, 3) uint8 RGB with the other person's features."""
        ...


def made_with_ai(swapper: Described) -> dict[str, str]:
    """Return the container metadata that say what the film is."""
    checksum = str(swapper.description.get("sha256") or "")
    about = notice.made_with_ai(
        "the faces in this work were swapped", f"model {model_name(swapper)}", model_sha256=checksum
    )
    return about | {"consent": notice.NOT_RECORDED}  # until who calls says better


def model_name(swapper: Described) -> str:
    """Return the model's name, with iteration and run, or the person of an untrained one, where they are known."""
    known = swapper.description
    details = [f"{key} {known[key]}" for key in ("iteration", "run", "person") if known.get(key) is not None]
    return f"{known['model']} ({', '.join(details)})" if details else str(known["model"])


def check_results(writer: Writer, info: SourceInfo, out: Path, side_by_side: bool) -> None:
    """Raise UserError when the result, its report or the comparison cannot be written; before the work begins."""
    writer.check()
    if not isinstance(writer, ImageSequenceWriter):  # which has it inside
        check_target(report_path(out), info)
    if side_by_side:
        writer_for(info, comparison_path(out)).check()


def write_report(info: SourceInfo, out: Path, account: Account, swapper: Described, settings: ConversionConfig) -> None:
    """Write beside a result what it is and what it lacks, and tell of frames in which nothing was swapped."""
    counts, spent, about = account.counts, account.spent, account.about
    report = {
        "source": str(info.path),
        "out": str(out),
        "model": model_name(swapper),
        "made_with_ai": about.get("made_with_ai", ""),
        "start": settings.start,
        "stop": settings.stop,
        "frames": counts.frames,
        "faces": counts.faces,
        "frames_without_face": len(counts.without_face),
        "frames_without_face_at": ranges(counts.without_face),
        "frames_faded": len(counts.faded),
        "frames_faded_at": ranges(counts.faded),
        **{name: about[name] for name in PLACES if name in about},
        **({"frames_kept": spent.kept} if spent.kept else {}),
        "seconds": round(spent.seconds, 3),
        "frames_per_second": round((counts.frames - spent.kept) / max(spent.seconds, 1e-6), 2),
        **account.record,
    }
    write_json(report_path(out), report)
    log.info("%d frames, %d faces; %s", counts.frames, counts.faces, report_path(out))
    _tell_of_unswapped(info, counts)


def _tell_of_unswapped(info: SourceInfo, counts: Counts) -> None:
    if counts.faces == 0:
        log.warning("%s: no face in any frame; all %d passed through untouched", info.path, counts.frames)
    elif counts.without_face:
        log.warning(
            "%d of %d frames have no swapped face: %s; look at them if nobody's face may be seen",
            len(counts.without_face),
            counts.frames,
            shortened(ranges(counts.without_face)),
        )
    if counts.faded:
        log.warning(
            "in %d of %d frames a head is turned further than the model can draw: there the swap fades out and the "
            "face that was filmed shows: %s; if nobody may recognise it, cut these frames or say fade_from_yaw=off, "
            "which swaps them all the same",
            len(counts.faded),
            counts.frames,
            shortened(ranges(counts.faded)),
        )


def report_path(out: Path) -> Path:
    """Return where the report of a result lies: in a folder of images, else beside the file."""
    return out / RESULT_REPORT if out.is_dir() else out.with_name(f"{out.name}.{RESULT_REPORT}")


def comparison_path(out: Path) -> Path:
    """Return where the film or the pictures of before and after lie."""
    is_file = out.suffix.lower() in (*FILM_SUFFIXES, *PICTURE_SUFFIXES)
    return out.with_name(f"{out.stem}.side_by_side{out.suffix}" if is_file else f"{out.name}.side_by_side")


def write_comparison(info: SourceInfo, out: Path, settings: ConversionConfig, about: Mapping[str, str]) -> None:
    """Write the film or pictures of original and result side by side."""
    both = SideBySide(probe(info.path), probe(out), metadata=about, start=settings.start, stop=settings.stop)
    both.write(comparison_path(out))
    log.info("the original and the result beside each other: %s", comparison_path(out))
