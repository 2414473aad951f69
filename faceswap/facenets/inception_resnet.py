"""Face embeddings with public weights: Inception-ResNet-v1 of facenet-pytorch (Szegedy et al. 2016).

Those weights (20180402-114759-vggface2.pt, 20180408-102900-casia-webface.pt) saw millions of pictures of real people.
They are not shipped here: their data sets' terms are their own. Parts have the names that the state dict gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.values import EMBEDDING_SIZE
from faceswap.facenets.views import ViewReader
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError
from faceswap.utils.numbers import can_be_weights
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.torch_files import read_torch_tensors

RESOLUTION_PX = 160
COVERAGE = 0.68  # about the boxes, from hairline to chin, that its weights were trained on
SIZE = 512  # numbers in a vector, of which EMBEDDING_SIZE are kept
Branches = Sequence[Sequence[tuple]]  # each a row of convolutions, given by their arguments
UNUSED = "logits."  # names of the people it was trained on


class BasicConv2d(nn.Module):
    """Convolution -> batch norm -> ReLU; the padding keeps the side, `padded` False lets it shrink."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int | tuple[int, int], stride: int = 1, padded: bool = True
    ) -> None:
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (height // 2, width // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(channels_in, channels_out, (height, width), stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=0.001)

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(features)))


def _row(*layers: tuple) -> nn.Module:
    """Build one convolution, or several in a row."""
    made = [BasicConv2d(*layer) for layer in layers]
    return made[0] if len(made) == 1 else nn.Sequential(*made)


class Shortcut(nn.Module):
    """Branches side by side, mixed by a 1x1 convolution and added to what came in, `scale` times."""

    def __init__(self, channels: int, branches: Branches, scale: float, rectified: bool = True) -> None:
        super().__init__()
        for number, layers in enumerate(branches):
            setattr(self, f"branch{number}", _row(*layers))
        self.conv2d = nn.Conv2d(sum(layers[-1][1] for layers in branches), channels, 1)
        self.count, self.scale, self.rectified = len(branches), scale, rectified

    def forward(self, features: Tensor) -> Tensor:
        mixed = self.conv2d(torch.cat([getattr(self, f"branch{n}")(features) for n in range(self.count)], 1))
        out = features + self.scale * mixed
        return functional.relu(out) if self.rectified else out


class Reduction(nn.Module):
    """Branches side by side that halve the side, the last one by pooling."""

    def __init__(self, branches: Branches) -> None:
        super().__init__()
        for number, layers in enumerate(branches):
            setattr(self, f"branch{number}", _row(*layers))
        self.count = len(branches)

    def forward(self, features: Tensor) -> Tensor:
        pooled = functional.max_pool2d(features, 3, stride=2)
        return torch.cat([*(getattr(self, f"branch{n}")(features) for n in range(self.count)), pooled], 1)


