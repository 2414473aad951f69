"""Settings of curation."""

from dataclasses import dataclass
from typing import Any, ClassVar

from faceswap.utils.choices import FACE_ORDERS, REJECTED
from faceswap.utils.settings.options import option, section


@dataclass(frozen=True)
class Limits:
    """Thresholds beyond which a face is rejected."""

    _target_: ClassVar[str] = "faceswap.curation.config.Limits"
    blur: float = option(0.75, "faces more blurred than this are rejected; 0 = sharp, 1 = nothing visible", minimum=0)
    difference: float = option(3.0, "grey levels within which faces of one pose and expression are the same", minimum=0)
    shape_error: float = option(0.13, "distance of the points from any view of a head, in its widths", minimum=0)
    jump: float = option(
        0.15, "distance from where the neighbours in the track put it, in widths of the face", minimum=0
    )
    score: float = option(0.2, "the finder's score below which a face counts as misaligned", minimum=0)
    likeness: float = option(0.7, "cosine from which on two tracks are one person's", minimum=-1, maximum=1)


@dataclass(frozen=True)
class CurationConfig:
    """What is taken out of a face set, what is put back, and how its sheet is ordered."""

    sort: str = option("person", "order of the sheet and of curation.json", choices=FACE_ORDERS)
    like: str = option(
        "", "measure likeness to this image file of the set (default: to each person's mean)", kind="text"
    )
    reject: Any = option(
        None,
        "take out blur, duplicates, misaligned, damaged: one, several as blur,damaged, or all",
        several=str,
        choices=REJECTED,
    )
    keep: Any = option(None, "take out all but these people of the sheet: 1, or several as 1,3", several=int, minimum=1)
    apply: str = option("", "take out what is marked in this file, saved in the sheet (rejects.json)", kind="path")
    restore: bool = option(False, "put back all that was taken out")
    people: bool = option(True, "tell people apart by their faces; false: each track stands for itself")
    limits: Limits = section(Limits, "thresholds beyond which a face is rejected")
