"""Settings of the built-in finder."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import DEVICES, option


@dataclass(frozen=True)
class BuiltinFinderConfig:
    """This project's own small networks: fast on a CPU, nothing to download."""

    _target_: ClassVar[str] = "faceswap.detect.builtin.detector.BuiltinFinder"
    detect_every: int = option(5, "frames from one search to the next; in between faces are followed", minimum=1)
    detect_side_px: int = option(
        640, "frames are reduced to this longer side to search for faces", minimum=64, maximum=8192
    )
    minimum_score: float = option(0.4, "less certain faces are left out, in (0, 1)", minimum=0, maximum=1)
    refinements: int = option(
        2, "landmark passes over a newly found face, each in a better window", minimum=1, maximum=20
    )
    recognise: bool = option(True, "tell people apart by their faces where they meet; false: by their places alone")
    embedder_weights: str | None = option(
        None, "recognise with facenet-pytorch's InceptionResnetV1 weights in this file", kind="path"
    )
    device: str = option("auto", DEVICES)
    batch_size: int = option(10, "frames at a time", minimum=1, maximum=65536)