class InceptionResnetV1(nn.Module):
    """(N, 3, 160, 160), (RGB - 127.5) / 128 -> (N, 512), not yet of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d_1a = BasicConv2d(3, 32, 3, 2, False)
        self.conv2d_2a = BasicConv2d(32, 32, 3, 1, False)
        self.conv2d_2b = BasicConv2d(32, 64, 3)
        self.conv2d_3b = BasicConv2d(64, 80, 1)
        self.conv2d_4a = BasicConv2d(80, 192, 3, 1, False)
        self.conv2d_4b = BasicConv2d(192, 256, 3, 2, False)
        wide: Branches = [[(256, 32, 1)], [(256, 32, 1), (32, 32, 3)], [(256, 32, 1), (32, 32, 3), (32, 32, 3)]]
        self.repeat_1 = nn.Sequential(*(Shortcut(256, wide, 0.17) for _ in range(5)))
        self.mixed_6a = Reduction([[(256, 384, 3, 2, False)], [(256, 192, 1), (192, 192, 3), (192, 256, 3, 2, False)]])
        middle: Branches = [[(896, 128, 1)], [(896, 128, 1), (128, 128, (1, 7)), (128, 128, (7, 1))]]
        self.repeat_2 = nn.Sequential(*(Shortcut(896, middle, 0.10) for _ in range(10)))
        self.mixed_7a = Reduction(
            [
                [(896, 256, 1), (256, 384, 3, 2, False)],
                [(896, 256, 1), (256, 256, 3, 2, False)],
                [(896, 256, 1), (256, 256, 3), (256, 256, 3, 2, False)],
            ]
        )
        deep: Branches = [[(1792, 192, 1)], [(1792, 192, 1), (192, 192, (1, 3)), (192, 192, (3, 1))]]
        self.repeat_3 = nn.Sequential(*(Shortcut(1792, deep, 0.20) for _ in range(5)))
        self.block8 = Shortcut(1792, deep, 1.0, rectified=False)
        self.last_linear = nn.Linear(1792, SIZE, bias=False)
        self.last_bn = nn.BatchNorm1d(SIZE, eps=0.001)

    def forward(self, images: Tensor) -> Tensor:
        features = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(images)))
        features = self.conv2d_3b(functional.max_pool2d(features, 3, stride=2))
        features = self.repeat_1(self.conv2d_4b(self.conv2d_4a(features)))
        features = self.repeat_2(self.mixed_6a(features))
        features = self.block8(self.repeat_3(self.mixed_7a(features)))
        return self.last_bn(self.last_linear(features.mean((2, 3))))


class _FromUnitRange(nn.Module):
    """The network behind inputs in [-1, 1], as `to_signed_range` gives them: its own are (RGB - 127.5) / 128."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images * (127.5 / 128))


class PublicEmbedder(ViewReader):
    """As `FaceEmbedder`, with facenet-pytorch's weights in the file `weights` (.pt or .safetensors).

    Vectors are projected to the 128 numbers that face sets hold, which changes a likeness by some 0.05. Raises
    UserError when the file does not hold such weights.
    """

    size = EMBEDDING_SIZE

    def __init__(self, weights: str | Path, device: str = "auto") -> None:
        place = choose_device(device)
        network = load_weights(Path(weights)).to(place).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(
            "inception_resnet", InceptionResnetV1, COVERAGE, RESOLUTION_PX, device, _FromUnitRange(network)
        )
        self._place = place
        self._weights = Path(weights).name

    @property
    def description(self) -> str:
        """Names the weights: vectors of other weights cannot be compared with theirs."""
        return f"facenet-pytorch {self._weights}"

    def embed(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return unit vectors (n, 128) float32 of n faces; see `FaceEmbedder.embed`."""
        views, _ = self.cut(images, points)
        vectors = self.answers(views, lambda values: functional.normalize(values, dim=1)) @ projection()
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@cache
def projection() -> NDArray[np.float32]:
    """Return (512, 128) with orthonormal columns, always the same.

    It nearly keeps angles (Johnson and Lindenstrauss 1984).
    """
    gaussian = np.random.RandomState(0).standard_normal((SIZE, EMBEDDING_SIZE))
    columns, triangle = np.linalg.qr(gaussian)
    return np.asarray(columns * np.sign(np.diag(triangle)), np.float32)  # qr's signs depend on the library


def load_weights(path: Path) -> InceptionResnetV1:
    """Return the network with the state dict in `path`, read without running code. Raises UserError."""
    if not path.is_file():
        raise UserError(f"embedder weights {path}: there is no such file; name facenet-pytorch's .pt or a .safetensors")
    network = InceptionResnetV1().eval().requires_grad_(False)
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = read_torch_tensors(path)
        network.load_state_dict({name: tensor for name, tensor in state.items() if not name.startswith(UNUSED)})
    except (
        RuntimeError,
        ValueError,
        AttributeError,
        TypeError,
        LookupError,
        EOFError,
        OSError,
        SafetensorError,
    ) as error:
        raise UserError(
            f"embedder weights {path} are not those of facenet-pytorch's InceptionResnetV1 "
            f"({look_mistaken(path) or type(error).__name__})"
        ) from error
    if not all(can_be_weights(weight.numpy()) for weight in network.state_dict().values()):
        raise UserError(f"embedder weights {path} hold impossible numbers: get them again from where they come")
    return network
