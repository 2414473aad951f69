"""What a face set may cost: only the memory-mapped file grows with it; and pictures with values that are no numbers."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from faceswap.core.face_set import ALIGNMENTS, FaceSet
from faceswap.swap.data import cache
from faceswap.swap.data.batches import BatchMaker
from faceswap.swap.data.cache import open_cache
from faceswap.swap.data.pair_data import open_pair
from faceswap.utils.errors import UserError
from tests.swap.fakes import make_face_set
from tests.swap.trained_runs import train

FACES = 600
OPENING_BYTES = 8_000  # of memory a face while a set is opened: its line of JSON and its record
TRAINING_BYTES = 100  # of memory a face while it trains: its number, and its place in the pass
CROP_BYTES = 25 * 25 * 4


def large_set(folder, count):
    """One drawn face, `count` times by hard links: each with an alignment of its own."""
    (record,) = FaceSet.open(make_face_set(folder, 1)).records
    lines = []
    for index in range(count):
        name = f"{index:06d}_00.png"
        if index:
            (folder / name).hardlink_to(folder / record.file)
        lines.append(replace(record, file=name, frame=index, points=record.points + 0.001 * index).to_json() + "\n")
    (folder / ALIGNMENTS).write_text("".join(lines))
    return folder


def test_only_the_memory_map_grows_with_a_face_set(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "Progress", _Silent)
    sets = large_set(tmp_path / "a", FACES), make_face_set(tmp_path / "b", 30)
    warm = open_pair({"a": sets[1], "b": sets[1]}, tmp_path / "warm", (16, 0.8), 0.05)
    BatchMaker(warm.sides, 8, 16, 0.8).make(0)  # imports what it needs
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        data = open_pair(dict(zip("ab", sets, strict=True)), tmp_path / "run", (16, 0.8), 0.05, with_points=True)
        opened, peak = (now - before for now in tracemalloc.get_traced_memory())
        maker = BatchMaker(data.sides, 8, 16, 0.8)
        tracemalloc.reset_peak()
        for number in range(3):
            maker.make(number)
        trained = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000 + FACES * OPENING_BYTES
    assert opened < 500_000 + FACES * TRAINING_BYTES < FACES * OPENING_BYTES
    assert trained < 3_000_000  # three batches
    assert open_cache(data.sides["a"].cache).nbytes == FACES * CROP_BYTES


def test_pictures_are_not_read_far_ahead_of_their_place_in_the_cache(tmp_path, monkeypatch):
    waiting = []
    monkeypatch.setattr(
        cache, "Progress", lambda *_: _Silent(on_advance=lambda: waiting.append(len(read) - len(waiting)))
    )
    read = []
    monkeypatch.setattr(
        cache, "face_with_mask", lambda faces, i, size, _: read.append(i) or np.zeros((size, size, 4), np.uint8)
    )
    faces = FaceSet.open(large_set(tmp_path / "a", 800))
    cache.cached_faces(faces, tmp_path / "cache", "a", 16)
    assert sorted(read) == list(range(800)) and max(waiting) <= cache._CHUNK_FACES


@pytest.mark.usefixtures("tiny_is_known")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of what becomes of such values
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_picture_of_no_numbers_is_one_line_or_a_picture(tmp_path, value):
    sets = make_face_set(tmp_path / "a", 3), make_face_set(tmp_path / "b", 3)
    Image.fromarray(np.full((64, 64), value, np.float32)).save(sets[0] / "odd.tif")
    (sets[0] / "odd.tif").replace(sets[0] / "000001_00.png")
    try:
        run = train(sets, tmp_path / "run", iterations=2)
    except UserError as error:
        assert "000001_00.png" in str(error) and "\n" not in str(error)
    else:
        assert np.isfinite(list(json.loads((run / "report.json").read_text())["losses"].values())).all()


class _Silent:
    def __init__(self, *about, on_advance=lambda: None):
        self._on_advance = on_advance

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def advance(self):
        self._on_advance()
