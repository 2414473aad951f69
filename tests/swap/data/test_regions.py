from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from faceswap.core.geometry import mean_face_in_crop
from faceswap.swap.data.batches import BatchMaker
from faceswap.swap.data.pair_data import open_pair
from faceswap.swap.data.regions import regions_in_view
from faceswap.swap.data.warp import Warp, still
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from tests.swap.trained_runs import train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


def test_regions_lie_on_eyes_and_mouth():
    points = (mean_face_in_crop(64) + 0.5) / 64
    drawn = regions_in_view(points, still(1.0), 64)
    seen = np.round(points * 64 - 0.5).astype(int)
    for part, channel in ((slice(36, 48), 0), (slice(48, 68), 1)):
        x, y = seen[part].T
        assert (drawn[y, x, channel] > 128).all() and (drawn[y, x, 1 - channel] == 0).all()
    assert 0.005 < (drawn[..., 0] > 128).mean() < 0.06


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_regions_follow_the_target(sets, tmp_path, flip):
    data = open_pair(dict(zip("ab", sets, strict=True)), tmp_path, (64, 0.8), 0.0, with_points=True)
    maker = BatchMaker(data.sides, 8, 64, 0.8, warp=Warp(flip=flip))
    batch = maker.make(0)["a"]
    assert batch.regions.shape == (8, 64, 64, 2)
    painted = BatchMaker(data.sides, 8, 64, 0.8, warp=Warp(flip=flip), drawn=False).make(0)["a"]
    assert (painted.regions == batch.regions).all()
    for target, regions in zip(batch.targets.astype(float), batch.regions, strict=True):
        skin = np.median(target[28:36, 28:36].reshape(-1, 3), 0)
        dots = (np.abs(target - skin).sum(-1) > 60) & (regions.max(-1) > 128)
        assert dots.sum() > 20, "the drawn eyes and mouth are not under their maps"


def test_a_mistake_in_an_eye_counts_as_much_as_told():
    targets = torch.zeros(1, 3, 16, 16)
    images = targets.clone()
    images[..., 4, 4] = 1
    mask, regions = torch.ones(1, 1, 16, 16), torch.zeros(1, 2, 16, 16)
    regions[:, 0, 4, 4] = 1
    plain = ReconstructionLoss(dssim=0, mask=0)(images, None, targets, mask, regions)["l1"]
    raised = ReconstructionLoss(dssim=0, mask=0, eyes=5)(images, None, targets, mask, regions)["l1"]
    torch.testing.assert_close(plain, torch.tensor(1 / 256))
    torch.testing.assert_close(raised, torch.tensor(5 / 260))


def test_two_windows_are_the_mean_of_both():
    images, targets, mask = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    only = [ReconstructionLoss(dssim_window_px=size)(images, None, targets, mask)["dssim"] for size in (11, 21)]
    both = ReconstructionLoss(dssim_second_px=21)(images, None, targets, mask)["dssim"]
    torch.testing.assert_close(both, (only[0] + only[1]) / 2)


def test_a_run_with_priority(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2, loss=ReconstructionLoss(eyes=3, mouth=2, dssim_second_px=7))
    assert np.isfinite(json.loads((run / "report.json").read_text())["losses"]["loss"])
