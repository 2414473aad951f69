"""A .dfm of anybody at work, on onnxruntime."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Decoded
from faceswap.swap.exchange.dfm_graph import FACE, OUTPUTS, about, check_dfm
from faceswap.swap.exchange.whole_face import Window, whole_face_in_view
from faceswap.swap.inference.onnx_graph import parse
from faceswap.swap.inference.onnx_model import open_session, read_onnx
from faceswap.utils.errors import UserError


@dataclass(frozen=True, eq=False)
class DfmSwapper:
    """A .dfm, ready to swap; it draws one face.

    `coverage` is above 1: a whole face reaches a little beyond the stored crop, and views are cut from the frame.
    `about` is what one of our own files says of itself, `sha256` the file's checksum.
    """

    session: Any
    window: Window
    coverage: float
    name: str
    sha256: str
    about: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> DfmSwapper:
        """Raises UserError for a file that is missing, damaged or no .dfm, or could do anything but draw.

        `device`: cpu, cuda or cuda:N; auto takes a GPU that torch and the installed onnxruntime both see.
        """
        data = read_onnx(path, "dfm= is a .dfm file of DeepFaceLive, DeepFaceLab or faceswap.export format=dfm")
        try:
            model = parse(data)
            side_px, known = check_dfm(model), about(model)
        except ValueError as error:
            raise UserError(f"{path} cannot be used: {error}") from error
        del model  # as large as the file
        window, coverage = whole_face_in_view(side_px)
        sha256 = hashlib.sha256(data).hexdigest()
        return cls(open_session(path, data, device), window, coverage, path.name, sha256, known)

    @property
    def resolution(self) -> int:
        """Side of the views and of what comes back, px."""
        return self.window.outer_px

    @property
    def description(self) -> dict[str, Any]:
        """For the result's metadata."""
        details = {key: self.about[key] for key in ("iteration", "run") if self.about.get(key)}
        return {"model": self.name, **details, "sha256": self.sha256}

    def swap(self, views: NDArray[np.uint8], to: str = "a") -> Decoded:
        """(N, R, R, 3) uint8 RGB views of one face -> the same expressions on the face that the file draws.

        The mask is where both the filmed and the drawn face are. Raises ValueError for views of another shape.
        """
        expected = (self.resolution, self.resolution, 3)
        if views.dtype != np.uint8 or views.ndim != 4 or views.shape[1:] != expected:
            raise ValueError(f"views must be (N, *{expected}) uint8, not {views.shape} {views.dtype}")
        if to != "a":
            raise ValueError(f"this file draws one face, a, not {to}")
        rows, columns = (slice(low, low + self.window.inner_px) for low in (self.window.top, self.window.left))
        images = views.astype(np.float32) / np.float32(255)
        masks = np.zeros(images.shape[:3], np.float32)
        for image, mask in zip(images, masks, strict=True):  # some files take one face at a time
            faces = np.ascontiguousarray(image[None, rows, columns, ::-1])
            filmed_mask, drawn, drawn_mask = self.session.run(list(OUTPUTS), {FACE: faces})
            image[rows, columns] = _in_unit_range(drawn[0, ..., ::-1])
            mask[rows, columns] = np.minimum(*(_in_unit_range(one[0, ..., 0]) for one in (filmed_mask, drawn_mask)))
        return Decoded(images, masks)


def _in_unit_range(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values cut to [0, 1]; infinity is no white, but becomes NaN, which `Decoded` refuses."""
    return np.where(np.isfinite(values), np.clip(values, 0, 1), np.float32(np.nan))
