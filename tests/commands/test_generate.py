"""python -m faceswap.generate and convert_weights as a user runs them, with a tiny generator."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.cli.composing.compose import compose_config
from faceswap.convert_weights import convert_weights
from faceswap.generate import generate
from faceswap.media.pictures.images import read_image
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import generator_hash, load_generator, save_generator
from faceswap.utils.errors import UserError
from tests.commands.conftest import one_line_error, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("style")
    save_generator(Generator(32, [8] * 4, 16, 16, 2), folder / "g.safetensors", {})
    return folder


def call(folder, *arguments, command="generate"):
    config = compose_config(command, [f"generator={folder / 'g.safetensors'}", *arguments])
    return {"generate": generate, "convert_weights": convert_weights}[command](config)


def test_pictures_a_sheet_and_the_same_again(folder):
    made = run("generate", "generator=g.safetensors", "seeds=[0-3,9]", cwd=folder)
    assert made.path.parent.name == "generated_g_seeds_-0-3,9-"  # beside those of the shipped generator
    pictures = sorted(path.name for path in made.path.parent.glob("seed*.png"))
    assert made.path.name == "sheet.png" and pictures == [f"seed00000{n}.png" for n in (0, 1, 2, 3, 9)]
    alone = call(folder, "seeds=9", f"out={folder / 'alone'}").parent / "seed000009.png"
    # Signatures hold the time, so files differ where pictures do not.
    assert np.array_equal(read_image(alone), read_image(made.path.parent / "seed000009.png"))
    random = [call(folder, f"seeds={seeds}", "noise=random", f"out={folder / name}").parent / "seed000009.png"
              for seeds, name in (("7-9", "r1"), ("9", "r2"))]  # fmt: skip
    assert np.array_equal(*map(read_image, random))


def test_faces_of_two_runs_lie_beside_each_other(folder):
    for run_name in ("style", "second"):
        (folder / "runs" / run_name).mkdir(parents=True)
        file = folder / "runs" / run_name / "generator.safetensors"
        file.write_bytes((folder / "g.safetensors").read_bytes())
        made = run("generate", f"generator={file}", "seeds=5", cwd=folder)
        assert made.path.parent.name == f"generated_{run_name}_seeds_5"


@pytest.mark.parametrize("mix", ["coarse", "middle", "3-5"])
def test_a_grid_of_mixed_styles(folder, mix):
    path = call(folder, "seeds=1,2", "styles=3-5", f"mix={mix}", f"out={folder / 'mixed'}")
    height, width, _ = read_image(path).shape
    assert path.name == f"mixing_{mix}.png" and width * 3 == height * 4  # a line and a column of plain faces besides


def test_weights_for_others_and_back(folder):
    theirs = run("convert_weights", "generator=g.safetensors", "out=g.pt", "layout=rosinality", cwd=folder).path
    back = call(folder, f"generator={theirs}", f"out={folder / 'back.safetensors'}", command="convert_weights")
    assert generator_hash(load_generator(back)) == generator_hash(load_generator(folder / "g.safetensors"))


def test_mistakes_are_one_line(folder):
    assert "seeds=some" in one_line_error(run("generate", "seeds=some", cwd=folder, code=2))
    for command, arguments, said in (
        ("generate", ("generator=none.pt",), "there are no weights"),
        ("generate", ("seeds=0-5000",), "at most 1000"),
        ("generate", ("cutoff=9",), "has 8 rows"),
        ("generate", ("mix=eyes",), "accepted are coarse, middle, fine"),
        ("generate", ("mix=fine", "seeds=0-99"), "more than the 400"),
        ("convert_weights", (), "out= is missing"),
        ("convert_weights", ("out=g.pkl",), "name it g.safetensors"),
        ("convert_weights", (f"out={folder / 'g.safetensors'}",), "is the file that is read"),
    ):
        with pytest.raises(UserError, match=said):
            call(folder, *arguments, command=command)
