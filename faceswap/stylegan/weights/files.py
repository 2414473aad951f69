"""Loading and saving of generators and encoders: our safetensors and the layouts of other programs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.stylegan.weights.layouts import (
    UnsupportedWeights,
    checked,
    settings_of,
    shapes_of,
    to_nvidia,
    to_rosinality,
)
from faceswap.stylegan.weights.published import Published, read_published
from faceswap.stylegan.weights.torch_writing import write_torch_file
from faceswap.utils.choices import Layout
from faceswap.utils.errors import UserError, pass_on_out_of_memory
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import load_pretrained
from faceswap.utils.files.tensor_files import DamagedCheckpoint, read_tensor_file, save_tensors
from faceswap.utils.limits import ACTIVATION_CLAMP, LAYER_WIDTH, MAPPING_LAYERS
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.pickle_interpreter import PickleError
from faceswap.utils.untrusted.reading import parse_json

log = logging.getLogger(__name__)

SHIPPED_GENERATOR = "stylegan-people-128"
SHIPPED_ENCODER = "stylegan-people-128-encoder"
SUFFIXES = (".safetensors", ".pkl", ".pt", ".pth")
AVERAGED = 10_000  # codes whose mean stands in for an average that a file lacks
_DAMAGED = (SafetensorError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RuntimeError)
ModuleT = TypeVar("ModuleT", bound=nn.Module)


def load_generator(source: str | Path | None = None) -> Generator:
    """Return the generator in a file (None.

    The shipped one), float32, on the CPU, ready to be used: nothing in it learns.

    Ours (.safetensors) and the published ones (see published.py).

    Raises:
        UserError: The file is missing, damaged, hostile or holds something else.
    """
    if source is None:
        arrays, texts = load_pretrained(SHIPPED_GENERATOR)
        return _built(_ours({name: torch.from_numpy(array) for name, array in arrays.items()}, texts))
    path = _existing(source)
    try:
        found = _ours(*_read(path)) if path.suffix.lower() == ".safetensors" else read_published(path)
        generator = _built(found)
    except (PickleError, UnsupportedWeights) as error:
        raise UserError(f"cannot use the weights {path}: {error}") from error
    except _DAMAGED as error:
        pass_on_out_of_memory(error)
        raise UserError(f"cannot use the weights {path}: it is damaged ({type(error).__name__})") from error
    if not _draws(generator):
        raise UserError(f"cannot use the weights {path}: what they draw is no picture; they are damaged")
    for note in found.notes:
        log.info("%s: %s", path.name, note)
    return generator


def save_generator(
    generator: Generator, path: str | Path, about: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> Path:
    """Write a generator as safetensors, atomically; `about` (JSON) says where it comes from."""
    return _save(generator, path, about, dtype)


def check_suffix(path: Path, layout: Layout) -> None:
    """Raise UserError when a layout is not written into files of that suffix."""
    wanted = ".safetensors" if layout == "ours" else ".pt"
    if path.suffix.lower() != wanted:
        raise UserError(
            f"{path}: weights in the layout '{layout}' are written as {wanted}; name it {path.stem}{wanted}"
        )


def write_as(generator: Generator, path: Path, layout: Layout, about: Mapping[str, Any]) -> Path:
    """Write a generator for our programs (.safetensors), NVIDIA's or rosinality's (.pt, a file of torch's)."""
    check_suffix(path, layout)
    if layout == "ours":
        return save_generator(generator, path, about)
    if layout == "rosinality" and generator.settings["clamp"] is not None:
        log.warning(
            "the clamp at %s has no place in rosinality's layout: pictures differ if it ever cuts",
            generator.settings["clamp"],
        )
    content = to_rosinality(generator) if layout == "rosinality" else {"G_ema": to_nvidia(generator)}
    write_torch_file(content, path)
    return path


def load_encoder(source: str | Path | None = None) -> Any:
    """Return the encoder in a file of ours (None: the shipped one), as `load_generator` does."""
    from faceswap.stylegan.networks.encoder import Encoder

    if source is None:
        arrays, texts = load_pretrained(SHIPPED_ENCODER)
        tensors, name = {key: torch.from_numpy(array) for key, array in arrays.items()}, SHIPPED_ENCODER
    else:
        path = _existing(source)
        name = str(path)
    try:
        if source is not None:
            tensors, texts = _read(path)
        settings = parse_json(texts["settings"])
        _check_sizes(settings)
        with torch.device("meta"):  # takes no memory: a header can ask for more than the file holds
            encoder = Encoder(**settings)
        for key, weight in encoder.state_dict().items():  # whole numbers, assigned, would stay such
            if weight.is_floating_point() and not tensors[key].is_floating_point():
                raise UnsupportedWeights(f"{key} does not hold floating-point numbers")
        encoder.load_state_dict(tensors, assign=True)
    except UnsupportedWeights as error:
        raise UserError(f"cannot use the weights {name}: {error}") from error
    except _DAMAGED as error:
        pass_on_out_of_memory(error)
        raise UserError(f"cannot use the weights {name}: they are no encoder of this program") from error
    encoder = _ready(encoder)
    with torch.no_grad():
        seen = encoder(torch.zeros(1, 3, encoder.resolution, encoder.resolution))
    if not seen.isfinite().all():
        raise UserError(f"cannot use the weights {name}: what they say of a picture is no number; they are damaged")
    return encoder


def save_encoder(
    encoder: nn.Module, path: str | Path, about: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> Path:
    """Write an encoder as `save_generator` does."""
    return _save(encoder, path, about, dtype)


def generator_hash(generator: nn.Module) -> str:
    """Return sha256 over the sorted names, shapes and float32 bytes of all weights.

    Directions belong to one generator.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _save(module: Any, path: str | Path, about: Mapping[str, Any], dtype: torch.dtype) -> Path:
    tensors = {name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in module.state_dict().items()}
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError(f"the weights for {path} are not finite as {dtype}")
    header = {"settings": json.dumps(module.settings), "about": json.dumps(dict(about))}
    with atomic_path(path) as temp:
        save_tensors(tensors, temp, header)
    return Path(path)


def _existing(source: str | Path) -> Path:
    path = Path(source)
    if not path.is_file():
        raise UserError(f"there are no weights {path}: name a file ({', '.join(SUFFIXES)})")
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} is no weights file: accepted are {', '.join(SUFFIXES)}")
    return path


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return tensors and texts of a safetensors file. Raises UnsupportedWeights for a file of another kind."""
    if told := look_mistaken(path):
        raise UnsupportedWeights(told)
    try:
        return read_tensor_file(path)
    except DamagedCheckpoint as error:
        raise UnsupportedWeights(f"it is damaged: {error}") from error


def _ours(tensors: dict[str, Tensor], texts: Mapping[str, str]) -> Published:
    """Return a generator of our layout; its sizes are those of the tensors, so that no header can ask for more."""
    tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith("resample_filter")}
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    settings = settings_of(shapes)
    checked(shapes, expected := shapes_of(settings))
    clamp = parse_json(texts.get("settings", "{}")).get("clamp")
    if not (clamp is None or (isinstance(clamp, int | float) and 0 < clamp < ACTIVATION_CLAMP)):
        raise UnsupportedWeights("it clamps at no number")
    if not all(tensor.is_floating_point() and tensor.isfinite().all() for tensor in tensors.values()):
        raise UnsupportedWeights("its weights are not all finite")
    return Published("ours", settings | {"clamp": clamp}, {name: tensors[name] for name in expected})


@torch.no_grad()
def _built(found: Published) -> Generator:
    generator = Generator(**found.settings)
    generator.load_state_dict(found.tensors)
    if not found.average_known:
        average = generator.mapping(draw_z(range(AVERAGED), generator.z_size)).mean(0)
        generator.average.copy_(average)
        found.notes.append(f"it does not tell the average of w: the mean of {AVERAGED:,} codes stands in")
    return _ready(generator)


@torch.no_grad()
def _draws(generator: Generator) -> bool:
    """Return whether a face is drawn in numbers: weights may be finite, and what comes of them not."""
    return bool(generator(draw_z([0], generator.z_size), psi=0.7).isfinite().all())


def _ready(module: ModuleT) -> ModuleT:
    return module.float().eval().requires_grad_(False)


def _check_sizes(settings: Mapping[str, Any]) -> None:
    """Raise ValueError for settings that are no sizes, or beyond all reason."""
    for value in settings.values():
        numbers = value if isinstance(value, list) else [value]
        if len(numbers) > 32 or not all(type(number) is int and 0 < number <= LAYER_WIDTH for number in numbers):
            raise ValueError("sizes beyond all reason")
    if settings.get("mapping_layers", 0) > MAPPING_LAYERS:
        raise ValueError("layers beyond all reason")
