"""What a GPU draws of a batch's numbers is what a CPU draws; here on the CPU, where the same code runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.cli.composing.compose import compose_config
from faceswap.engine.accelerator import choose_accelerator
from faceswap.swap.data.batch_stream import BatchStream, WorkersDied
from faceswap.swap.data.batches import BatchMaker
from faceswap.swap.data.colour import ColourChange, colour_table, recolour_torch
from faceswap.swap.data.pair_data import open_pair
from faceswap.swap.data.prefetch import CudaPrefetcher, DeviceLoader
from tests.swap.fakes import COLOUR

CPU = choose_accelerator("cpu", "fp32")


@pytest.fixture(scope="module")
def sides(sets, tmp_path_factory):
    return open_pair(
        dict(zip("ab", sets, strict=True)), tmp_path_factory.mktemp("run"), (16, 0.8), 0.1, with_points=True
    ).sides


@pytest.mark.parametrize(("colour", "transfer"), [([], "none"), (COLOUR, "none"), (COLOUR, "reinhard"), ([], "mkl")])
def test_a_batch_drawn_on_the_device_is_the_same_batch(sides, colour, transfer):
    maker, later = (BatchMaker(sides, 8, 16, 0.8, colour=colour, drawn=d, transfer=transfer) for d in (True, False))
    loader = DeviceLoader(CPU, 16, sides)
    for side, batch in maker.make(2).items():
        here, there = loader.load(batch, side), loader.load(later.make(2)[side], side)
        for name in ("inputs", "targets", "masks"):
            one, other = getattr(here, name), getattr(there, name)
            assert one.shape == other.shape and one.dtype == other.dtype == torch.float32
            assert (one - other).abs().mean() < 3 / 255, name
            if transfer == "none":  # at hard edges it matters whether what is too bright is cut before the warp
                assert (one - other).abs().max() < 8 / 255, name
        assert (here.regions == there.regions).all() and len(here) == len(there) == 8


def test_a_feeder_gives_a_stream_s_batches_in_order_and_its_errors(sides):
    maker, loader = BatchMaker(sides, 4, 16, 0.8, drawn=False), DeviceLoader(CPU, 16, sides)
    with BatchStream(maker, 3, 0) as stream, CudaPrefetcher(stream, loader, CPU) as prefetcher:
        for number in (3, 4, 5):
            batch = next(prefetcher)
            assert all((batch[s].inputs == loader.load(maker.make(number)[s], s).inputs).all() for s in "ab")

    def dies():
        yield maker.make(0)
        raise WorkersDied("died")

    with CudaPrefetcher(dies(), loader, CPU) as prefetcher:
        next(prefetcher)
        with pytest.raises(WorkersDied):
            next(prefetcher)


def test_a_table_as_it_stands_changes_nothing():
    pictures = torch.rand(3, 2, 3, 8, 8)
    same = recolour_torch(pictures, torch.from_numpy(np.stack([colour_table()] * 3)))
    torch.testing.assert_close(same, pictures, atol=1e-5, rtol=0)


def test_every_face_has_its_own_table():
    swapped = colour_table()[..., ::-1].copy()  # red for blue
    pictures = torch.rand(2, 1, 3, 4, 4)
    drawn = recolour_torch(pictures, torch.from_numpy(np.stack([colour_table(), swapped])))
    torch.testing.assert_close(drawn, torch.stack([pictures[0], pictures[1].flip(1)]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["light", "strong"])
def test_the_shipped_colour_changes_fit_into_a_table(name):
    assert ColourChange(compose_config("train", [f"augment={name}"]).augment.colour).looks_at_pixels_alone()


@pytest.mark.parametrize("name", ["CLAHE", "GaussNoise", "Blur", "Equalize"])
def test_what_looks_around_a_pixel_does_not(name):
    assert not ColourChange([{"name": name, "kwargs": {"p": 0.5}}]).looks_at_pixels_alone()
    assert ColourChange().looks_at_pixels_alone()
