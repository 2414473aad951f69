"""A run that is stopped and goes on ends as one that never was, with a finder that remembers, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import REPORT, FaceSet
from faceswap.core.values import Frame
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.extraction import source_extraction
from faceswap.extraction.journal import JOURNAL
from faceswap.facenets.landmarks import LandmarkPrediction
from faceswap.media.sources import SourceInfo
from faceswap.utils.errors import Interrupted, UserError
from tests.detect.builtin.world import Places, World
from tests.extraction.made import extract_faces, source_of

COUNT = 46


def two_people_and_a_guest(index: int) -> Places:
    """Two who pass each other, and one who comes later between two searches of the detector."""
    people = {"a": (60 + 4.0 * index, 120, 60), "b": (260 - 4.0 * index, 126, 56)}
    return people | ({"c": (160, 40, 40)} if index > 31 else {})


class Remembering(World):
    """What is read depends on where one looks, so on all that was read before."""

    def __init__(self, stop: int | None = None) -> None:
        super().__init__(two_people_and_a_guest, lambda index: "b" if index % 9 == 5 else (), lambda index: index // 30)
        self.stop = stop

    def _reading(self, index: int, look: np.ndarray) -> LandmarkPrediction:
        if index == self.stop:
            self.stop = None
            raise KeyboardInterrupt
        seen = super()._reading(index, look)
        drift = np.sin(1000 * look[:, 2]).astype(np.float32)  # as rounding and noise do
        return LandmarkPrediction(seen.points + drift, seen.visible, seen.score, seen.spread)


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SourceInfo]:
    """Two films of the made-up world."""

    def read(info: SourceInfo, start: int, stop: int | None) -> Iterator[Frame]:
        yield from (World(two_people_and_a_guest, shots=lambda i: i // 30).frame(i) for i in range(start, COUNT))

    monkeypatch.setattr(source_extraction, "read_frames", read)
    for name in ("one", "two"):
        (tmp_path / f"{name}.mp4").write_text(name)
    return [source_of(tmp_path / f"{name}.mp4", size=(320, 240), frame_count=COUNT) for name in ("one", "two")]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != REPORT}


def extracted(films: Sequence[SourceInfo], folder: Path, stop: int | None = None, **settings: int) -> Path:
    finder = BuiltinFinder(_networks=Remembering(stop).networks, batch_size=4)
    return extract_faces(films, finder, folder, size_px=64, minimum_face_px=8, **settings)


@pytest.mark.parametrize("smooth_frames", [0, 3])
@pytest.mark.parametrize("stops", [(1,), (3, 4), (17,), (22, 23), (31, 33), (45,)])
def test_several_people_of_a_film_are_followed_on(
    films: list[SourceInfo], tmp_path: Path, stops: tuple[int, ...], smooth_frames: int
) -> None:
    whole = extracted(films[:1], tmp_path / "whole", smooth_frames=smooth_frames)
    assert len({record.track for record in FaceSet.open(whole).records}) >= 3
    for stop in stops:
        with pytest.raises(Interrupted):
            extracted(films[:1], tmp_path / "again", stop, smooth_frames=smooth_frames)
    extracted(films[:1], tmp_path / "again", smooth_frames=smooth_frames)
    assert contents(tmp_path / "again") == contents(whole)


@pytest.mark.parametrize("smooth_frames", [0, 2])
def test_a_second_film_is_gone_on_with_too(films: list[SourceInfo], tmp_path: Path, smooth_frames: int) -> None:
    whole = extracted(films, tmp_path / "whole", smooth_frames=smooth_frames)
    records = FaceSet.open(whole).records
    assert {record.source for record in records} == {0, 1}
    assert not {r.track for r in records if r.source == 0} & {r.track for r in records if r.source == 1}
    assert [source.path.name for source in FaceSet.open(whole).sources] == ["one.mp4", "two.mp4"]

    class SecondStops(Remembering):
        def detect(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
            if self.stop is None and self.searched and self.searched[-1] > 40:  # the second film begins
                self.stop = 22
            return super().detect(images)

    world = SecondStops()
    with pytest.raises(Interrupted):
        finder = BuiltinFinder(_networks=world.networks, batch_size=4)
        extract_faces(films, finder, tmp_path / "again", size_px=64, minimum_face_px=8, smooth_frames=smooth_frames)
    extracted(films, tmp_path / "again", smooth_frames=smooth_frames)
    assert contents(tmp_path / "again") == contents(whole)


@pytest.mark.parametrize("old, new", [('"followed":[{', '"followed":[7,{'), ('"next":', '"nxt":'), ('"last":', '"l":'),
                                      ('"source":', '"source":1e999,"s":')])  # fmt: skip
def test_a_journal_that_somebody_changed_is_one_line(
    films: list[SourceInfo], tmp_path: Path, old: str, new: str
) -> None:
    with pytest.raises(Interrupted):
        extracted(films[:1], tmp_path / "walk", 22)
    journal = tmp_path / "walk" / JOURNAL
    assert old in journal.read_text()
    journal.write_text(journal.read_text().replace(old, new))
    with pytest.raises(UserError, match=r"restart=true") as caught:
        extracted(films[:1], tmp_path / "walk")
    assert "\n" not in str(caught.value)


def test_a_kill_after_the_set_was_whole_leaves_no_journal(films: list[SourceInfo], tmp_path: Path) -> None:
    folder = extracted(films[:1], tmp_path / "faces")
    (folder / JOURNAL).write_text("{}\n")
    extracted(films[:1], folder)
    assert not (folder / JOURNAL).exists()
