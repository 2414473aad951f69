"""Reading ahead: order, errors and a clean end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from faceswap.find.ahead import read_ahead


def test_items_come_in_order() -> None:
    assert list(read_ahead(range(100), 3)) == list(range(100))
    assert list(read_ahead([], 3)) == []


def test_errors_come_in_their_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("broken")

    ahead = read_ahead(items(), 3)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="broken"):
        next(ahead)


def test_no_more_than_depth_are_made_in_advance_and_closing_ends_the_thread() -> None:
    made = []

    def items() -> Iterator[int]:
        for item in range(1000):
            made.append(item)
            yield item

    threads = threading.active_count()
    ahead = read_ahead(items(), 4)
    next(ahead)
    time.sleep(0.3)
    assert len(made) <= 1 + 4 + 1
    ahead.close()  # type: ignore[attr-defined]
    assert threading.active_count() == threads
