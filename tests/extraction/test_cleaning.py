"""Only what the project's own records name is ever deleted or written over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.core.face_set import ALIGNMENTS, CONTACT_SHEET, REMOVED, REPORT, FaceSet
from faceswap.extraction import cleaning
from faceswap.extraction.cleaning import CLEARING, clear
from faceswap.extraction.journal import Journal
from faceswap.media.pictures.images import write_image
from faceswap.utils.errors import Interrupted, UserError
from tests.extraction.made import MovingFinder, extract_faces, write_frames

PHOTOS = ("20190101_123456.jpg", "20190101_123457.jpg", "000000_00.jpg")


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    return write_frames(tmp_path / "walk", 8)


class BlindFinder(MovingFinder):
    def _faces(self, index: int) -> list:
        return []


def photos_in(folder: Path, names: tuple[str, ...] = PHOTOS) -> dict[Path, bytes]:
    """Pictures that a camera may have called so, and their contents."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        write_image(folder / name, np.full((40, 60, 3), 40 * number, np.uint8))
    return contents(folder)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("finder", [BlindFinder(), MovingFinder()], ids=["no face", "faces"])
def test_a_folder_of_photos_is_no_target_of_its_own_faces(tmp_path: Path, finder: MovingFinder, restart: bool) -> None:
    before = photos_in(tmp_path / "faces" / "anna")
    (tmp_path / "link").symlink_to(tmp_path / "faces")
    for folder in (tmp_path / "faces" / "anna", tmp_path / "link" / "anna"):
        for source in (tmp_path / "faces" / "anna", tmp_path / "faces" / "anna" / PHOTOS[0]):
            with pytest.raises(UserError, match="choose another name="):
                extract_faces(source, finder, folder, size_px=64, restart=restart)
    assert contents(tmp_path / "faces") == before


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("place", [".", REMOVED])
def test_photos_are_not_written_over(walk: Path, tmp_path: Path, place: str, restart: bool) -> None:
    photos_in(tmp_path / "faces" / place)
    before = contents(tmp_path / "faces")
    with pytest.raises(UserError, match=r"000000_00.jpg and 2 more files would be written over"):
        extract_faces(walk, MovingFinder(), tmp_path / "faces", size_px=64, restart=restart)
    assert contents(tmp_path / "faces") == before


@pytest.mark.parametrize("name", [REPORT, CONTACT_SHEET])
def test_files_of_another_origin_are_not_written_over(walk: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / name).write_text("{}")
    with pytest.raises(UserError, match=name):
        extract_faces(walk, MovingFinder(), tmp_path / "faces", size_px=64, restart=True)
    assert (tmp_path / "faces" / name).read_text() == "{}"


def test_photos_laid_into_a_face_set_stay_when_it_is_made_anew(walk: Path, tmp_path: Path) -> None:
    folder = extract_faces(walk, MovingFinder(), tmp_path / "faces", size_px=64)
    photos_in(folder, PHOTOS[:1])
    before = contents(folder)
    with pytest.raises(UserError, match=PHOTOS[0]):  # told before anything is deleted
        extract_faces(walk, MovingFinder(), folder, size_px=96, restart=True)
    assert contents(folder) == before


def test_records_that_name_other_files_delete_none(tmp_path: Path) -> None:
    """A face set may come from anybody."""
    names = ["notes.txt", "../outside.jpg", ".hidden", "holiday.jpg", "000000_00.jpg"]
    (tmp_path / "set").mkdir()
    for name in names:
        (tmp_path / "set" / name).write_text(name)
    lines = [f'{{"file": "{name}"}}' for name in names] + ["{}", "[", '{"file": null}']
    (tmp_path / "set" / ALIGNMENTS).write_text("\n".join(lines))
    clear(tmp_path / "set")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [".hidden", "holiday.jpg", "notes.txt"]
    assert (tmp_path / "outside.jpg").exists()


@settings(max_examples=40)
@given(st.lists(st.from_regex(r"(s\d\d_)?[0-9]{4,8}_[0-9]{2,6}\.(jpg|png|webp|JPG)", fullmatch=True), max_size=8))
def test_whatever_lies_in_a_folder_that_is_no_face_set_stays(names: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        for name in (*names, REPORT, CONTACT_SHEET, f"{REMOVED}/{names[0] if names else 'x'}"):
            path = Path(place) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(name)
        before = contents(Path(place))
        clear(Path(place))
        assert contents(Path(place)) == before


def test_a_run_killed_while_it_deletes_goes_on_deleting(
    walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = extract_faces(walk, MovingFinder(), tmp_path / "faces", size_px=64)

    def killed(folder: Path, names: set[str]) -> None:
        (folder / min(names)).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(cleaning, "remove_crops", killed)
        extract_faces(walk, MovingFinder(), folder, size_px=64, restart=True)
    extract_faces(walk, MovingFinder(), folder, size_px=64)  # not "complete"
    assert not (folder / CLEARING).exists()
    assert len(FaceSet.open(folder)) == len(FaceSet.open(folder, with_deleted=True))


def test_crops_that_a_kill_left_without_a_record_go_with_the_set(walk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "faces"
    with pytest.raises(Interrupted):
        extract_faces(walk, MovingFinder(fail_at=6), folder, size_px=64)
    with Journal.resume(folder) as journal:  # killed between the crop and its record
        journal.plan(0, 7, 1)
    write_image(folder / "000007_00.jpg", np.zeros((64, 64, 3), np.uint8))
    extract_faces(walk, MovingFinder(), folder, size_px=64, restart=True, stop=3)
    assert {path.stem[:6] for path in folder.glob("0*.jpg")} == {"000000", "000001", "000002"}
