"""How the shipped generator was made: the wall behind the heads, and what is written when it ships."""

import json

import numpy as np
import torch

from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.training.run_folder import ENCODER_FILE, GENERATOR_FILE
from faceswap.stylegan.weights import files as weights
from faceswap.utils.files.pretrained import FOLDER_VARIABLE
from tools.train_style import ship
from tools.train_style.cut import before_wall


def test_a_plain_wall_stays_and_clutter_becomes_one():
    side = 32
    ramp = np.linspace(60, 180, side)[None, :, None] + np.zeros((side, side, 3))
    share = np.ones((side, side, 1), np.float32)
    share[8:24, 8:24] = 0
    image = ramp.copy()
    image[8:24, 8:24] = 255
    kept = before_wall(image.astype(np.uint8), share)
    assert np.abs(kept.astype(int) - image).max() <= 5  # a gradient is what fits a gradient
    cluttered = image + np.where(share, np.random.default_rng(0).normal(0, 20, image.shape), 0)
    calm = before_wall(cluttered.clip(0, 255).astype(np.uint8), share)
    assert np.abs(calm.astype(int) - image).max() <= 10
    assert (calm[8:24, 8:24] == 255).all()


def test_a_picture_without_background_is_left_as_it_is():
    image = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    assert np.array_equal(before_wall(image, np.zeros((8, 8, 1), np.float32)), image)


def test_what_ships_can_be_loaded_and_says_what_it_is(tmp_path, monkeypatch):
    run, crops, out = tmp_path / "run", tmp_path / "crops", tmp_path / "out"
    torch.manual_seed(0)
    generator = Generator(32, [8] * 4, 16, 16, 2)
    encoder = Encoder(32, generator.rows, 16, (8, 8, 8))
    weights.save_generator(generator, run / GENERATOR_FILE, {"kimg": 7})
    weights.save_encoder(encoder, run / ENCODER_FILE, {"kimg": 7})
    (crops / "held_out").mkdir(parents=True)
    for name in ("seen", "targets"):
        np.save(
            crops / "held_out" / f"{name}.npy", np.random.default_rng(0).integers(0, 255, (40, 32, 32, 3), np.uint8)
        )
    monkeypatch.setattr(ship, "face_features", lambda device: lambda images: images.mean((2, 3)))
    scores = ship.ship(run, crops, out, 40)
    assert scores["frechet_faces"]["low"] <= scores["frechet_faces"]["value"] <= scores["frechet_faces"]["high"]
    entry = json.loads((out / "manifest.json").read_text())["files"][weights.SHIPPED_GENERATOR]
    assert entry["recipe"]["kimg"] == 7
    monkeypatch.setenv(FOLDER_VARIABLE, str(out))
    shipped, its_encoder = weights.load_generator(), weights.load_encoder()
    mean = shipped.mapping(torch.randn(20_000, 16)).mean(0)
    torch.testing.assert_close(shipped.average, mean, atol=0.05, rtol=0.05)
    assert torch.equal(its_encoder.mapping.fc0.weight, shipped.mapping.fc0.weight)
    torch.testing.assert_close(
        shipped.synthesis.b8.conv0.weight, generator.synthesis.b8.conv0.weight.detach(), atol=1e-3, rtol=1e-3
    )
