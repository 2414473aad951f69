import logging

import numpy as np
import pytest
import torch

from faceswap.core.geometry import mean_face_in_crop
from faceswap.core.values import AlignedFace, Decoded
from faceswap.engine.accelerator import choose_accelerator
from faceswap.facenets.landmarks import LandmarkPrediction
from faceswap.swap.detail import choices
from faceswap.swap.detail.choices import NoDetail, Reference, Restore
from faceswap.swap.detail.network import DetailNet
from faceswap.swap.detail.references import References
from faceswap.swap.detail.refiner import SIZE_PX, Refiner, without_checkerboard

RESOLUTION = 32
POINTS = mean_face_in_crop(RESOLUTION) * np.float32(1.2) - np.float32(3)


class Reader:
    """Reads the points of the mean face, 8 px to the right of where they were filmed."""

    def window_of_points(self, points):
        return points

    def read(self, images, looks):
        return [LandmarkPrediction(look + np.float32([8, 0]), np.ones(68), 1.0, 0.0) for look in looks]


class Embedder:
    def __init__(self, vector):
        self.vector = np.asarray(vector, np.float32)

    def embed(self, images, points):
        return np.tile(self.vector, (len(images), 1))


@pytest.fixture
def network():
    torch.manual_seed(0)
    net = DetailNet(width=8, reference_width=8, deep_width=16, flow_width=8)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return net


def lent(count: int = 4) -> References:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (64, 64, 3)).astype(np.uint8) for _ in range(count)]
    return References(pictures, [mean_face_in_crop(64)] * count, np.float32([1, 0]))


def refiner(network, references=None, **more) -> Refiner:
    more = {"reader": Reader(), "embedder": Embedder([1, 0])} | more
    return Refiner(network, choose_accelerator("cpu", "fp32"), references, **more)


def faces(count: int = 2, masks: bool = True) -> tuple[list[AlignedFace], Decoded]:
    rng = np.random.default_rng(0)
    images = rng.random((count, RESOLUTION, RESOLUTION, 3), np.float32)
    matrix = np.array([[0.5, 0, 3], [0, 0.5, -7]])
    views = [AlignedFace((image * 255).astype(np.uint8), POINTS, matrix) for image in images]
    return views, Decoded(images, np.ones((count, RESOLUTION, RESOLUTION), np.float32) if masks else None)


@pytest.mark.parametrize("masks", [True, False])
def test_views_and_what_is_drawn_in_them_grow_alike(network, masks):
    views, decoded = faces(masks=masks)
    larger, sharp = refiner(network).refine(views, decoded, [0, 1], [0, 0])
    assert sharp.images.shape == (2, SIZE_PX, SIZE_PX, 3) and (sharp.masks is not None) == masks
    middle = np.float32([[(RESOLUTION - 1) / 2] * 2])
    for before, after in zip(views, larger, strict=True):
        assert after.size_px == SIZE_PX
        to_frame = [np.linalg.inv(np.vstack([v.frame_to_crop, [0, 0, 1]])) for v in (before, after)]
        centres = [m @ [*c, 1] for m, c in zip(to_frame, (middle[0], [(SIZE_PX - 1) / 2] * 2), strict=True)]
        np.testing.assert_allclose(*centres, atol=1e-6)
        spans = [np.ptp(v.points[:, 0]) / v.size_px for v in (before, after)]
        assert spans[0] == pytest.approx(spans[1], rel=1e-4)


def test_the_colours_that_were_drawn_stay(network):
    views, _ = faces(1)
    flat = np.full((1, RESOLUTION, RESOLUTION, 3), [0.6, 0.4, 0.2], np.float32)
    _, sharp = refiner(network, lent()).refine(views, Decoded(flat, None), [0], [0])
    assert np.abs(sharp.images.mean((0, 1, 2)) - [0.6, 0.4, 0.2]).max() < 0.1


def test_strength_scales_what_is_added(network):
    views, decoded = faces(1)
    whole, half = (refiner(network, strength=s).refine(views, decoded, [0], [0])[1].images for s in (1.0, 0.5))
    drawn = refiner(network, strength=1e-6).refine(views, decoded, [0], [0])[1].images
    inside = (whole > 0) & (whole < 1)
    np.testing.assert_allclose((half - drawn)[inside], (whole - drawn)[inside] / 2, atol=1e-4)


def test_where_points_were_drawn_is_followed_along_a_track_without_trembling(network):
    chosen = refiner(network, lent())
    first = chosen._steady(0, 0, np.full((68, 2), 8, np.float32))
    second = chosen._steady(0, 1, np.full((68, 2), 0, np.float32))
    assert first.max() == 8 and 0 < second.max() < 8
    assert chosen._steady(0, 9, np.zeros((68, 2), np.float32)).max() == 0  # after a gap nothing of it is left


