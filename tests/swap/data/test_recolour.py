from __future__ import annotations

import numpy as np
import pytest

from faceswap.media.pictures.colour_transfer import MongeKantorovich, Reinhard
from faceswap.swap.data.batches import BatchMaker
from faceswap.swap.data.pair_data import open_pair
from faceswap.swap.data.recolour import recoloured
from faceswap.swap.data.warp import Warp
from tests.swap.trained_runs import assert_same_run, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


def face(colour, size=64, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rgb = np.clip(np.array(colour) + rng.normal(0, 12, (size // 8, size // 8, 3)), 0, 255)
    picture = np.zeros((size, size, 4), np.uint8)
    picture[..., :3] = np.kron(rgb, np.ones((8, 8, 1)))
    picture[8:-8, 8:-8, 3] = 255
    return picture


@pytest.mark.parametrize("matcher", [Reinhard(), MongeKantorovich()])
def test_a_face_takes_the_colours_of_another_and_keeps_its_mask(matcher):
    light, dark = face((210, 170, 150)), face((90, 70, 60), size=96, seed=1)
    changed = recoloured(light, dark, matcher)
    inside = light[..., 3] > 0
    assert np.abs(changed[inside][:, :3].mean(0) - dark[dark[..., 3] > 0][:, :3].mean(0)).max() < 4
    assert (changed[..., 3] == light[..., 3]).all() and light[..., 0].mean() > 200, "the given face is untouched"


def test_a_face_without_a_mask_stays_as_it_is():
    bare = face((100, 100, 100))
    bare[..., 3] = 0
    assert (recoloured(bare, face((200, 100, 100)), Reinhard()) == bare).all()


def test_only_a_changes(sets, tmp_path):
    data = open_pair(dict(zip("ab", sets, strict=True)), tmp_path, (16, 0.8), 0.0)
    plain, changed = (BatchMaker(data.sides, 8, 16, 0.8, transfer=how).make(2) for how in ("none", "mkl"))
    assert (plain["b"].targets == changed["b"].targets).all() and (plain["a"].masks == changed["a"].masks).all()
    assert not (plain["a"].targets == changed["a"].targets).all()
    later = BatchMaker(data.sides, 8, 16, 0.8, transfer="mkl", drawn=False).make(2)
    assert later["a"].colours.shape == (8, 16, 16, 16, 3) and later["b"].colours is None


def test_the_jitter_ends_when_told(sets, tmp_path):
    data = open_pair(dict(zip("ab", sets, strict=True)), tmp_path, (16, 0.8), 0.0)
    ends, never = (BatchMaker(data.sides, 8, 16, 0.8, warp=Warp(jitter_steps=steps)) for steps in (3, None))
    assert (ends.make(2)["a"].inputs == never.make(2)["a"].inputs).all()
    after = ends.make(3)["a"]
    assert (after.inputs == after.targets).all() and (after.targets == never.make(3)["a"].targets).all()
    assert not (never.make(3)["a"].inputs == after.inputs).all()
    with pytest.raises(ValueError, match="jitter_steps"):
        Warp(jitter_steps=-1)


@pytest.mark.usefixtures("forked_workers")
def test_a_resumed_run_finds_the_same_colours(sets, tmp_path):
    settings = {"transfer": "reinhard", "warp": Warp(jitter_steps=4)}
    whole = train(sets, tmp_path / "whole", **settings)
    train(sets, tmp_path / "cut", iterations=4, workers=1, **settings)
    assert_same_run(whole, train(sets, tmp_path / "cut", **settings))
