"""The Inception network of published FIDs, for weights that the user provides.

Inception v3 (Szegedy et al. 2016) in the form that TensorFlow published in 2015; names and shapes are those of the file
pt_inception-2015-12-05-6726825d.pth of the package pytorch-fid, which is the one to use. Its licence is Apache-2.0; at
96 MB it does not travel with this project.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.limits import FOREIGN_NETWORK_BYTES
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.torch_files import read_torch_tensors

SIDE_PX, SIZE = 299, 2048


class Conv(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int | tuple[int, int], stride: Any = 1, padding: Any = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=0.001)

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(features)), inplace=True)


class Mixed(nn.Module):
    """Branches side by side. `paths`: of each branch the layers' names; a name in brackets forks the end of a path."""

    def __init__(self, layers: dict[str, Conv], paths: list[list], pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self._paths, self._pool = paths, pool

    def forward(self, features: Tensor) -> Tensor:
        results = []
        for path in self._paths:
            now = features
            for step in path:
                if step == "pool":
                    now = self._pool(now)
                elif isinstance(step, tuple):
                    now = torch.cat([getattr(self, name)(now) for name in step], 1)
                else:
                    now = getattr(self, step)(now)
            results.append(now)
        return torch.cat(results, 1)


def _mean(features: Tensor) -> Tensor:
    return functional.avg_pool2d(features, 3, 1, 1, count_include_pad=False)


def _most(features: Tensor) -> Tensor:
    return functional.max_pool2d(features, 3, 1, 1)


def _half(features: Tensor) -> Tensor:
    return functional.max_pool2d(features, 3, 2)


def _a(channels: int, pooled: int) -> Mixed:
    layers = {
        "branch1x1": Conv(channels, 64, 1),
        "branch5x5_1": Conv(channels, 48, 1),
        "branch5x5_2": Conv(48, 64, 5, padding=2),
        "branch3x3dbl_1": Conv(channels, 64, 1),
        "branch3x3dbl_2": Conv(64, 96, 3, padding=1),
        "branch3x3dbl_3": Conv(96, 96, 3, padding=1),
        "branch_pool": Conv(channels, pooled, 1),
    }
    return Mixed(layers, [["branch1x1"], _run("branch5x5", 2), _run("branch3x3dbl", 3), ["pool", "branch_pool"]], _mean)


def _b(channels: int) -> Mixed:
    layers = {
        "branch3x3": Conv(channels, 384, 3, 2),
        "branch3x3dbl_1": Conv(channels, 64, 1),
        "branch3x3dbl_2": Conv(64, 96, 3, padding=1),
        "branch3x3dbl_3": Conv(96, 96, 3, 2),
    }
    return Mixed(layers, [["branch3x3"], _run("branch3x3dbl", 3), ["pool"]], _half)


def _c(channels: int, inner: int) -> Mixed:
    row, column = {"kernel": (1, 7), "padding": (0, 3)}, {"kernel": (7, 1), "padding": (3, 0)}
    layers = {
        "branch1x1": Conv(channels, 192, 1),
        "branch7x7_1": Conv(channels, inner, 1),
        "branch7x7_2": Conv(inner, inner, **row),
        "branch7x7_3": Conv(inner, 192, **column),
        "branch7x7dbl_1": Conv(channels, inner, 1),
        "branch7x7dbl_2": Conv(inner, inner, **column),
        "branch7x7dbl_3": Conv(inner, inner, **row),
        "branch7x7dbl_4": Conv(inner, inner, **column),
        "branch7x7dbl_5": Conv(inner, 192, **row),
        "branch_pool": Conv(channels, 192, 1),
    }
    return Mixed(layers, [["branch1x1"], _run("branch7x7", 3), _run("branch7x7dbl", 5), ["pool", "branch_pool"]], _mean)


def _d(channels: int) -> Mixed:
    layers = {
        "branch3x3_1": Conv(channels, 192, 1),
        "branch3x3_2": Conv(192, 320, 3, 2),
        "branch7x7x3_1": Conv(channels, 192, 1),
        "branch7x7x3_2": Conv(192, 192, (1, 7), padding=(0, 3)),
        "branch7x7x3_3": Conv(192, 192, (7, 1), padding=(3, 0)),
        "branch7x7x3_4": Conv(192, 192, 3, 2),
    }
    return Mixed(layers, [_run("branch3x3", 2), _run("branch7x7x3", 4), ["pool"]], _half)


def _e(channels: int, pool: Callable[[Tensor], Tensor]) -> Mixed:
    row, column = {"kernel": (1, 3), "padding": (0, 1)}, {"kernel": (3, 1), "padding": (1, 0)}
    layers = {
        "branch1x1": Conv(channels, 320, 1),
        "branch3x3_1": Conv(channels, 384, 1),
        "branch3x3_2a": Conv(384, 384, **row),
        "branch3x3_2b": Conv(384, 384, **column),
        "branch3x3dbl_1": Conv(channels, 448, 1),
        "branch3x3dbl_2": Conv(448, 384, 3, padding=1),
        "branch3x3dbl_3a": Conv(384, 384, **row),
        "branch3x3dbl_3b": Conv(384, 384, **column),
        "branch_pool": Conv(channels, 192, 1),
    }
    short, long = ("branch3x3_2a", "branch3x3_2b"), ("branch3x3dbl_3a", "branch3x3dbl_3b")
    paths: list[list] = [
        ["branch1x1"],
        ["branch3x3_1", short],
        [*_run("branch3x3dbl", 2), long],
        ["pool", "branch_pool"],
    ]
    return Mixed(layers, paths, pool)


def _run(name: str, count: int) -> list[str]:
    return [f"{name}_{number}" for number in range(1, count + 1)]


class Inception(nn.Module):
    """(N, 3, R, R) about [-1, 1] -> (N, 2048)."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3, self.Conv2d_2a_3x3 = Conv(3, 32, 3, 2), Conv(32, 32, 3)
        self.Conv2d_2b_3x3, self.Conv2d_3b_1x1 = Conv(32, 64, 3, padding=1), Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = Conv(80, 192, 3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _a(192, 32), _a(256, 64), _a(288, 64)
        self.Mixed_6a = _b(288)
        self.Mixed_6b, self.Mixed_6c = _c(768, 128), _c(768, 160)
        self.Mixed_6d, self.Mixed_6e = _c(768, 160), _c(768, 192)
        self.Mixed_7a = _d(768)
        self.Mixed_7b, self.Mixed_7c = _e(1280, _mean), _e(2048, _most)

    def forward(self, images: Tensor) -> Tensor:
        size = (SIDE_PX, SIDE_PX)
        features = functional.interpolate(images.float().clamp(-1, 1), size, mode="bilinear", align_corners=False)
        for name, layer in self.named_children():
            features = layer(features)
            if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
                features = _half(features)
        return features.mean((2, 3))


def inception_features(path: str, device: str = "auto") -> Callable[[Tensor], Tensor]:
    """Return the features of the network in a file.

    Raises:
        UserError: It is another one.
    """
    place = choose_device(device)
    try:
        if Path(path).stat().st_size > FOREIGN_NETWORK_BYTES:
            raise ValueError("too large")
        tensors = read_torch_tensors(Path(path))
        network = Inception()
        wanted = [name for name in network.state_dict() if not name.endswith("num_batches_tracked")]
        network.load_state_dict({name: tensors[name] for name in wanted}, strict=False)
    except (OSError, ValueError, LookupError, RuntimeError) as error:
        pass_on_out_of_memory(error)
        told = look_mistaken(path) or type(error).__name__
        raise UserError(
            f"inception={path} holds no Inception weights ({told}): accepted is "
            "pt_inception-2015-12-05-6726825d.pth of the package pytorch-fid"
        ) from error
    network = network.eval().requires_grad_(False).to(place)
    return lambda images: network(images.to(place))
