"""Results never cost the user a file, and what stands in their way is told first."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.targets import check_target, suffix_of
from faceswap.media.writing import writer_for
from faceswap.utils.errors import UserError
from faceswap.utils.files.temporary import temp_path
from tests.leftovers import left_by
from tests.media.made_films import Film, make_film, picture


@pytest.fixture
def shots(tmp_path):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "shots" / name, picture(20, 16))
    return tmp_path / "shots"


def checksums(folder):
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def write_result(source, out):
    info = probe(source)
    with writer_for(info, out) as writer:
        for frame in read_frames(info):
            writer.write(frame)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.heic", ".png"),
        ("a.avif", ".png"),
        ("a.tif", ".tif"),
        ("a.bmp", ".png"),
        ("a.JPG", ".jpg"),
        ("a.webp", ".webp"),
    ],
)
def test_a_picture_that_is_only_read_has_a_result_that_can_be_written(tmp_path, name, wanted):
    write_image(tmp_path / "a.png", picture(20, 16))
    (tmp_path / "a.png").rename(tmp_path / name)  # the content counts
    info = probe(tmp_path / name)
    assert suffix_of(info) == wanted
    write_result(tmp_path / name, tmp_path / f"result{suffix_of(info)}")
    assert read_image(tmp_path / f"result{wanted}").shape == (16, 20, 3)


@pytest.mark.parametrize("name", ["own.mp4", "linked.mp4", "hard.mp4", "shots/../own.mp4"])
def test_a_film_is_never_written_over_itself(tmp_path, shots, name):
    film = make_film(tmp_path / "own.mp4", Film(ticks=(0, 1)))
    (tmp_path / "linked.mp4").symlink_to(film)
    (tmp_path / "hard.mp4").hardlink_to(film)
    before = checksums(tmp_path)
    with pytest.raises(UserError, match="is the source"):
        write_result(film, tmp_path / name)
    assert checksums(tmp_path) == before


@pytest.mark.parametrize(
    ("source", "out", "reason"),
    [
        ("shots", "shots", "is the source"),
        ("shots/*.png", "shots", "holds the source"),
        ("shots", ".", "holds the source"),
        ("shots", "shots/new", "lies among the source's pictures"),
        ("shots/*.png", "shots/new", "lies among the source's pictures"),
        ("shots/a.png", "shots/a.png", "is the source"),
    ],
)
def test_pictures_are_never_replaced_by_their_results(tmp_path, shots, source, out, reason):
    before = checksums(tmp_path)
    with pytest.raises(UserError, match=reason):
        write_result(tmp_path / source, tmp_path / out)
    assert checksums(tmp_path) == before


def test_someones_pictures_of_the_same_names_are_no_earlier_result(tmp_path, shots):
    write_result(shots, tmp_path / "out")
    write_result(shots, tmp_path / "out")  # that is one
    (tmp_path / "out" / "report.json").unlink()
    before = checksums(tmp_path)
    with pytest.raises(UserError, match="holds other files"):
        write_result(shots, tmp_path / "out")
    assert checksums(tmp_path) == before


def test_pictures_laid_into_the_result_meanwhile_stay(tmp_path, shots):
    info = probe(shots)
    frames = list(read_frames(info))
    with pytest.raises(UserError, match="holds other files"), writer_for(info, tmp_path / "out") as writer:
        writer.write(frames[0])
        write_image(tmp_path / "out" / "holiday.png", picture(8, 8))
    assert read_image(tmp_path / "out" / "holiday.png").shape == (8, 8, 3)


@pytest.mark.parametrize("name", ["folder.mp4", f"{'x' * 260}.mp4", "file/out.mp4", "proc/no/x.mp4"])
def test_a_place_that_takes_no_film_is_told_in_one_line(tmp_path, name):
    film = probe(make_film(tmp_path / "in.mp4", Film(ticks=(0,))))
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").write_text("text")
    target = Path("/proc/no/x.mp4") if "proc/no" in name else tmp_path / name
    with pytest.raises(UserError, match=r"cannot write .*out="):
        check_target(target, film)


def test_a_source_with_a_name_too_long_is_told(tmp_path):
    with pytest.raises(UserError, match="file name too long"):
        probe(tmp_path / ("x" * 300))


@pytest.mark.parametrize("quality", [0, 101, 300])
def test_a_quality_beyond_the_scale_is_told(tmp_path, shots, quality):
    for source, out in ((shots, "out"), (shots / "a.png", "out.webp")):
        with pytest.raises(UserError, match="1 to 100"):
            writer_for(probe(source), tmp_path / out, quality=quality)


def test_what_a_killed_process_left_is_removed(tmp_path):
    film = probe(make_film(tmp_path / "in.mp4", Film(ticks=(0,))))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    out = tmp_path / "out.mp4"

    def part(process, stem="out"):
        path = left_by(out.with_name(f"{stem}.mp4"), process)
        path.write_bytes(b"half")
        return path

    dead, others, alive = part(gone.pid), part(gone.pid, "other"), temp_path(tmp_path / "another.mp4")
    alive.write_bytes(b"half")
    check_target(out, film)
    assert not dead.exists() and not others.exists() and alive.exists()
