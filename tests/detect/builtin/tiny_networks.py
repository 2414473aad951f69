"""Built-in networks that load as the shipped ones do, see faces where there may be none, and take kilobytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from faceswap.core.geometry import transform_points
from faceswap.core.landmarks import MEAN_FACE
from faceswap.facenets.detector_net import DetectorNet
from faceswap.facenets.embedder import EmbedderNet
from faceswap.facenets.landmark_net import LandmarkNet
from faceswap.facenets.windows import window_of_points
from faceswap.utils.files.pretrained import save_pretrained

ONES = (1, 1, 1, 1)
NONE = (0, 0, 0, 0)


def write_networks(folder: Path, seed: int = 0, faces: bool = True) -> Path:
    """A detector that sees a large face at the brightest place of a picture, a reader that always reads a mean face
    there, an embedder of random features. With `faces` False the reader doubts that it is one."""
    torch.manual_seed(seed)
    detector, reader = DetectorNet((4, 4, 4, 4, 4), (0, 0, 0)), LandmarkNet(32, (4, 4, 4, 4), NONE, 4, 2)
    embedder = EmbedderNet(widths=(4, 8, 8, 8), residuals=NONE, last=4)
    with torch.no_grad():
        for network in (detector, reader, embedder):
            for parameter in network.parameters():
                parameter.copy_(parameter.half().float())  # as it is on disk
        detector.head.bias[0], detector.head.bias[5] = 2.0, 1.0  # sure, and upright
        detector.head.bias[1:5] = 2.0  # e^2 cells of 8 px to each side
        reader.head.weight.zero_()
        reader.head.bias.zero_()
        reader.head.bias[:136] = torch.from_numpy(_mean_in_window().reshape(-1))
        reader.head.bias[2 * reader.points : 3 * reader.points] = -5.0  # points known well
        reader.head.bias[-1] = 3.0 if faces else -3.0
        reader.head.bias[-69:-1] = 2.0  # all is visible
    for name, network in {"detector": detector, "landmarks": reader, "embedder": embedder}.items():
        save_pretrained(folder, name, _arrays(network), network.settings)  # type: ignore[arg-type]
    return folder


def _mean_in_window() -> np.ndarray:
    """The mean face where a window around it has it, in halves of the window from its centre."""
    points = MEAN_FACE[:, :2] * 100
    return transform_points(window_of_points(points, 2), points) - 0.5


def _arrays(network: nn.Module) -> dict[str, np.ndarray]:
    state = network.state_dict().items()
    return {name: tensor.numpy() for name, tensor in state if not name.endswith("num_batches_tracked")}
