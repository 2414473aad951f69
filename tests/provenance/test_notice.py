"""Whatever is made says so: every picture and film, in every format, from every place that writes one."""

import ast
import re
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import faceswap
from faceswap.media.pictures.images import encode_image, write_image
from faceswap.media.presentation import SideBySide
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import writer_for
from faceswap.provenance.notice import made_with_ai
from tests.media.made_films import Film, make_film, picture

PNG = b"\x89PNG\r\n\x1a\n"
ROOM = Path(faceswap.__file__).parent
WRITERS = {"write_image", "encode_image", "encode_made", "writer_for", "VideoWriter", "ImageWriter", "side_by_side"}
AS_THEY_WERE = {  # pictures of a source as it was, or none at all
    "curation/repair/repair.py": "crops of a film",
    "extraction/contact_sheet.py": "crops of a film",
    "extraction/source_extraction.py": "crops of a film",
    "lookalike/sheet.py": "crops of photos",
    "studio/shared/thumbnails.py": "a cache of small copies for its pages",
    "stylegan/editing/sheets.py": "a page, which says it in words, of a photo and of differences",
}


def calls():
    """Every call in the package that writes a picture or a film: (file, line, the call's named arguments)."""
    for path in sorted(ROOM.rglob("*.py")):
        name = str(path.relative_to(ROOM))
        if name.startswith("media/"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        checks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "check"}
        for node in ast.walk(tree):
            called = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and called in WRITERS and id(node) not in checks:
                yield name, node.lineno, called, {keyword.arg for keyword in node.keywords}


def test_every_place_that_writes_pictures_says_what_they_are():
    silent = [f"{name}:{line} {called}" for name, line, called, named in calls() if "metadata" not in named]
    assert [place for place in silent if place.split(":")[0] not in AS_THEY_WERE] == []
    assert len(list(calls())) > 15  # or the names above are no longer those of the writers


def said_by(path: Path) -> str:
    """All metadata of a picture or film, as one text."""
    if path.suffix in (".png", ".jpg", ".webp"):
        with Image.open(path) as image:
            return " ".join(map(str, [*image.info.values(), *image.getexif().values()]))
    if path.suffix in (".tif", ".exr"):
        return path.read_bytes().decode(errors="replace")
    with av.open(str(path)) as film:
        return " ".join(film.metadata.values())


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_every_format_of_pictures_holds_it(tmp_path, suffix):
    about = made_with_ai("the faces in this picture were drawn", "model x")
    write_image(tmp_path / f"a{suffix}", picture(20, 16), metadata=about)
    (tmp_path / f"b{suffix}").write_bytes(encode_image(picture(20, 16), suffix, metadata=about))
    for name in "ab":
        assert "Made with AI: the faces in this picture were drawn by faceswap" in said_by(tmp_path / f"{name}{suffix}")


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv"])
def test_every_format_of_films_holds_it(tmp_path, suffix):
    source = make_film(tmp_path / "in.mp4", Film(sound=()))
    info = probe(source)
    about = made_with_ai("the faces in this work were swapped")
    with writer_for(info, tmp_path / f"out{suffix}", metadata=about) as writer:
        for frame in read_frames(info):
            writer.write(frame)
    both = SideBySide(probe(source), probe(tmp_path / f"out{suffix}"), metadata=about).write(tmp_path / f"both{suffix}")
    for path in (tmp_path / f"out{suffix}", both):
        assert "Made with AI" in said_by(path)


def test_previews_of_a_training_hold_it(tmp_path):
    from faceswap.swap.runs.run_log import RunLog

    with RunLog(tmp_path, 0, "") as journal:
        path = journal.preview(np.zeros((16, 16, 3), np.uint8), 5)
        other = journal.preview(np.zeros((16, 16, 3), np.uint8), 5, "judged")
    for picture_path in (path, other):
        assert "Made with AI" in said_by(picture_path)
    (events,) = tmp_path.rglob("events*")
    content = events.read_bytes()
    for number, start in enumerate(found.start() for found in re.finditer(re.escape(PNG), content)):
        (tmp_path / f"{number}.png").write_bytes(content[start:])
        assert "Made with AI" in said_by(tmp_path / f"{number}.png")
    assert number == 1
