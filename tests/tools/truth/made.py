"""A parser of a few channels for benchmarks on painted people."""

from __future__ import annotations

from pathlib import Path

import torch

from faceswap.facenets.parser import ParserNet
from faceswap.utils.files.pretrained import save_pretrained


def write_parser(folder: Path) -> None:
    """Enters random weights into the folder's manifest."""
    torch.manual_seed(0)
    network = ParserNet(widths=(2, 2, 4, 4, 6))
    arrays = {name: value.numpy() for name, value in network.state_dict().items() if "num_batches" not in name}
    save_pretrained(folder, "parser", arrays, network.settings)
