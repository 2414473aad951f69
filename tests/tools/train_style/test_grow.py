"""A generator grown by one block, and how it takes the place of the one before."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch

from faceswap.stylegan.directions.directions import (
    SHIPPED,
    Direction,
    DirectionSet,
    load_directions,
    move,
    save_directions,
)
from faceswap.stylegan.networks.growing import drawn_twice
from faceswap.stylegan.weights import files as weights
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained, pretrained_folder
from tests.stylegan.tiny import tiny_encoder, tiny_generator
from tools.train_style import grow, ship_grown


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of networks with a tiny generator, its encoder and two directions, one in W and one in W+."""
    folder = shutil.copytree(pretrained_folder(), tmp_path / "pretrained")
    generator = tiny_generator()
    encoder = tiny_encoder(generator)
    for part in (generator, encoder):
        ship_grown.halved(part)
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(2, 8, 32)).astype(np.float32)
    own = weights.generator_hash(generator)
    found = {
        "smile": Direction("smile", steps[0, 0], steps[1, 0], 2.0, 0.3, generator=own),
        "age": Direction("age", steps[0], steps[1], 3.0, 0.7, generator=own),
    }
    names = weights.SHIPPED_GENERATOR, weights.SHIPPED_ENCODER, SHIPPED
    paths = [folder / f"{name}.safetensors" for name in names]
    weights.save_generator(generator, paths[0], {})
    weights.save_encoder(encoder, paths[1], {})
    save_directions(paths[2], DirectionSet(found))
    for name, path in zip(names, paths, strict=True):
        enter_pretrained(folder, name, path.name, licence="L", recipe={"kimg": 7}, scores={"guess_l1": 0.05})
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


def crops_in(folder, count=10):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (count, 8, 8, 3), np.uint8)
    for name in ("seen.npy", "targets.npy"):
        np.save(folder / name, coarse.repeat(8, 1).repeat(8, 2))
    return folder


def grown(monkeypatch, out, crops, **settings):
    told = {"steps": 4, "head_start": 1, "batch_size": 4, "channels": 8, "polished": 6, "polish_steps": 2} | settings
    words = [f"--{name}={value}" for name, value in told.items()]
    monkeypatch.setattr(sys, "argv", ["grow", str(out), str(crops), *words])
    grow.main()
    return weights.load_generator(out / "generator.safetensors")


def test_only_the_new_block_learns_and_a_stopped_run_goes_on(shipped, tmp_path, monkeypatch):
    crops = crops_in(tmp_path / "crops")
    whole = grown(monkeypatch, tmp_path / "whole", crops)
    before = weights.load_generator()
    assert whole.resolution == 64
    assert all(torch.equal(whole.state_dict()[name], value) for name, value in before.state_dict().items())
    assert float(whole.synthesis.b64.torgb.weight.abs().mean()) > 0
    assert float(whole.synthesis.b64.conv0.noise_strength) == 0
    monkeypatch.setattr(grow, "SAVE_EVERY", 2)
    step, stopped = grow.Growth.step, []

    def stopping(growth):
        if growth.number == 3 and not stopped:
            stopped.append(True)
            raise KeyboardInterrupt
        return step(growth)

    monkeypatch.setattr(grow.Growth, "step", stopping)
    with pytest.raises(KeyboardInterrupt):
        grown(monkeypatch, tmp_path / "run", crops)
    again = grown(monkeypatch, tmp_path / "run", crops)
    assert weights.generator_hash(again) == weights.generator_hash(whole)


def test_crops_of_another_size_and_another_plan_are_refused(shipped, tmp_path, monkeypatch):
    small = crops_in(tmp_path / "small")
    for name in ("seen.npy", "targets.npy"):
        np.save(small / name, np.load(small / name)[:, ::2, ::2])
    with pytest.raises(UserError, match=r"holds crops of 32 px: .* needs --side 64"):
        grown(monkeypatch, tmp_path / "run", small)
    crops = crops_in(tmp_path / "crops")
    grown(monkeypatch, tmp_path / "run", crops)
    with pytest.raises(UserError, match="was begun with --batch_size=4"):
        grown(monkeypatch, tmp_path / "run", crops, batch_size=8)
    assert grown(monkeypatch, tmp_path / "run", crops, steps=5).resolution == 64  # more of the same


def test_a_grown_generator_takes_the_place_of_the_shipped_one(shipped, tmp_path, monkeypatch):
    crops = crops_in(tmp_path / "crops", 40)
    grown(monkeypatch, tmp_path / "run", crops)
    before, encoder, earlier = weights.load_generator(), weights.load_encoder(), load_directions()
    out = tmp_path / "run" / "generator.safetensors"
    told = ship_grown.scores(weights.load_generator(out), encoder, crops, 40)
    assert told["guess_l1"] > 0
    assert told["frechet_faces_half_size"]["samples"] == 40
    assert len(told["guess_detail_by_octave"]) == len(told["guess_detail_by_octave_before"])
    paths = ship_grown.ship(out, told, shipped, "people-64")
    entries = json.loads((shipped / "manifest.json").read_text())["files"]
    assert {path.stem for path in paths} == {name for name in entries if "people" in name}
    assert entries["people-64"]["recipe"]["grown"]["from"] == "python -m tools.train_style.grow"
    assert entries["people-64"]["scores"] == told
    assert not (shipped / f"{SHIPPED}.safetensors").exists()
    assert "detector" in entries  # others stay
    now, its_encoder, directions = (
        weights.load_generator(paths[0]),
        weights.load_encoder(paths[1]),
        load_directions(paths[2]).only_for(weights.generator_hash(weights.load_generator(paths[0]))),
    )
    faces = torch.rand(3, 3, 32, 32) * 2 - 1
    large = faces.repeat_interleave(2, 2).repeat_interleave(2, 3)
    rows, codes = encoder(faces), its_encoder(large)
    assert torch.equal(codes[:, :8], rows)
    for name, direction in directions.directions.items():
        moved = move(codes, direction, 1.5)
        base, _ = drawn_twice(now, moved)
        wanted = before.synthesis(move(rows, earlier[name], 1.5), noise="none")
        torch.testing.assert_close(base, wanted, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(moved[:, -1], moved[:, 7])
        torch.testing.assert_close(direction.score(codes) > 0, earlier[name].score(rows) > 0)


def test_what_was_not_grown_from_the_shipped_one_is_not_shipped(shipped, tmp_path):
    from faceswap.stylegan.networks.growing import grown_generator

    kept = {path.name: path.read_bytes() for path in shipped.iterdir()}
    other = weights.save_generator(grown_generator(tiny_generator(seed=1), 8), tmp_path / "other.safetensors", {})
    for file in (other, shipped / f"{weights.SHIPPED_GENERATOR}.safetensors"):
        with pytest.raises(UserError, match="was not grown from the shipped generator"):
            ship_grown.ship(file, {}, shipped, "people-64")
    assert {path.name: path.read_bytes() for path in shipped.iterdir()} == kept
