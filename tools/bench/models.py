"""What each model costs, counted and not timed: parameters, multiplications, memory of a training step."""

from __future__ import annotations

import argparse
import json
from typing import Any

MODELS: dict[str, tuple[str, dict[str, float]]] = {
    "original": ("original", {}),
    "lite": ("lite", {}),
    "vae": ("lite", {"beta": 0.1}),
    "df_96": (
        "df",
        {"resolution": 96, "ae_dims": 128, "e_dims": 32, "d_dims": 32, "d_mask_dims": 12, "coverage": 0.7},
    ),
    "df_128": ("df", {"resolution": 128}),
    "liae_128": ("liae", {"resolution": 128}),
    "df_256": ("df", {"resolution": 256}),
    "liae_256": ("liae", {"resolution": 256}),
}
BATCH = 8
BYTES_A_WEIGHT = 4 * 4  # fp32: weight, gradient, Adam's two moments
MIB = 2**20


def main(argv: list[str]) -> dict:
    """Print a row a model as JSON: nothing is computed, shapes alone pass through (torch's meta device).

    `weights_mib`: weights, gradients and Adam's moments in fp32. `kept_mib`: what a step of `--batch` faces a side
    keeps for the way back, fp32, without the loss. `swap_gmac`: encoder and one decoder, one face; `step_gmac`:
    forwards and backwards, one face of each side (backwards counted as twice forwards).
    """
    parser = argparse.ArgumentParser(prog="models", description=__doc__)
    parser.add_argument("--batch", type=int, default=BATCH)
    options = parser.parse_args(argv)
    result = {name: _row(*MODELS[name], options.batch) for name in MODELS}
    print(json.dumps(result, indent=2))
    return result


def _row(name: str, settings: dict[str, float], batch: int) -> dict[str, Any]:
    import torch

    from faceswap.swap.models.registry import MODELS as KINDS

    with torch.device("meta"):
        model = KINDS[name](**settings)
        one, several = (torch.zeros(count, 3, model.resolution, model.resolution) for count in (1, batch))
        return {
            "resolution": model.resolution,
            "parameters": model.parameter_count(),
            "weights_mib": round(model.parameter_count() * BYTES_A_WEIGHT / MIB),
            "kept_mib": round(_kept_bytes(model, several) / MIB),
            "swap_gmac": round(_macs(model, lambda: model.decode(model.encode(one), "a")) / 1e9, 2),
            "step_gmac": round(3 * _macs(model, lambda: model(one, one)) / 1e9, 2),
        }


def _macs(model: Any, call: Any) -> int:
    """Return multiplications of the convolutions and dense layers in a call."""
    from torch import nn

    counted = []

    def count(module: Any, inputs: Any, output: Any) -> None:
        if isinstance(module, nn.Conv2d):
            counted.append(output.numel() * module.weight[0].numel())
        elif isinstance(module, nn.Linear):
            counted.append(len(output) * module.weight.numel())

    hooks = [module.register_forward_hook(count) for module in model.modules()]
    call()
    for hook in hooks:
        hook.remove()
    return sum(counted)


def _kept_bytes(model: Any, images: Any) -> int:
    """Return bytes of what autograd keeps of a forward pass, each storage once, without the weights."""
    import torch

    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        drawn = model(images, images)
    weights = {parameter.untyped_storage()._cdata for parameter in model.parameters()}
    assert drawn
    return sum(storage.nbytes() for key, storage in kept.items() if key not in weights)
