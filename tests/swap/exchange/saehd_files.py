"""SAEHD models as DeepFaceLab writes them, and what they draw, in numpy and TensorFlow's layout throughout."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SIDE, E, AE, D, M = 64, 4, 8, 6, 4  # px and dimensions: e, ae, d, d_mask
Arrays = dict[str, NDArray[Any]]


def saehd(name: str, seed: int = 0) -> dict[str, Arrays]:
    """The weights of a df-ud or liae-ud model by file and layer."""
    rng = np.random.default_rng(seed)
    lowest = SIDE // 32

    def convolutions(sizes: dict[str, tuple[int, int, int]]) -> Arrays:
        made = {}
        for layer, (kernel, before, after) in sizes.items():
            scale = np.sqrt(2 / (kernel * kernel * before))
            made[f"{layer}/weight:0"] = (scale * rng.normal(size=(kernel, kernel, before, after))).astype(np.float32)
            made[f"{layer}/bias:0"] = (0.1 * rng.normal(size=after)).astype(np.float32)
        return made

    def dense(layer: str, before: int, after: int) -> Arrays:
        return {
            f"{layer}/weight:0": (rng.normal(size=(before, after)) / np.sqrt(before)).astype(np.float32),
            f"{layer}/bias:0": (0.1 * rng.normal(size=after)).astype(np.float32),
        }

    def inter(channels: int) -> Arrays:
        return {
            **dense("dense1", 8 * E * (SIDE // 16) ** 2, AE),
            **dense("dense2", AE, lowest * lowest * channels),
            **convolutions({"upscale1/conv1": (3, channels, 4 * channels)}),
        }

    def decoder(channels: int) -> Arrays:
        widths, mask_widths = [channels, 8 * D, 4 * D, 2 * D], [channels, 8 * M, 4 * M, 2 * M, M]
        sizes = {}
        for step in range(3):
            sizes[f"upscale{step}/conv1"] = (3, widths[step], 4 * widths[step + 1])
            for conv in ("conv1", "conv2"):
                sizes[f"res{step}/{conv}"] = (3, widths[step + 1], widths[step + 1])
        for step in range(4):
            sizes[f"upscalem{step}/conv1"] = (3, mask_widths[step], 4 * mask_widths[step + 1])
            sizes[f"out_conv{step or ''}"] = (3 if step else 1, 2 * D, 3)
        return convolutions(sizes | {"out_convm": (1, M, 1)})

    downs = {f"down1/downs_{step}/conv1": (5, 3 if step == 0 else E << (step - 1), E << step) for step in range(4)}
    encoder = {"encoder": convolutions(downs)}
    if name == "df":
        return encoder | {"inter": inter(AE), "decoder_src": decoder(AE), "decoder_dst": decoder(AE)}
    return encoder | {"inter_AB": inter(2 * AE), "inter_B": inter(2 * AE), "decoder": decoder(4 * AE)}


def write_saehd(folder: Path, files: dict[str, Arrays], archi: str | None = "df-ud", face_type: str = "wf") -> Path:
    """Write the files of a model called `new`, of which data.dat is left out without `archi`; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, arrays in files.items():
        (folder / f"new_SAEHD_{name}.npy").write_bytes(pickle.dumps(arrays, 4))
    if archi:
        sample = [np.zeros((2, 8, 8, 3), np.float32)]
        options = {"resolution": SIDE, "archi": archi, "face_type": face_type, "ae_dims": AE}
        data = {"iter": 1234, "options": options, "loss_history": [[0.5, 0.4]], "sample_for_preview": sample}
        (folder / "new_SAEHD_data.dat").write_bytes(pickle.dumps(data, 4))
    return folder


def drawn(files: dict[str, Arrays], bgr: NDArray[Any], side: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """(N, H, W, 3) BGR in [0, 1] -> BGR and mask of src ("a") or dst ("b") drawn from these faces."""
    x = bgr
    for step in range(4):
        x = _leaky(_conv(x, files["encoder"], f"down1/downs_{step}/conv1", stride=2), 0.1)
    x = x.reshape(len(x), -1)
    x = x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-6)
    if "inter" in files:
        return _decode(files["decoder_src" if side == "a" else "decoder_dst"], _inter(files["inter"], x))
    shared = _inter(files["inter_AB"], x)
    own = shared if side == "a" else _inter(files["inter_B"], x)
    return _decode(files["decoder"], np.concatenate([own, shared], -1))


def _inter(arrays: Arrays, x: NDArray[Any]) -> NDArray[Any]:
    for layer in ("dense1", "dense2"):
        x = x @ arrays[f"{layer}/weight:0"] + arrays[f"{layer}/bias:0"]
    return _up(x.reshape(len(x), SIDE // 32, SIDE // 32, -1), arrays, "upscale1")


def _decode(arrays: Arrays, code: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    x = mask = code
    for step in range(3):
        x = _up(x, arrays, f"upscale{step}")
        inner = _conv(_leaky(_conv(x, arrays, f"res{step}/conv1"), 0.2), arrays, f"res{step}/conv2")
        x = _leaky(x + inner, 0.2)
    phases = [_conv(x, arrays, f"out_conv{step or ''}") for step in range(4)]
    for step in range(4):
        mask = _up(mask, arrays, f"upscalem{step}")
    picture = _depth_to_space(np.concatenate(phases, -1))
    return tuple(1 / (1 + np.exp(-part)) for part in (picture, _conv(mask, arrays, "out_convm")))  # type: ignore[return-value]


def _conv(x: NDArray[Any], arrays: Arrays, layer: str, stride: int = 1) -> NDArray[Any]:
    weight = arrays[f"{layer}/weight:0"]
    kernel = weight.shape[0]
    padded = np.pad(x, ((0, 0), *[(kernel // 2, kernel // 2)] * 2, (0, 0)))
    windows = sliding_window_view(padded, (kernel, kernel), (1, 2))[:, ::stride, ::stride]
    return np.einsum("nhwcyx,yxco->nhwo", windows, weight, optimize=True) + arrays[f"{layer}/bias:0"]


def _up(x: NDArray[Any], arrays: Arrays, layer: str) -> NDArray[Any]:
    return _depth_to_space(_leaky(_conv(x, arrays, f"{layer}/conv1"), 0.1))


def _depth_to_space(x: NDArray[Any]) -> NDArray[Any]:
    """As TensorFlow documents it: the channels hold the 2 x 2 pixels first."""
    count, height, width, channels = x.shape
    blocks = x.reshape(count, height, width, 2, 2, channels // 4)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(count, 2 * height, 2 * width, channels // 4)


def _leaky(x: NDArray[Any], slope: float) -> NDArray[Any]:
    return np.where(x > 0, x, slope * x)
