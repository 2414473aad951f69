"""A mask, a model and a loss of somebody else's package, as docs/own-classes.md says, swept over two pairs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands.conftest import QUICK, one_line_error, run_process

PAGE = Path(__file__).parents[2] / "docs" / "own-classes.md"
MODEL = """
from torch import nn
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.layers import SwapModel, downscale, upscale


class Tiny(SwapModel):
    has_mask = True

    def __init__(self, width: int = 8, coverage: float = 0.8) -> None:
        super().__init__()
        self.resolution, self.coverage, self.width, self.learning_rate = 16, coverage, width, 1e-3
        self.encoder = nn.Sequential(downscale(3, width), downscale(width, 16), nn.Flatten())
        self.inter = nn.Sequential(nn.Linear(256, 16), nn.Linear(16, 256), nn.Unflatten(1, (16, 4, 4)))
        self.decoder_a, self.decoder_b = (
            nn.Sequential(upscale(16, 16), upscale(16, 8), nn.Conv2d(8, 4, 3, padding=1)) for _ in range(2)
        )


class Squares(ReconstructionLoss):
    def __call__(self, *arguments):
        print("squares", flush=True)
        return super().__call__(*arguments)
"""


@pytest.fixture
def lab(tmp_path):
    """The package and the settings of the page, and a model and a loss beside them."""
    page = PAGE.read_text(encoding="utf-8")
    code, settings = (re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("python", "yaml"))
    files = {
        "lib/my_lab/__init__.py": "",
        "lib/my_lab/masks.py": code,
        "lib/my_lab/nets.py": MODEL,
        "my_configs/mask/ellipse.yaml": settings,
        "my_configs/model/tiny.yaml": "_target_: my_lab.nets.Tiny\nwidth: 4\ncoverage: 0.7\n",
        "my_configs/loss/mine.yaml": "_target_: my_lab.nets.Squares\nl1: 0.0\nmse: 1.0\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_they_are_trained_swept_and_converted_with(example, lab):
    (lab / "workspace").mkdir()
    (lab / "workspace" / "faces").symlink_to(example.folder / "workspace" / "faces")
    fast = [one for one in QUICK if not one.startswith("device=")]
    pairs = "craig_brosnan,brosnan_craig"

    def typed(command, *arguments, code=0):
        own = ("--config-dir", "my_configs", "trust=my_lab") if code == 0 else ()
        library = f"{lab / 'lib'}:{PAGE.parents[1]}"
        return run_process(command, *own, "device=cpu", *arguments, cwd=lab, code=code, PYTHONPATH=library)

    training = ("model=tiny", "loss=mine", "evaluate=false", *fast)
    ran = typed("train", "-m", f"pair={pairs}", "iterations=4", *training)
    assert "brosnan_craig" in ran.path.read_text() and "squares" in ran.stdout
    film = ("finder=landmarks", f"finder.path={example.b.landmarks}", f"video={example.b.video}", "stop=3")
    swept = typed("convert", "-m", f"run={pairs}", "mask=ellipse", *film)
    assert len(set(swept.stdout.split())) == 2 and all((lab / path).is_file() for path in swept.stdout.split())
    refused = typed("convert", "run=craig_brosnan", *film, code=2)
    assert "say trust=my_lab" in one_line_error(refused)
