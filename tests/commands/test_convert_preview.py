"""python -m faceswap.convert preview= compare=: a page of frames as the film has them, and the lines that make it."""

import base64
import html
import io
import itertools
import re
import shlex
import shutil

import numpy as np
from PIL import Image

from faceswap.media.reading import read_frames
from tests.clips import make_clip
from tests.commands.conftest import one_line_error, run


def test_each_combination_is_what_its_line_makes(example):
    films = set((example.folder / "workspace").rglob("*.mp4"))
    compare = "compare=mask=hull,box colour=none,reinhard"
    ran = run("convert", "pair=craig_brosnan", "device=cpu", "preview=3", compare, cwd=example.folder)
    assert ran.path.parent.name == "out" and ran.path.suffix == ".html" and "_preview_3" in ran.path.name
    assert (
        set((example.folder / "workspace").rglob("*.mp4")) == films and ran.stderr.count("no consent is on record") == 1
    )
    page = ran.path.read_text()
    sections = page.split("<section")[1:]
    assert len(sections) == 4 and all(section.count("<figure") == 3 for section in sections)
    lines = [html.unescape(line) for line in re.findall(r"<code>(.*?)</code>", page)]
    assert len(set(lines)) == 4
    python, flag, module, *arguments = shlex.split(lines[3])
    assert (python, flag, module) == ("python", "-m", "faceswap.convert")
    film = run("convert", *arguments, "crf=0", cwd=example.folder).path
    frames = {str(frame.index): frame.image for frame in read_frames(film)}
    for index, data in re.findall(r'data-frame="(\d+)".*?base64,([^"]+)"', sections[3]):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int)
        height, width = picture.shape[:2]  # nearly the whole of so small a frame; JPEG and 4:2:0 differ a little
        down, right = (range(frames[index].shape[axis] - picture.shape[axis] + 1) for axis in (0, 1))
        off = [
            np.abs(frames[index][y : y + height, x : x + width] - picture).mean()
            for y, x in itertools.product(down, right)
        ]
        assert min(off) < 2.0


def test_what_cannot_be_previewed_is_one_line(example):
    for arguments, told in (
        (["compare=mask=hull,moustache"], "moustache"),
        (["compare=mask"], "NAME=VALUE"),
        (["preview=2", "out=film.mp4"], ".html"),
        (["preview=101"], "preview"),
    ):
        error = one_line_error(
            run("convert", "pair=craig_brosnan", "device=cpu", *arguments, cwd=example.folder, code=2)
        )
        assert told in error


def test_the_page_of_another_film_of_that_name_stays(example, tmp_path):
    films = [tmp_path / name / f"film.{name}" for name in ("mkv", "mov")]
    clip = make_clip(tmp_path, "film", 8)
    for film in films:
        film.parent.mkdir()
        shutil.copy(clip.video, film)
    found = ("finder=landmarks", f"finder.path={clip.landmarks}")
    said = ("convert", "pair=craig_brosnan", "device=cpu", "preview=1", "detail=none")
    said = (*said, f"workspace={example.folder / 'workspace'}")
    first = run(*said, f"video={films[0]}", *found, cwd=tmp_path).path
    before = first.read_bytes()
    error = one_line_error(run(*said, f"video={films[1]}", *found, cwd=tmp_path, code=2))
    assert "was made with video=" in error and first.read_bytes() == before
    assert run(*said, f"video={films[0]}", *found, cwd=tmp_path).path == first