@pytest.mark.parametrize(("vector", "theirs"), [([1, 0], True), ([0, 1], False)])
def test_references_of_somebody_else_are_told_of_once_and_lend_nothing(network, caplog, vector, theirs):
    chosen, alone = refiner(network, lent(), embedder=Embedder(vector)), refiner(network)
    for frame in range(2):
        sharp, restored = (one.refine(*faces(), [0, 1], [frame, frame])[1].images for one in (chosen, alone))
        assert (np.abs(sharp - restored).max() > 1e-3) == theirs
    assert caplog.text.count("look like somebody else than is drawn") == (not theirs)


def test_one_reference_serves(network):
    _, sharp = refiner(network, lent(1)).refine(*faces(), [0, 1], [0, 0])
    assert np.isfinite(sharp.images).all()


def test_none_leaves_faces_as_they_are(tmp_path):
    assert NoDetail().refiner(tmp_path, 96) is None


@pytest.mark.parametrize(
    ("resolution", "shipped", "told"), [(256, True, "draws 256 px"), (96, False, "no weights are shipped")]
)
def test_what_cannot_be_sharpened_is_left_in_one_line(tmp_path, monkeypatch, caplog, resolution, shipped, told):
    monkeypatch.setattr(choices, "listed", lambda: ("detail",) if shipped else ())
    assert Restore().refiner(tmp_path, resolution) is None
    assert told in caplog.text and len(caplog.records) == 1


@pytest.mark.parametrize("make_empty", [True, False])
def test_without_a_face_set_it_restores_and_says_so(tmp_path, monkeypatch, caplog, network, make_empty):
    monkeypatch.setattr(choices, "listed", lambda: ("detail",))
    monkeypatch.setattr("faceswap.facenets.loading.load_network", lambda *_: (network, torch.device("cpu")))
    folder = tmp_path / "anna"
    if make_empty:
        folder.mkdir()
        (folder / "alignments.jsonl").write_text("")
    with caplog.at_level(logging.WARNING):
        found = Reference().refiner(folder, 96, "cpu")
    assert found is not None and found._references is None
    (record,) = caplog.records
    assert "goes without references" in record.getMessage() and "anna" in record.getMessage()


@pytest.mark.parametrize("strength", [0, -1, 2.5, float("nan")])
def test_strength_is_checked(strength):
    with pytest.raises(ValueError, match=r"detail\.strength"):
        Restore(strength)


def test_a_large_batch_gives_the_same_pictures_in_parts(network, monkeypatch):
    drawn = np.random.default_rng(0).random((5, SIZE_PX, SIZE_PX, 3), np.float32)
    nothing = np.empty((5, 0, SIZE_PX, SIZE_PX, 3), np.uint8), np.empty((5, 0), np.float32)
    one = Refiner(network, choose_accelerator("cpu"))
    parts = one._sharp(drawn, *nothing)
    monkeypatch.setattr("faceswap.swap.detail.refiner.AT_ONCE", 8)
    np.testing.assert_allclose(parts, one._sharp(drawn, *nothing), atol=1e-5)


def test_the_grid_of_rearranged_pixels_is_taken_out_and_what_is_coarser_stays():
    grid = (np.indices((64, 64)).sum(0) % 2 * 2 - 1).astype(np.float32)[..., None].repeat(3, 2)
    assert np.abs(without_checkerboard(grid)[4:-4, 4:-4]).max() < 1e-6
    waves = np.sin(np.arange(64) * np.pi / 4).astype(np.float32)[None, :, None].repeat(64, 0).repeat(3, 2)
    kept = without_checkerboard(waves)
    assert 0.9 < kept[4:-4, 4:-4].std() / waves[4:-4, 4:-4].std() < 1.02
    flat = np.full((8, 8, 3), 0.25, np.float32)
    np.testing.assert_allclose(without_checkerboard(flat), flat, atol=1e-6)


def test_what_a_network_adds_has_no_checkerboard(network):
    views, decoded = faces()
    _, sharp = refiner(network).refine(views, decoded, [-1, -1], [0, 0])
    grid = np.indices((SIZE_PX, SIZE_PX)).sum(0) % 2 * 2 - 1
    plain = refiner(network, strength=0.0).refine(views, decoded, [-1, -1], [0, 0])[1]
    added = sharp.images - plain.images
    assert np.abs(added).max() > 0.02
    inner = np.s_[:, 8:-8, 8:-8]
    assert np.abs((added * grid[None, ..., None])[inner].mean((1, 2, 3))).max() < 2e-3
