"""Extract: what a face set holds, and that a kill at any moment costs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import ALIGNMENTS, CONTACT_SHEET, REPORT, FaceSet
from faceswap.core.geometry import align
from faceswap.core.values import Face
from faceswap.detect import protocol as finders
from faceswap.extraction import source_extraction
from faceswap.media.pictures.images import read_image
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.locks import LOCK, locked
from tests.extraction.made import COUNT, CUTS, MovingFinder, contents, extract_faces, face_at, frame_of, write_frames

ROOT = Path(__file__).resolve().parents[2]


def report(folder: Path) -> dict:
    return json.loads((folder / REPORT).read_text())


def test_a_face_set_holds_crops_alignments_a_sheet_and_a_report(whole: Path, pictures: Path) -> None:
    faces = FaceSet.open(whole)
    without = len(range(6, COUNT, 7))
    expected = COUNT - without + sum(1 for i in range(0, COUNT, 3) if i % 7 != 6)
    assert len(faces) == expected
    crops = sorted(path.name for path in whole.glob("0*.jpg"))
    assert crops == [record.file for record in faces.records]  # names sort by frame
    assert read_image(whole / CONTACT_SHEET).shape[1] == 8 * 128
    made = report(whole)
    assert made["source"] == str(pictures) and made["completed"] is True and made["finder"] == "made up"
    assert (made["frames"], made["faces"], made["frames_without_face"]) == (COUNT, expected, without)
    assert made["tracks"] == len({record.track for record in faces.records})
    assert {path.name for path in whole.iterdir()} == {*crops, ALIGNMENTS, CONTACT_SHEET, REPORT}


def test_a_record_describes_its_crop(whole: Path) -> None:
    record = FaceSet.open(whole).records[0]
    frame, face = frame_of(0), face_at(50, 60, 40)
    aligned = align(frame, face, 64)
    np.testing.assert_allclose(record.points, face.points, atol=1e-3)
    np.testing.assert_allclose(record.frame_to_crop, aligned.frame_to_crop, atol=1e-6)
    difference = read_image(whole / record.file).astype(int) - aligned.image
    assert np.abs(difference).mean() < 3  # JPEG
    assert (record.frame, record.time_seconds, record.score, record.size_px) == (0, 0.0, 0.9, 64)
    assert 0 <= record.blur <= 1 and abs(record.yaw) < 5 and abs(record.roll) < 1


def test_a_cut_ends_the_tracks(whole: Path) -> None:
    records = FaceSet.open(whole).records
    before = {record.track for record in records if record.frame < CUTS[0]}
    after = {record.track for record in records if record.frame >= CUTS[0]}
    assert before and after and not before & after
    walker = {record.track for record in records if record.frame < CUTS[0] and record.file.endswith("_00.jpg")}
    assert len(walker) == 1  # also over the frame in which nobody was seen


def test_a_complete_set_is_left_as_it_is(pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    (tmp_path / "walk" / "000000_00.jpg").unlink()  # a person threw one away
    before = contents(tmp_path / "walk")
    finder = MovingFinder()
    with caplog.at_level("INFO"):
        assert extract_faces(pictures, finder, tmp_path / "walk", size_px=64) == tmp_path / "walk"
    assert not finder.seen and "complete" in caplog.text
    assert contents(tmp_path / "walk") == before


@pytest.mark.parametrize("stop", [12, None])
@pytest.mark.parametrize(
    "change", [{"size_px": 128}, {"every": 2}, {"start": 1}, {"stop": 30}, {"image_format": "png"}, {"finder": "new"}]
)
def test_other_settings_are_refused_and_named(pictures: Path, tmp_path: Path, stop: int | None, change: dict) -> None:
    first, second = MovingFinder(fail_at=stop), MovingFinder()
    if stop:
        with pytest.raises(Interrupted):
            extract_faces(pictures, first, tmp_path / "walk", size_px=64)
    else:
        extract_faces(pictures, first, tmp_path / "walk", size_px=64)
    before = contents(tmp_path / "walk")
    name = next(iter(change))
    if name == "finder":
        second.description = "new"
        change = {}
    with pytest.raises(UserError, match=f"{name}=.*restart=true"):
        extract_faces(pictures, second, tmp_path / "walk", **({"size_px": 64} | change))
    assert contents(tmp_path / "walk") == before


def test_another_source_is_refused_and_restart_begins_anew(pictures: Path, tmp_path: Path) -> None:
    extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    (tmp_path / "walk" / "notes.txt").write_text("mine")
    other = write_frames(tmp_path / "other", 5)
    with pytest.raises(UserError, match="another source"):
        extract_faces(other, MovingFinder(), tmp_path / "walk", size_px=64)
    extract_faces(other, MovingFinder(), tmp_path / "walk", size_px=64, restart=True)
    assert {record.frame for record in FaceSet.open(tmp_path / "walk").records} == set(range(5))
    assert sorted(path.stem for path in (tmp_path / "walk").glob("0*.jpg"))[-1] == "000004_00"
    assert (tmp_path / "walk" / "notes.txt").read_text() == "mine"


def test_every_start_and_stop_choose_frames(pictures: Path, tmp_path: Path) -> None:
    finder = MovingFinder()
    extract_faces(pictures, finder, tmp_path / "walk", size_px=64, every=4, start=3, stop=30)
    assert finder.seen == list(range(3, 30, 4))
    again = MovingFinder(fail_at=18)
    with pytest.raises(Interrupted):
        extract_faces(pictures, again, tmp_path / "again", size_px=64, every=4, start=3, stop=30)
    extract_faces(pictures, MovingFinder(), tmp_path / "again", size_px=64, every=4, start=3, stop=30)
    assert contents(tmp_path / "again") == contents(tmp_path / "walk")


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_other_image_formats(pictures: Path, tmp_path: Path, image_format: str) -> None:
    folder = extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64, stop=2, image_format=image_format)
    assert FaceSet.open(folder).records[0].file == f"000000_00.{image_format}"


def test_few_large_frames_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finders, "LARGEST_BATCH_BYTES", 2 * frame_of(0).image.nbytes)
    finder = MovingFinder()
    drawn = [len(finder.seen) for _ in finders.find_in_batches(finder, (frame_of(i) for i in range(5)))]
    assert drawn == [2, 2, 4, 4, 5]


def test_of_a_crowd_the_largest_are_taken(caplog: pytest.LogCaptureFixture) -> None:
    class Crowd(MovingFinder):
        def _faces(self, index: int) -> list[Face]:
            return [face_at(5, 5, 20 + i % 300) for i in range(3000)]

    ((_, faces),) = finders.find_in_batches(Crowd(), [frame_of(0)])
    assert len(faces) == 200 and min(float(np.ptp(face.box[::2])) for face in faces) > 270
    assert "3000 faces in one frame: the 200 largest" in caplog.text


def test_small_faces_are_left_out(pictures: Path, tmp_path: Path) -> None:
    folder = extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64, minimum_face_px=44)
    assert len(FaceSet.open(folder)) == COUNT - len(range(6, COUNT, 7))  # the second face is 40 px


@pytest.mark.parametrize("x, y", [(0, 0), (159, 119), (-15, 60), (80, 130)])
def test_faces_at_the_border_get_a_crop(pictures: Path, tmp_path: Path, x: float, y: float) -> None:
    finder = MovingFinder()
    finder.find = lambda frames: [[face_at(x, y)] for _ in frames]  # type: ignore[method-assign]
    folder = extract_faces(pictures, finder, tmp_path / "walk", size_px=64, stop=3)
    assert read_image(folder / "000002_00.jpg").shape == (64, 64, 3)


def test_no_face_at_all_is_said_and_nothing_stays(pictures: Path, tmp_path: Path) -> None:
    finder = MovingFinder()
    finder.find = lambda frames: [[] for _ in frames]  # type: ignore[method-assign]
    with pytest.raises(UserError, match=f"no face found in .*walk \\({COUNT} frames"):
        extract_faces(pictures, finder, tmp_path / "walk", size_px=64)
    assert not (tmp_path / "walk").exists()


def test_a_finder_that_cannot_begin_leaves_nothing(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="weights"):
        extract_faces(pictures, MovingFinder(0, UserError("no weights")), tmp_path / "walk", size_px=64)
    assert not (tmp_path / "walk").exists()


def test_faces_are_not_laid_into_a_foreign_folder(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "walk").mkdir()
    (tmp_path / "walk" / ALIGNMENTS).write_text("precious\n")
    with pytest.raises(UserError, match="restart=true"):
        extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        extract_faces(pictures, MovingFinder(), tmp_path / "file", size_px=64)


def test_a_full_disk_is_one_line_and_the_run_goes_on_later(
    pictures: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def write(path: Path, image: np.ndarray, quality: int = 97) -> None:
        nonlocal written
        written += 1
        if written > 20:
            raise UserError(f"cannot write {path}: no space left on device")
        original(path, image, quality)

    original = source_extraction.write_image
    with monkeypatch.context() as patch:
        patch.setattr(source_extraction, "write_image", write)
        with pytest.raises(UserError, match="no space left"):
            extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    assert contents(tmp_path / "walk") == contents(whole)


@pytest.mark.parametrize(
    "wrong", [{"size_px": 8}, {"every": 0}, {"image_format": "gif"}, {"minimum_face_px": -1}, {"start": -1}]
)
def test_wrong_settings_are_named(pictures: Path, tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        extract_faces(pictures, MovingFinder(), tmp_path / "walk", **wrong)
    assert not (tmp_path / "walk").exists()


def test_a_face_set_that_is_being_written_is_left_alone(pictures: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "walk", "extracting into it"):
        for restart in (False, True):
            with pytest.raises(UserError, match="another process"):
                extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64, restart=restart)
        assert [path.name for path in (tmp_path / "walk").iterdir()] == [LOCK]


def test_a_complete_face_set_that_may_only_be_read_is_given_back(whole: Path, pictures: Path) -> None:
    with locked(whole, "reading it"):  # no lock is taken for it, so none of its files is touched
        assert extract_faces(pictures, MovingFinder(), whole, size_px=64) == whole


def test_a_file_in_the_way_of_the_workspace_is_told(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError) as caught:
        extract_faces(pictures, MovingFinder(), tmp_path / "file" / "faces" / "walk", size_px=64)
    assert "restart" not in str(caught.value) and "something else is there" in str(caught.value)
