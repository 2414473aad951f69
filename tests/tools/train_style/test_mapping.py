"""A mapping that ends where the encoder finds faces, and what comes along when it ships."""

import copy
import json
import shutil
import sys

import numpy as np
import pytest
import torch

from faceswap.stylegan.directions.directions import SHIPPED, load_directions, move, save_directions
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights import files as weights
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, enter_pretrained
from tests.stylegan.tiny import tiny_directions, tiny_encoder, tiny_generator
from tools.train_style import mapping, ship_mapping


def before(w):
    return torch.where(w < 0, w / 0.2, w)


def cloud(size=16, count=4000):
    torch.manual_seed(0)
    values = torch.randn(count, size) @ torch.randn(size, size) + torch.randn(size)
    return torch.where(values < 0, values * 0.2, values)


@pytest.mark.parametrize(("z_size", "layers"), [(16, 2), (16, 4), (24, 2)])
def test_faces_of_chance_are_spread_as_the_codes(z_size, layers):
    codes, generator = cloud(), Generator(32, [8] * 4, z_size, 16, layers)
    synthesis = copy.deepcopy(generator.synthesis.state_dict())
    mapping.fit_mapping(generator, codes)
    # z is brought to one length before: that of N(0, 1) in the mean, so that covariances stay, in rather few numbers
    drawn = generator.mapping(torch.randn(40_000, z_size))
    wanted, found = before(codes), before(drawn)
    torch.testing.assert_close(found.mean(0), wanted.mean(0), atol=0.1, rtol=0.02)
    apart = (found.T.cov() - wanted.T.cov()).norm() / wanted.T.cov().norm()
    assert apart < 0.05
    torch.testing.assert_close(generator.average, drawn.mean(0), atol=0.1, rtol=0.05)
    assert all(torch.equal(value, synthesis[name]) for name, value in generator.synthesis.state_dict().items())


def test_fewer_numbers_take_the_widest_axes():
    codes, generator = cloud(), Generator(32, [8] * 4, 12, 16, 2)
    mapping.fit_mapping(generator, codes)
    variances = [before(w).T.cov().trace() for w in (codes, generator.mapping(torch.randn(20_000, 12)))]
    assert 0.9 < variances[1] / variances[0] <= 1.02


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(UserError, match="16 crops are too few for a distribution of 16 numbers"):
        mapping.fit_mapping(Generator(32, [8] * 4, 16, 16, 2), cloud(count=16))
    with pytest.raises(UserError, match="two or more"):
        mapping.fit_mapping(Generator(32, [8] * 4, 16, 16, 1), cloud())


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of networks that holds a tiny generator and its directions, in place of the program's."""
    folder, generator = tmp_path / "pretrained", tiny_generator()
    folder.mkdir()
    ship_mapping.halved(generator)
    path = weights.save_generator(generator, folder / f"{weights.SHIPPED_GENERATOR}.safetensors", {})
    recipe, scores = {"kimg": 7}, {"guess_l1": 0.05, "frechet_faces": 40}
    enter_pretrained(folder, weights.SHIPPED_GENERATOR, path.name, licence="L", recipe=recipe, scores=scores)
    own = folder / f"{SHIPPED}.safetensors"
    save_directions(own, tiny_directions(generator))
    enter_pretrained(folder, SHIPPED, own.name, licence="L", recipe={}, scores={"smile": 1})
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


def test_the_shipped_generator_gets_another_mapping(shipped, tmp_path, monkeypatch, capsys):
    crops, generator = tmp_path / "crops", weights.load_generator()
    crops.mkdir()
    np.save(crops / "targets.npy", np.random.default_rng(0).integers(0, 255, (60, 32, 32, 3), np.uint8))
    encoder = weights.save_encoder(tiny_encoder(generator), tmp_path / "encoder.safetensors", {})
    made = tmp_path / "made.safetensors"
    monkeypatch.setattr(sys, "argv", ["mapping", str(made), str(crops), "--encoder", str(encoder)])
    mapping.main()
    assert capsys.readouterr().out.strip() == str(made)
    earlier = load_directions()
    ship_mapping.ship(made, {"frechet_faces": 30}, shipped)
    now, directions = weights.load_generator(), load_directions()
    directions.only_for(weights.generator_hash(now))
    with pytest.raises(UserError, match=r"another generator.*python -m faceswap\.directions"):
        earlier.only_for(weights.generator_hash(now))
    rows = now.spread(now.mapping(torch.randn(3, 32)))
    for name, direction in directions.directions.items():
        moved = [now.synthesis(move(rows, each, 1.5)) for each in (direction, earlier.directions[name])]
        assert torch.equal(*moved)
        assert abs(float(direction.score(now.spread(now.average[None])))) < 1e-3
    entry = json.loads((shipped / "manifest.json").read_text())["files"][weights.SHIPPED_GENERATOR]
    assert entry["scores"] == {"frechet_faces": 30, "guess_l1": 0.05}
    assert entry["recipe"] == {"kimg": 7, "mapping": {"from": "python -m tools.train_style.mapping", "crops": 60}}


def test_another_synthesis_is_not_shipped_as_a_mapping(shipped, tmp_path):
    kept = shutil.copytree(shipped, tmp_path / "kept")
    other = weights.save_generator(tiny_generator(seed=1), tmp_path / "other.safetensors", {})
    with pytest.raises(UserError, match="another synthesis than the shipped generator"):
        ship_mapping.ship(other, {}, shipped)
    assert all((shipped / file.name).read_bytes() == file.read_bytes() for file in kept.iterdir())


def test_two_views_measure_the_same_pictures():
    targets = np.random.default_rng(0).integers(0, 255, (12, 32, 32, 3), np.uint8)
    found = ship_mapping.distances_by(tiny_generator(), "frechet_means", lambda x: x.mean((2, 3)), targets, 12)
    assert set(found) == {"frechet_means", "frechet_means_between_real_halves"}
