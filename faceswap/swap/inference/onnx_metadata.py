"""What an exported swap says of itself: enough to feed it without this program. JSON in the ONNX file's metadata."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import mean_face_in_crop, transform_points, view_of_crop
from faceswap.core.landmarks import INNER
from faceswap.utils.limits import NAME_CHARACTERS, ONNX_JSON_CHARACTERS, TEXT_CHARACTERS
from faceswap.utils.untrusted.reading import Untrusted, parse_json

KEY = "faceswap"
FORMAT = 1
INPUT, IMAGE, MASK = "faces", "image", "mask"
SIDES_PX = (8, 1024)  # of the pictures an exported model may ask for

_SAME_PX = 0.01  # templates that differ by less cut the same pictures


@dataclass(frozen=True)
class ExportMetadata:
    """One direction of a trained pair: `side` is the face that is drawn, `faces` the face sets' names, if known.

    `resolution`: side of the square pictures, px. `coverage`: share of the stored crop's side that they show.
    `yaw_degrees`: how far the faces of each side were turned on which it was trained, if known.
    `weights_sha256`: see onnx_graph.weights_sha256; `checkpoint_sha256`: of the safetensors file they come from.
    """

    model: str
    settings: Mapping[str, float | int]
    iteration: int | None
    version: str
    run: str
    side: str
    resolution: int
    coverage: float
    has_mask: bool
    weights_sha256: str
    checkpoint_sha256: str
    faces: tuple[str, str] | None = None
    consent: Mapping[str, str] = field(default_factory=dict)
    yaw_degrees: Mapping[str, float] = field(default_factory=dict)

    @property
    def description(self) -> dict[str, Any]:
        """What a converted film tells of the model."""
        names = ("model", "settings", "iteration", "version", "run", "yaw_degrees")
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> str:
        """All of it, and how pictures go in and come out."""
        picture = {"type": "float32", "layout": "NCHW", "range": [0, 1]}
        square = [self.resolution, self.resolution]
        outputs = [{"name": IMAGE, "shape": ["N", 3, *square], "colour": "RGB", **picture}]
        if self.has_mask:
            outputs.append({"name": MASK, "shape": ["N", 1, *square], "meaning": "1 where the face is", **picture})
        return json.dumps(
            {
                "format": FORMAT,
                **self.description,
                "side": self.side,
                "faces": self.faces and dict(zip("ab", self.faces, strict=True)),
                "consent": dict(self.consent),
                "resolution": self.resolution,
                "coverage": self.coverage,
                "input": {"name": INPUT, "shape": ["N", 3, *square], "colour": "RGB", **picture},
                "outputs": outputs,
                "alignment": _alignment(self.resolution, self.coverage),
                "weights_sha256": self.weights_sha256,
                "checkpoint_sha256": self.checkpoint_sha256,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> ExportMetadata:
        """What `to_json` wrote. Raises ValueError, in words for the user, for anything else."""
        if len(text) > ONNX_JSON_CHARACTERS:
            raise ValueError("its metadata are too long")
        try:
            told = parse_json(text)
            if told["format"] != FORMAT:
                raise ValueError("it was exported by another version of faceswap")
            faces = told["faces"] and (name_of(told["faces"]["a"]), name_of(told["faces"]["b"]))
            resolution, coverage = _whole(told["resolution"], *SIDES_PX), float(told["coverage"])
            if told["side"] not in ("a", "b") or not 0 < coverage <= 1:
                raise ValueError("its side or coverage cannot be")
            template = np.asarray(told["alignment"]["template_px"], float)
            wanted = template_px(resolution, coverage)
            if template.shape != wanted.shape or not np.allclose(template, wanted, rtol=0, atol=_SAME_PX):
                raise ValueError("it was made for faces that are aligned in another way")
            return cls(
                model=name_of(told["model"]),
                settings={name_of(key): _number(value) for key, value in told["settings"].items()},
                iteration=None if told["iteration"] is None else _whole(told["iteration"], 0, 1 << 53),
                version=name_of(told["version"]),
                run=name_of(told["run"]),
                yaw_degrees={name_of(key): _number(value) for key, value in told.get("yaw_degrees", {}).items()},
                side=told["side"],
                resolution=resolution,
                coverage=coverage,
                has_mask=MASK in [output["name"] for output in told["outputs"]],
                weights_sha256=name_of(told["weights_sha256"]),
                checkpoint_sha256=name_of(told["checkpoint_sha256"]),
                faces=faces or None,
                consent={name_of(key): line_of(value) for key, value in told["consent"].items()},
            )
        except (LookupError, TypeError, AttributeError, OverflowError, Untrusted) as error:
            raise ValueError(f"its metadata make no sense ({type(error).__name__})") from error


def template_px(resolution: int, coverage: float) -> NDArray[np.float32]:
    """Where the inner points of an upright face lie in a model's input: (51, 2) px, points 17 to 67 of iBUG's 68."""
    size_px = 256  # of any crop: the view of it is always the same
    return transform_points(view_of_crop(size_px, coverage, resolution), mean_face_in_crop(size_px)[INNER])


def _alignment(resolution: int, coverage: float) -> dict[str, Any]:
    return {
        "scheme": "iBUG 68",
        "points": [INNER.start, INNER.stop - 1],
        "template_px": [[round(float(x), 4), round(float(y), 4)] for x, y in template_px(resolution, coverage)],
        "fit": "the similarity (one rotation, scale and shift) that brings these points of the frame to template_px "
        "best in least squares (Umeyama 1991); the input is the frame under it",
        "pixels": "the centre of the top-left pixel is (0, 0)",
        "sampling": "bilinear; a face 1.6 times larger than its template, or more, is averaged down by area first; "
        "beyond the frame its border is repeated",
        "back": "the inverse of the same similarity brings image and mask back into the frame",
    }


def name_of(value: Any) -> str:
    """A text that may become part of a file's name."""
    text = _text(value, NAME_CHARACTERS)
    if not is_name(text):
        raise ValueError("a name in its metadata cannot be one")
    return text


def is_name(text: str) -> bool:
    """Whether a text may become part of a file's name and be shown in a terminal."""
    has_controls = any(character < " " or "\x7f" <= character <= "\x9f" for character in text)
    return len(text) <= NAME_CHARACTERS and "/" not in text and not has_controls


def line_of(value: Any) -> str:
    """A text that is shown; what steers a terminal is taken out."""
    return "".join(c if c.isprintable() else " " for c in _text(value, TEXT_CHARACTERS))


def _text(value: Any, largest: int) -> str:
    if not isinstance(value, str) or len(value) > largest:
        raise ValueError("a text in its metadata is none or too long")
    return value


def _number(value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a setting in its metadata is no number")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"a number in its metadata is not from {low} to {high}")
    return value
