from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from multiprocessing import active_children

import numpy as np
import pytest

from faceswap.engine.process_group import ProcessGroup
from faceswap.swap.data.batch_stream import BatchStream, WorkersDied, worker_count
from faceswap.swap.data.batches import BatchMaker, TrainingFaces
from faceswap.swap.data.pair_data import open_pair, split_by_time
from faceswap.utils.errors import UserError
from tests.swap.fakes import COLOUR, make_face_set


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    a, b = make_face_set(root / "a", 30, seed=1), make_face_set(root / "b", 5, size_px=48, seed=2)
    return open_pair({"a": a, "b": b}, root / "run", (16, 0.8), 0.1).sides


def maker(sides, **changes) -> BatchMaker:
    return BatchMaker(sides, batch_size=8, resolution=16, coverage=0.8, **{"colour": COLOUR, **changes})


def same(one, two) -> bool:
    return all(
        (getattr(one[side], name) == getattr(two[side], name)).all()
        for side in one
        for name in ("inputs", "targets", "masks")
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_neither_workers_nor_the_start_change_a_batch(sides, workers):
    plain = [maker(sides).make(number) for number in range(4)]
    with BatchStream(maker(sides), 1, workers) as stream:
        for wanted in plain[1:]:
            assert same(next(stream), wanted)
    assert not same(plain[0], plain[1])
    assert not same(plain[0], maker(sides, seed=1).make(0))


def test_every_face_appears_equally_often_even_in_a_tiny_set(sides):
    for side in sides.values():
        count = len(side.indices)
        seen = np.concatenate([side.faces_of(batch, 8, [0, 0]) for batch in range(count)])
        assert (np.bincount(seen, minlength=count)[side.indices] == 8).all()
    assert len(sides["b"].indices) < 8


def test_shapes_and_the_mask_that_no_colour_touches(sides):
    plain = maker(sides, colour=[]).make(3)["a"]
    coloured = maker(sides).make(3)["a"]
    assert plain.inputs.shape == (8, 16, 16, 3) and plain.masks.shape == (8, 16, 16)
    assert (plain.masks == coloured.masks).all()
    assert not (plain.targets == coloured.targets).all()


@pytest.mark.parametrize("drawn", [True, False])
def test_each_process_of_several_makes_its_part_of_one_batch(sides, drawn):
    whole = maker(sides, drawn=drawn, transfer="mkl").make(3)
    parts = [
        replace(maker(sides, drawn=drawn, transfer="mkl"), batch_size=4, processes=ProcessGroup(r, 2)).make(3)
        for r in (0, 1)
    ]
    for side in "ab":
        for name in ("inputs", "targets", "masks") if drawn else ("faces", "grids", "colours"):
            both = np.concatenate([getattr(part[side], name) for part in parts])
            assert (both == getattr(whole[side], name)).all(), name


def test_the_cache_itself_is_never_coloured(sides):
    before = np.array(sides["a"].crops)
    maker(sides, transfer="reinhard").make(0)
    assert (before == sides["a"].crops).all()


@pytest.mark.usefixtures("forked_workers")
def test_a_dead_worker_is_said_in_one_line(sides):
    with BatchStream(maker(sides), 0, 1) as stream:
        next(stream)
        os.kill(next(iter(stream._pool._processes)), signal.SIGKILL)
        with pytest.raises(UserError, match="workers=0"):
            for _ in range(20):
                next(stream)


def test_workers_hear_no_signal_from_their_first_moment_on(sides, capfd):
    def signal_them_all():
        while not over.wait(0.002):
            for child in active_children():
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.kill(child.pid, signal.SIGINT)
                    os.kill(child.pid, signal.SIGTERM)

    over = threading.Event()
    sender = threading.Thread(target=signal_them_all)
    sender.start()
    try:
        with BatchStream(maker(sides), 0, 2) as stream:
            assert all(same(next(stream), maker(sides).make(number)) for number in range(6))
    finally:
        over.set()
        sender.join()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set(), "this process still hears them"
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.usefixtures("forked_workers")
def test_one_dead_worker_takes_the_others_along(sides):
    with BatchStream(maker(sides), 0, 2) as stream:
        next(stream)
        victim, other = sorted(active_children(), key=lambda process: process.pid)
        os.kill(other.pid, signal.SIGSTOP)  # as one that waits for a lock which nobody gives back
        os.kill(victim.pid, signal.SIGKILL)
        with pytest.raises(WorkersDied):
            for _ in range(20):
                next(stream)
    assert not active_children()


def test_the_last_part_of_the_time_is_held_out():
    training, held = split_by_time(200, 0.05)
    assert held.tolist() == list(range(190, 200)) and training.tolist() == list(range(190))
    training, held = split_by_time(8, 0.5)
    assert len(training) == 8 and len(held) == 0


@pytest.mark.parametrize(("counts", "share"), [((40, 14), 0.05), ((14, 40), 0.05), ((200, 20), 0.01)])
def test_few_faces_of_one_side_hold_none_of_the_other_out(tmp_path, caplog, counts, share):
    sets = [make_face_set(tmp_path / f"set{place}", count, 32) for place, count in enumerate(counts)]
    with caplog.at_level(logging.INFO):
        data = open_pair(dict(zip("ab", sets, strict=True)), tmp_path / "run", (16, 0.8), share)
    assert tuple(len(side.indices) for side in data.sides.values()) == counts
    assert not any(len(views) for views in data.held_out.values())
    assert f"set0 {counts[0]} and set1 {counts[1]}" in caplog.text


def test_worker_counts():
    assert worker_count(None, on_gpu=False) == 0
    assert worker_count(3, on_gpu=False) == 3
    assert 1 <= worker_count(None, on_gpu=True) <= 8
    assert worker_count(None, on_gpu=True, sharing=1000) == 1


def test_a_side_travels_to_a_worker_without_its_pixels(sides):
    import pickle

    side = sides["a"]
    _ = side.crops
    assert len(pickle.dumps(side)) < 2000
    assert isinstance(pickle.loads(pickle.dumps(side)), TrainingFaces)
