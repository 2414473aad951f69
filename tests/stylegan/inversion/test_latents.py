"""Codes: the file of an inverted photo, and their smoothing along a film's tracks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.core.values import Frame
from faceswap.stylegan.inversion.latents import CodedFrame, Latent, smoothed_codes
from faceswap.stylegan.inversion.pivotal_tuning import Tuning
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.errors import UserError
from tests.stylegan.tiny import tiny_generator

IMAGE = np.zeros((4, 4, 3), np.uint8)


def latent(generator, tuning=None):
    rows = torch.arange(8 * 32, dtype=torch.float32).view(8, 32)
    points = np.random.default_rng(0).random((68, 2)).astype(np.float32)
    matrix = np.array([[0.5, 0.1, 3], [-0.1, 0.5, 4]])
    return Latent(rows, generator_hash(generator), matrix, points, 32, "/photos/a.jpg", {"loss": 0.25}, tuning)


@pytest.mark.parametrize("rank", [0, 2])
def test_a_latent_goes_through_its_file(tmp_path, rank):
    generator = tiny_generator()
    own = latent(generator, Tuning.of(generator, rank) if rank else None)
    own.save(tmp_path / "a.latent.safetensors")
    again = Latent.load(tmp_path / "a.latent.safetensors", generator)
    torch.testing.assert_close(again.rows, own.rows)
    np.testing.assert_array_equal(again.frame_to_crop, own.frame_to_crop)
    np.testing.assert_array_equal(again.points, own.points)
    assert (again.source, again.size_px, again.losses) == ("/photos/a.jpg", 32, {"loss": 0.25})
    assert (again.tuning is not None) == bool(rank)


def test_it_is_refused_elsewhere_and_when_damaged(tmp_path):
    generator, path = tiny_generator(), tmp_path / "a.latent.safetensors"
    with pytest.raises(UserError, match="no inverted photo"):
        Latent.load(path, generator)
    latent(generator).save(path)
    with pytest.raises(UserError, match="another generator"):
        Latent.load(path, tiny_generator(1))
    whole = path.read_bytes()
    for cut in (0, 5, 100, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UserError, match="inverted photo"):
            Latent.load(path, generator)


def film(codes, tracks=None):
    frames = [Frame(IMAGE, index, index / 25) for index in range(len(codes))]
    tracks = tracks or [0] * len(codes)
    none = torch.zeros(0)
    for frame, code, track in zip(frames, codes, tracks, strict=True):
        here = [] if track is None else [track]
        yield CodedFrame(frame, [], here, torch.full((1, 2, 2), float(code)) if here else none)


def smooth(codes, frames, tracks=None):
    return [float(one.rows.mean()) if len(one.rows) else None for one in smoothed_codes(film(codes, tracks), frames)]


@settings(max_examples=40)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.integers(0, 5), st.floats(-3, 3))
def test_smoothing_keeps_order_count_range_and_shifts(codes, frames, shift):
    smoothed = smooth(codes, frames)
    assert len(smoothed) == len(codes)
    assert min(codes) - 1e-4 <= min(smoothed) and max(smoothed) <= max(codes) + 1e-4
    np.testing.assert_allclose(smooth([code + shift for code in codes], frames), np.array(smoothed) + shift, atol=1e-4)


def test_it_takes_the_trembling_out():
    codes = np.random.default_rng(0).normal(size=60)
    assert np.abs(np.diff(smooth(codes, 4))).mean() < 0.3 * np.abs(np.diff(codes)).mean()


def test_nothing_is_mixed_across_tracks_and_gaps():
    assert smooth([0, 0, 1, 1], 2, [0, 0, 1, 1]) == [0, 0, 1, 1]
    assert smooth([0, 0, 9, 1, 1], 3, [0, 0, None, 0, 0]) == [0, 0, None, 1, 1]
    assert smooth([0, 1], 0) == [0, 1]


@pytest.mark.parametrize(
    "changes",
    [{"frame_to_crop": np.zeros((2, 3))}, {"frame_to_crop": np.array([[1.0, 2, 0], [2, 4, 0]])},
     {"points": np.full((68, 2), 1e30, np.float32)}, {"losses": {"loss": 10**400}}],
)  # fmt: skip
def test_a_latent_that_lies_nowhere_is_refused(tmp_path, changes):
    generator, path = tiny_generator(), tmp_path / "a.latent.safetensors"
    replace(latent(generator), **changes).save(path)
    with pytest.raises(UserError, match="cannot read the inverted photo"):
        Latent.load(path, generator)
