"""Frames that a face set was not made of: searched, or refused with the way out, never left as filmed in silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.face_sources.coverage import Coverage, finder_of, ranges
from faceswap.compositing.face_sources.face_source import WantedFaces
from faceswap.compositing.face_sources.filling import face_source_for
from faceswap.core.face_set import FaceSet
from faceswap.core.taken_out import write_other_people
from faceswap.core.values import Face, Frame
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.compositing.clips import centre, convert_video, write_face_set, write_film
from tests.compositing.fakes import TintSwapper, face_points

FRAMES = 20


class Seeing:
    """A finder that knows where the face is, in all frames but `blind`; `seen` notes what it was shown."""

    batch_size, description = 4, "seeing"

    def __init__(self, blind: Sequence[int] = (), beside: Sequence[int] = ()) -> None:
        self._blind, self._beside, self.seen = blind, beside, []  # type: ignore[var-annotated]

    def prepare(self, source: object) -> None: ...

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        self.seen += [frame.index for frame in frames]
        return [self._faces(frame.index) for frame in frames]

    def _faces(self, index: int) -> list[Face]:
        faces = [] if index in self._blind else [Face.from_points(face_points(centre(index), 70))]
        return faces + ([Face.from_points(face_points((270, 180), 60))] if index in self._beside else [])


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", FRAMES, sound=False)


def made_of(folder: Path, film: Path, frames: Sequence[int], **report: object) -> Path:
    write_face_set(folder, film, list(frames))
    (folder / "report.json").write_text(json.dumps({"source": str(film), **report}))
    return folder


def locate(film: Path, faces: Path, finder: object, **how: object) -> list[list]:
    wanted = replace(WantedFaces(fill_frames=10), **how)  # type: ignore[arg-type]
    face_source = face_source_for(probe(film), faces, finder, wanted)  # type: ignore[arg-type]
    return [found for _, found in face_source.locate(read_frames(film))]


@pytest.mark.parametrize(
    ("frames", "report"),
    [
        (range(8), {"stop": 8}), (range(5, 12), {"start": 5, "stop": 12}), (range(12, FRAMES), {"start": 12}),
        (range(0, FRAMES, 6), {"every": 6}), (range(2, 9, 3), {"every": 3, "start": 2, "stop": 10}),
    ],
)  # fmt: skip
def test_every_frame_has_its_face_whatever_the_set_was_made_of(film, tmp_path, frames, report) -> None:
    for at, faces in enumerate(locate(film, made_of(tmp_path / "set", film, frames, **report), Seeing())):
        assert len(faces) == 1
        np.testing.assert_allclose(faces[0].points.mean(0), face_points(centre(at), 70).mean(0), atol=4)


def test_frames_that_the_set_was_made_of_are_not_searched(film, tmp_path) -> None:
    finder = Seeing(beside=range(FRAMES))
    found = locate(film, made_of(tmp_path / "set", film, range(8), stop=8), finder)
    assert finder.seen == list(range(8, FRAMES)) and [len(faces) for faces in found] == [1] * 8 + [2] * 12
    assert {face.track for faces in found[8:] for face in faces}.isdisjoint({face.track for face in found[0]})
    finder = Seeing()
    locate(film, made_of(tmp_path / "whole", film, range(FRAMES), start=0, stop=None, every=1), finder)
    assert not finder.seen


def test_a_face_between_two_looked_at_frames_is_swapped_too(film, tmp_path) -> None:
    found = locate(film, made_of(tmp_path / "set", film, range(0, FRAMES, 5), every=5), Seeing(beside=[6, 7, 8]))
    assert [len(faces) for faces in found] == [1] * 6 + [2] * 3 + [1] * 11
    assert {faces[0].track for faces in found[:16]} == {0}  # one track, also where the finder corrects its place


def test_others_stay_as_filmed_between_looked_at_frames_when_some_were_chosen(film, tmp_path) -> None:
    faces = made_of(tmp_path / "set", film, range(0, FRAMES, 5), every=5)
    found = locate(film, faces, Seeing(beside=range(FRAMES)), tracks=[0])
    assert [len(faces) for faces in found] == [1] * FRAMES


@pytest.mark.parametrize("how", ["tracks", "keep", "curated"])
def test_who_is_who_in_other_frames_is_not_guessed(film, tmp_path, how) -> None:
    faces = made_of(tmp_path / "set", film, range(8), stop=8, **({"keep": "somebody"} if how == "keep" else {}))
    if how == "curated":
        file = FaceSet.open(faces).records[0].file
        (faces / file).unlink()
        write_other_people(faces, {file})
    with pytest.raises(UserError, match=r"frames 0 to 7.*only some people.*restart=true.*stop="):
        locate(film, faces, Seeing(), tracks=[0] if how == "tracks" else None)
    assert face_source_for(probe(film), faces, None, WantedFaces(stop=8))


def test_a_set_of_an_unknown_finder_is_refused_with_the_ways_out(film, tmp_path) -> None:
    faces = made_of(tmp_path / "set", film, range(8), stop=8, finder="clip.npz 1234")
    with pytest.raises(UserError, match=r"frames 0 to 7; .*faces=set and finder=.*restart=true.*start=, stop="):
        locate(film, faces, None)


def test_a_stopped_extraction_is_refused(film, tmp_path) -> None:
    faces = made_of(tmp_path / "set", film, range(8), completed=False)
    with pytest.raises(UserError, match=r"was stopped before its end; give that command again"):
        locate(film, faces, Seeing())


def test_the_finder_of_the_set_is_made_again_within_bounds() -> None:
    finder = BuiltinFinder(detect_side_px=900, minimum_score=0.3, refinements=3)
    again = finder_of(FaceSet(Path("x"), [], {"finder": finder.description}))
    assert again.description == finder.description
    hostile = finder_of(FaceSet(Path("x"), [], {"finder": "builtin x, every 999999, 999999 px, > 0.5, looks 99999"}))
    assert "every 100, 4096 px, > 0.5, looks 8" in hostile.description
    assert isinstance(finder_of(FaceSet(Path("x"), [], {"finder": "builtin of another version"})), BuiltinFinder)


def test_the_report_names_frames_without_a_swapped_face_and_a_warning_counts_them(film, tmp_path, caplog) -> None:
    faces = made_of(tmp_path / "set", film, range(8), stop=8)
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", faces=faces, finder=Seeing([10, 11, 12, 15]))
    report = json.loads((tmp_path / "out.mp4.report.json").read_text())
    assert out.is_file() and report["frames_without_face"] == 4 and report["frames_found_anew"] == 12
    assert report["frames_without_face_at"] == ["10-12", "15"] and "frames 0 to 7" in report["faces_from"]
    last = [record for record in caplog.records if record.levelname == "WARNING"][-1].getMessage()
    assert last.startswith("4 of 20 frames have no swapped face: 10-12, 15;")


@pytest.mark.parametrize(
    ("coverage", "start", "stop", "count", "reaches"),
    [
        (Coverage(), 0, None, None, True), (Coverage(stop=8), 0, None, None, False),
        (Coverage(stop=8), 0, None, 8, True), (Coverage(stop=8), 0, 9, 20, False), (Coverage(stop=8), 2, 8, None, True),
        (Coverage(start=3), 0, None, 20, False), (Coverage(start=3), 3, None, 20, True),
        (Coverage.of({"start": "x", "stop": True}), 0, None, 20, True),
    ],
)  # fmt: skip
def test_what_a_set_reaches_over(coverage, start, stop, count, reaches) -> None:
    assert coverage.reaches_over(start, stop, count) == reaches


def test_runs_of_frames() -> None:
    assert ranges([]) == [] and ranges([3, 4, 5, 9, 11, 12]) == ["3-5", "9", "11-12"]
