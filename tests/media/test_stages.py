from __future__ import annotations

import threading
import time

import pytest

from faceswap.media.stages import Stage


def _alive() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("test-")}


def test_hands_on_everything_in_order() -> None:
    with Stage(range(100), 3, "test-a") as first, Stage((2 * x for x in first), 3, "test-b") as second:
        assert list(second) == list(range(0, 200, 2))
    assert not _alive()


def test_never_runs_far_ahead() -> None:
    drawn = []

    def source():
        for i in range(1000):
            drawn.append(i)
            yield i

    with Stage(source(), 4, "test-a") as stage:
        taken = iter(stage)
        next(taken)
        time.sleep(0.3)
        assert len(drawn) <= 1 + 4 + 1  # taken, waiting, in hand
    assert not _alive()


def test_stages_overlap() -> None:
    """Two stages that wait for each other's start can only end when both run at once."""
    barrier = threading.Barrier(2, timeout=5)

    def source():
        yield 1
        barrier.wait()
        yield 2

    with Stage(source(), 1, "test-a") as stage:
        items = iter(stage)
        assert next(items) == 1
        barrier.wait()
        assert next(items) == 2


def test_an_error_reaches_the_consumer_after_the_items_before_it() -> None:
    def source():
        yield 1
        raise OSError("disk on fire")

    seen = []
    with (
        pytest.raises(OSError, match="disk on fire"),
        Stage(source(), 2, "test-a") as first,
        Stage((x for x in first), 2, "test-b") as second,
    ):
        seen.extend(second)
    assert seen == [1] and not _alive()


def test_leaving_early_ends_threads_and_closes_generators() -> None:
    closed = threading.Event()

    def source():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    with (
        pytest.raises(KeyboardInterrupt),
        Stage(source(), 2, "test-a") as first,
        Stage((x for x in first), 2, "test-b") as second,
    ):
        next(iter(second))
        raise KeyboardInterrupt
    assert closed.is_set() and not _alive()
