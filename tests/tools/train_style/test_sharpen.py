"""A generator that learns from crops and a discriminator of patches, with its encoder; its mapping stays."""

import sys

import numpy as np
import pytest
import torch

from faceswap.stylegan.weights import files as weights
from faceswap.utils.errors import UserError
from tests.stylegan.tiny import tiny_encoder, tiny_generator
from tools.train_style import sharpen


@pytest.fixture
def files(tmp_path):
    """A tiny generator and its encoder, and crops of its size."""
    generator = tiny_generator()
    weights.save_generator(generator, tmp_path / "generator.safetensors", {})
    weights.save_encoder(tiny_encoder(generator), tmp_path / "encoder.safetensors", {})
    (tmp_path / "crops").mkdir()
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (20, 8, 8, 3), np.uint8)
    for name in ("seen.npy", "targets.npy"):
        np.save(tmp_path / "crops" / name, coarse.repeat(4, 1).repeat(4, 2))
    return tmp_path


def sharpened(monkeypatch, files, name, **settings):
    told = {"steps": 5, "head_start": 2, "batch_size": 8} | settings
    words = [f"--{key}={value}" for key, value in told.items()]
    words += [f"--{part}={files / part}.safetensors" for part in ("generator", "encoder")]
    monkeypatch.setattr(sys, "argv", ["sharpen", str(files / name), str(files / "crops"), *words])
    sharpen.main()
    return [load(files / name / f"{part}.safetensors") for load, part in (
        (weights.load_generator, "generator"), (weights.load_encoder, "encoder"))]  # fmt: skip


def test_synthesis_and_encoder_learn_and_mappings_stay(monkeypatch, files):
    generator, encoder = sharpened(monkeypatch, files, "run")
    before = (
        weights.load_generator(files / "generator.safetensors"),
        weights.load_encoder(files / "encoder.safetensors"),
    )
    for now, then in zip((generator, encoder), before, strict=True):
        changed = {name for name, value in then.state_dict().items() if not torch.equal(now.state_dict()[name], value)}
        assert changed and not any(name.startswith("mapping.") or "noise" in name for name in changed)
    assert (files / "run" / "sheet-00005.png").is_file()


def test_the_discriminator_learns_alone_at_first(monkeypatch, files):
    generator, _ = sharpened(monkeypatch, files, "run", steps=2)
    before = weights.load_generator(files / "generator.safetensors")
    assert weights.generator_hash(generator) == weights.generator_hash(before)


def test_a_stopped_run_goes_on_as_if_it_had_not(monkeypatch, files):
    whole = sharpened(monkeypatch, files, "whole")
    monkeypatch.setattr(sharpen, "SAVE_EVERY", 2)
    step, stopped = sharpen.Sharpening.step, []

    def stopping(run):
        if run.number == 3 and not stopped:
            stopped.append(True)
            raise KeyboardInterrupt
        return step(run)

    monkeypatch.setattr(sharpen.Sharpening, "step", stopping)
    with pytest.raises(KeyboardInterrupt):
        sharpened(monkeypatch, files, "run")
    again = sharpened(monkeypatch, files, "run")
    for one, other in zip(again, whole, strict=True):
        assert all(torch.equal(other.state_dict()[name], value) for name, value in one.state_dict().items())


def test_another_plan_and_crops_of_another_size_are_refused(monkeypatch, files):
    sharpened(monkeypatch, files, "run")
    with pytest.raises(UserError, match="was begun with --batch_size=8"):
        sharpened(monkeypatch, files, "run", batch_size=4)
    for name in ("seen.npy", "targets.npy"):
        np.save(files / "crops" / name, np.load(files / "crops" / name)[:, ::2, ::2])
    with pytest.raises(UserError, match="holds crops of 16 px, not 32"):
        sharpened(monkeypatch, files, "other")
