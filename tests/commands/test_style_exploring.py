"""python -m faceswap.directions, morph and stylegan.metrics as a user runs them, with a tiny generator."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from faceswap.cli.composing.compose import compose_config
from faceswap.convert_weights import convert_weights
from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.stylegan.weights.files import generator_hash, save_encoder, save_generator
from faceswap.utils.errors import UserError
from tests.commands.conftest import one_line_error, run, run_process

DEMO = Path(__file__).resolve().parents[2] / "demo"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("style")
    generator = Generator(32, [8] * 4, 16, 16, 2)
    generator.mapping.w_avg.copy_(generator.mapping(draw_z(range(200), 16)).mean(0).detach())
    encoder = Encoder(32, generator.rows, 16, (8, 8, 8)).eval()
    encoder.take_mapping(generator.mapping)
    save_generator(generator, folder / "g.safetensors", {})
    save_encoder(encoder, folder / "e.safetensors", {})
    (folder / "colours.py").write_text(
        "def score(images):\n"
        "    red, _, blue = images.reshape(len(images), -1, 3).mean(1).T\n"
        "    return {'red': red, 'blue': blue}\n"
    )
    (folder / "hash").write_text(generator_hash(generator))
    return folder


def test_directions_by_a_function_of_the_users_and_what_is_measured_with_them(folder):
    found = run_process(
        "directions", "generator=g.safetensors", "scorer=colours:score", "samples=300", "probes=64", "corrections=2",
        "pca=1", cwd=folder, PYTHONPATH=os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    )  # fmt: skip
    known = load_directions(found.path)
    assert list(known.directions) == ["red", "blue", "pca1"] and known.leakage.shape == (2, 2)
    assert known["red"].generator == (folder / "hash").read_text()
    assert np.diag(known.leakage).min() > 2 * abs(known.leakage[[0, 1], [1, 0]]).max()
    assert found.path.with_suffix(".png").is_file() and "held-out %" in found.stderr
    measured = run(
        "stylegan.metrics", "generator=g.safetensors", "encoder=e.safetensors", f"directions={found.path}", "pairs=10",
        "measures=[path_length,consistency]", "faces=4", cwd=folder,
    )  # fmt: skip
    report = json.loads(measured.path.read_text())
    assert set(report["path_length"]) == {"z full", "w full", "z end", "w end"}
    assert set(report["consistency"]) == {"no edit", "red", "blue", "pca1"}
    assert all(row["low"] <= row["value"] <= row["high"] for row in report["path_length"].values())


def test_directions_from_the_styles_of_pictures(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    crops = np.random.default_rng(0).integers(0, 255, (90, 4, 4, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    (folder / "packed").mkdir()
    np.save(folder / "packed" / "targets.npy", crops)
    own = (f"generator={folder}/g.safetensors", f"encoder={folder}/e.safetensors", "sheet=false", "probes=8")
    asked = (*own, "scorer=colours:score", f"pictures={folder}/packed", "samples=60", "fit_share=0.5", "corrections=0")
    found = load_directions(call("directions", folder, *asked))
    assert set(found.directions) == {"red", "blue"} and found.about["samples_from"] == "pictures"
    assert np.diag(found.leakage).min() > 0
    with pytest.raises(UserError, match="holds 90 pictures; 128 or more"):
        call("directions", folder, *asked, "probes=64")


def test_a_morph_between_seeds(folder):
    film = run("morph", "generator=g.safetensors", "a=1", "b=2", "seconds=0.2", "hold_seconds=0", cwd=folder)
    assert film.path.name.startswith("1_2_film") and probe(film.path).width == 256
    line = one_line_error(run("morph", "generator=g.safetensors", "a=1", "b=2-3", cwd=folder, code=2))
    assert "b=2-3 names 2 faces, one is wanted" in line


def call(command: str, folder, *arguments: str):
    """A command in this process: for what it makes where three seconds of starting another would be wasted."""
    import importlib

    config = compose_config(command, [f"workspace={folder}", "device=cpu", *arguments])
    module = importlib.import_module(f"faceswap.{command}" + (".__main__" if command == "stylegan.metrics" else ""))
    return getattr(module, command.rpartition(".")[2])(config)


def test_pictures_of_morph(folder):
    own = f"generator={folder}/g.safetensors"
    child = call("morph", folder, own, "make=child", "a=1", "b=2", "shares={coarse: 1, fine: 0}", "size_px=64")
    assert probe(child).width == 64 and child.with_suffix(".parents.png").is_file()
    grid = call("morph", folder, own, "make=grid", "a=1-2", "b=3-5", "range=middle")
    assert probe(grid).width == 4 * 96 and probe(grid).height == 3 * 96
    cartoon = call("morph", folder, own, "make=cartoon", "a=1-2", f"cartoon={folder}/g.safetensors")
    assert probe(cartoon).height == 2 * 128


def test_an_imported_direction_belongs_to_the_generator_it_is_imported_for(folder):
    np.save(folder / "age.npy", np.tile(np.random.default_rng(0).normal(size=16), (18, 1)))
    found = load_directions(
        call("directions", folder, f"import_from={folder}/age.npy", f"generator={folder}/g.safetensors", "sheet=false")
    )
    assert found["age"].generator == (folder / "hash").read_text() and found["age"].rows == (0, 8)
    alone = load_directions(
        call("directions", folder, f"import_from={folder}/age.npy", "name=years", f"out={folder}/years.safetensors")
    )
    assert alone["years"].generator == ""


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("directions", ("samples=0",), "samples=0 needs labels="),
        ("directions", ("samples=40", "scorer=no_such:f"), "no_such"),
        ("directions", ("samples=40", "attributes=age", "scorer=json:loads"), "json"),
        ("directions", ("import_from=none.npy",), "there are no directions none.npy"),
        ("directions", ("attributes=7", "samples=30"), "nothing tells of '7'"),
        ("directions", ("attributes=[wings]", "samples=30"), "nothing tells of 'wings'"),
        ("directions", ("attributes=[age,smile]", "samples=30", "preserve={age: [hat]}"), "'hat' is not among"),
        ("directions", ("attributes=[age,smile]", "samples=30", "preserve=some"), "preserve=some"),
        ("morph", ("a=1",), "b= is missing"),
        ("morph", ("make=composite", "a=1", "b=2"), "faces= is missing"),
        ("morph", ("make=child", "a=1", "b=2", "shares={coarse: 2}"), "shares="),
        ("morph", ("make=grid", "a=1", "b=2", "range=rough"), "range=rough"),
        ("morph", ("a=1", "b=2", "out=x.png"), "make=film writes .mp4"),
        ("morph", ("a=1", "b=2", "paste=whole"), "paste=whole needs a photo"),
        ("morph", ("make=cartoon", "a=1", "cartoon=none.safetensors"), "none.safetensors"),
        ("morph", ("a=nobody.jpg", "b=2", "guess=average"), "nobody.jpg"),
        ("stylegan.metrics", ("measures=speed",), "measures=speed is not known"),
        ("stylegan.metrics", ("vgg=x.pth",), "LPIPS needs both"),
        ("stylegan.metrics", ("measures=inversion",), "cannot read the inversions"),
        ("stylegan.metrics", ("measures=consistency", "directions=none"), "name its encoder="),
    ],
)
def test_mistakes_are_told(folder, monkeypatch, command, arguments, said):
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match="(?s)" + said):
        call(command, folder, f"generator={folder}/g.safetensors", *arguments)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("morph", ["a=1", "b=2", "seconds=1e300"]), ("morph", ["a=1", "b=2", "hold_seconds=1e300"]),
     ("morph", ["a=1", "b=2", "fade_seconds=9e9"]), ("morph", ["make=grid", "a=0-899", "b=0-899"]),
     ("morph", ["make=cartoon", "a=0-900", "cartoon=c.safetensors"]), ("morph", ["a=1", "b=2", "steps=999999999"]),
     ("generate", ["mix=fine", "seeds=0-899", "styles=0-899"]), ("directions", ["samples=1000000000000"]),
     ("directions", ["probes=1000000000000"]), ("directions", ["pca=1000000000"]),
     ("directions", ["corrections=1000000000"]), ("stylegan.metrics", ["pairs=1000000000000"]),
     ("stylegan.metrics", ["faces=1000000000000"]), ("stylegan.metrics", ["samples=1000000000000"]),
     ("stylegan.metrics", ["batch_size=1000000000000"])],
)  # fmt: skip
def test_amounts_without_end_are_refused_before_anything_is_made(folder, command, arguments):
    with pytest.raises(UserError) as raised:
        call(command, folder, f"generator={folder}/g.safetensors", *arguments)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 300


@pytest.mark.parametrize("command", ["generate", "directions", "morph", "stylegan.metrics", "convert_weights"])
def test_a_place_that_cannot_be_written_is_told_before_the_work(folder, command, monkeypatch):
    (folder / "a_file").write_text("of the user")
    suffix = {"morph": ".mp4", "stylegan.metrics": ".json"}.get(command, ".safetensors")
    out = folder / "a_file" / ("r" if command == "generate" else f"r{suffix}")
    monkeypatch.setattr("torch.nn.functional.conv2d", lambda *_, **__: pytest.fail("it has begun to draw"))
    monkeypatch.setattr("faceswap.stylegan.weights.files._draws", lambda generator: True)
    more = {"morph": ["a=1", "b=2"]}.get(command, [])
    with pytest.raises(UserError, match="cannot write"):
        if command == "convert_weights":
            convert_weights(compose_config(command, [f"generator={folder}/g.safetensors", f"out={out}"]))
        call(command, folder, f"generator={folder}/g.safetensors", f"out={out}", *more)
    assert (folder / "a_file").read_text() == "of the user"


def test_directions_from_photos_before_and_after(folder, tmp_path, caplog):
    rows = ["before,after,person,turned"]
    for clip, first in (("hanna", 0), ("vera", 0)):
        for frame in read_frames(probe(DEMO / f"{clip}.mp4"), 0, 5):
            write_image(tmp_path / f"{clip}{frame.index}.png", frame.image)
        rows += [f"{clip}{first}.png,{clip}{number}.png,{clip},{number / 10}" for number in range(1, 5)]
    (tmp_path / "pairs.csv").write_text("\n".join([*rows, "hanna0.png,vera0.png,hanna,1"]) + "\n")
    asked = [f"generator={folder}/g.safetensors", f"encoder={folder}/e.safetensors", f"pairs={tmp_path}", "sheet=false"]
    found = load_directions(call("directions", folder, *asked, "refine_steps=2", "held_out=0.5"))
    assert "hanna0.png and vera0.png do not show one person" in caplog.text
    assert found.about["pairs"] == 8 and found["turned"].generator == (folder / "hash").read_text()
    assert found["turned"].space == "w+" and set(found["turned"].accuracy) == {"all"}


def test_pairs_that_say_nothing_are_one_line(folder, tmp_path):
    (tmp_path / "pairs.csv").write_text("before,after,smile\na.png,b.png,1\n")
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    done = run("directions", f"pairs={tmp_path}", cwd=folder, code=2)
    assert "'smile' is moved in 1 pair" in one_line_error(done)
    elsewhere = [f"generator={folder}/g.safetensors", f"pairs={folder}"]
    assert "there is no pairs.csv" in one_line_error(run("directions", *elsewhere, cwd=folder, code=2))
