"""A trained swap as DeepFaceLive and facefusion read it: a .dfm, an ONNX file with agreed inputs and outputs.

They cut a face as DeepFaceLab's "whole face" and give it as (N, S, S, 3) BGR in [0, 1]. What our model sees of it is a
window of the same pixels, which the graph cuts out and puts back: nothing is resampled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.geometry import mean_face_in_crop, transform_points, view_of_crop
from faceswap.swap.exchange.dfm_graph import ABOUT, CELEB, CELEB_MASK, FACE, FACE_MASK
from faceswap.swap.exchange.whole_face import Window, view_in_whole_face
from faceswap.swap.inference.export import load_exportable, traced_network, write_tried
from faceswap.swap.inference.onnx_graph import optional_package
from faceswap.swap.models.layers import SwapModel
from faceswap.utils.choices import Side
from faceswap.utils.files.checksums import sha256_of

OPSET = 12  # DeepFaceLab's own files have it: whatever reads those reads ours
_NOTICE = "What this model draws is made with AI: say so wherever it is shown."
_SIDES: dict[Side, Side] = {"a": "b", "b": "a"}
_SOFT_SHARE = 0.04  # of a view's side: how softly a mask ends that no model has learned


def export_dfm(
    weights: Path,
    out: Path,
    *,
    side: Side = "a",
    run: str = "",
    faces: tuple[str, str] | None = None,
    consent: Mapping[str, str] | None = None,
) -> Path:
    """Writes the swap to `side` of a weights file as a .dfm; the file appears when it was tried and draws the same.

    `in_face:0` (N, S, S, 3) BGR in [0, 1], a whole face -> `out_face_mask:0` (N, S, S, 1), where the filmed face is,
    `out_celeb_face:0` (N, S, S, 3), the drawn face within the filmed picture, and `out_celeb_face_mask:0` (N, S, S, 1),
    where the drawn face is; for any N. `run`, names of the `faces` of A and B and `consent` go into its metadata.
    Raises UserError as `export_onnx`.
    """
    model, description = load_exportable(weights)
    window = view_in_whole_face(model.resolution, model.coverage)
    network = WholeFace(model, side, window).eval()
    pictures = torch.rand(2, window.outer_px, window.outer_px, 3)
    made = traced_network(network, pictures, [FACE], [FACE_MASK, CELEB, CELEB_MASK], OPSET)
    for value in made.graph.output:
        for place, size in enumerate((window.outer_px, window.outer_px, 3 if value.name == CELEB else 1), 1):
            value.type.tensor_type.shape.dim[place].dim_value = size
    about = {
        "notice": _NOTICE,
        "model": description["model"],
        "iteration": description.get("iteration"),
        "run": run,
        "side": side,
        "faces": dict(zip("ab", faces, strict=True)) if faces else None,
        "consent": dict(consent or {}),
        "face_type": "whole_face",
        "checkpoint_sha256": sha256_of(weights),
    }
    made.metadata_props.add(key=ABOUT, value=json.dumps(about))
    return write_tried(made, out, weights, lambda file: _difference(file, network))


class WholeFace(nn.Module):
    """One direction of a model, from whole face to whole face."""

    inside: Tensor
    hull: Tensor

    def __init__(self, model: SwapModel, side: Side, window: Window) -> None:
        super().__init__()
        self.model, self.side, self.window = model, side, window
        right, below = (window.outer_px - window.inner_px - low for low in (window.left, window.top))
        self.margins = (window.left, right, window.top, below)
        shown = torch.ones(1, 1, window.inner_px, window.inner_px)
        self.register_buffer("inside", functional.pad(shown, self.margins))
        self.register_buffer("hull", torch.from_numpy(_hull(model.resolution, model.coverage))[None, None])

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, S, S, 3) BGR -> the filmed face's mask, the drawn face, its mask."""
        whole = pictures[..., [2, 1, 0]].permute(0, 3, 1, 2)
        rows, columns = (slice(low, low + self.window.inner_px) for low in (self.window.top, self.window.left))
        code = self.model.encode(whole[:, :, rows, columns])
        drawn, mask = self.model.decode(code, self.side)
        filmed_mask = self.model.decode_mask(code, _SIDES[self.side])
        if mask is None or filmed_mask is None:
            mask = filmed_mask = self.hull + 0 * drawn[:, :1]
        celeb = functional.pad(drawn, self.margins) + whole * (1 - self.inside)
        face_mask, celeb_mask = (functional.pad(one, self.margins) for one in (filmed_mask, mask))
        return (
            face_mask.permute(0, 2, 3, 1),
            celeb.permute(0, 2, 3, 1)[..., [2, 1, 0]],
            celeb_mask.permute(0, 2, 3, 1),
        )


def _hull(resolution: int, coverage: float) -> NDArray[np.float32]:
    """The mean face's outline in a view (R, R), soft at its edge: the mask of a model that has learned none."""
    size_px = 256  # of any crop: the view of it is always the same
    points = transform_points(view_of_crop(size_px, coverage, resolution), mean_face_in_crop(size_px))
    mask = np.zeros((resolution, resolution), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.round().astype(np.int32)), 1.0)
    return cv2.GaussianBlur(mask, (0, 0), _SOFT_SHARE * resolution)


def _difference(file: Path, network: WholeFace) -> float:
    """The largest between what the file and the network give of one and of three random pictures; NaN where one is."""
    session = optional_package("onnxruntime").InferenceSession(str(file), providers=["CPUExecutionProvider"])
    largest = [0.0]
    for count in (1, 3):
        side_px = network.window.outer_px
        pictures = np.random.default_rng(count).random((count, side_px, side_px, 3), np.float32)
        with torch.inference_mode():
            wanted = network(torch.from_numpy(pictures))
        for ours, theirs in zip(wanted, session.run(None, {FACE: pictures}), strict=True):
            largest.append(np.abs(ours.numpy() - theirs).max())
    return float(np.max(largest))
