"""A reader of .dfm files, written from the published description of their inputs and outputs alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class DfmReader:
    """`in_face:0` NHWC BGR in [0, 1] -> `out_face_mask:0`, `out_celeb_face:0`, `out_celeb_face_mask:0`."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (face,) = self.session.get_inputs()
        assert face.name == "in_face:0" and face.type == "tensor(float)"
        batch, self.height, self.width, channels = face.shape
        assert isinstance(batch, str) and channels == 3

    def convert(self, bgr: NDArray[np.uint8]) -> tuple[NDArray, NDArray, NDArray]:
        """(N, H, W, 3) BGR bytes -> the drawn faces (BGR in [0, 1]), their masks, the masks of the filmed faces."""
        assert bgr.shape[1:] == (self.height, self.width, 3)
        face_mask, celeb, celeb_mask = self.session.run(None, {"in_face:0": bgr.astype(np.float32) / 255})
        return celeb, celeb_mask, face_mask
