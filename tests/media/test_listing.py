"""Whatever reads a folder of pictures sees the person's own, not what programs lay beside them."""

from pathlib import Path

import pytest

from faceswap.core.face_set import ALIGNMENTS, CONTACT_SHEET, REMOVED
from faceswap.media.listing import list_pictures
from faceswap.media.pictures.images import write_image
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.media.made_films import picture

OWN = ("2.png", "10.jpg", "sub/3.png")
OTHERS = (
    ".hidden.png", "._2.png", "Thumbs.db", ".DS_Store", "notes.txt", "__MACOSX/2.png", "__MACOSX/sub/._3.png",
    "sub/.thumbs/3.png", "@eaDir/2.png", "set/" + CONTACT_SHEET, f"set/{REMOVED}/000001_00.jpg", "run/previews/1.jpg",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*OWN, *OTHERS, "set/000000_00.jpg"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".png", ".jpg") and "._" not in name:
            write_image(path, picture(8, 8))
        else:
            path.write_bytes(b"\0")
    (tmp_path / "data" / "set" / ALIGNMENTS).touch()
    (tmp_path / "data" / "run" / "config.yaml").touch()
    return tmp_path / "data"


def names(folder: Path, files: tuple[Path, ...]) -> list[str]:
    return [str(file.relative_to(folder)) for file in files]


def test_only_the_persons_own_pictures_are_listed(folder: Path) -> None:
    assert names(folder, list_pictures(folder)) == ["2.png", "10.jpg"]
    assert names(folder, list_pictures(folder, recursive=True)) == ["2.png", "10.jpg", "set/000000_00.jpg", "sub/3.png"]


def test_a_face_set_as_a_source_is_its_faces(folder: Path) -> None:
    for text in (folder / "set", folder / "set" / "*.jpg"):
        assert [file.name for file in probe(text).files] == ["000000_00.jpg"]


def test_a_pattern_passes_over_them_too(folder: Path) -> None:
    found = names(folder, probe(folder / "**" / "*.*").files)
    assert found == ["2.png", "10.jpg", "set/000000_00.jpg", "sub/3.png"]


def test_a_contact_sheet_of_somebody_else_is_a_picture(tmp_path: Path) -> None:
    write_image(tmp_path / CONTACT_SHEET, picture(8, 8))
    assert [file.name for file in list_pictures(tmp_path)] == [CONTACT_SHEET]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the folder"):
        list_pictures(tmp_path / "gone")
