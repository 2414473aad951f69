"""Segments put together are the film that one run writes, wherever it was stopped."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap.compositing.conversion import Conversion
from faceswap.compositing.results import report_path
from faceswap.compositing.segments.order import Order, Unit
from faceswap.compositing.segments.work_folder import work_path
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.utils.errors import Interrupted, UserError
from tests.compositing.clips import content_of, convert_video, write_face_set, write_film
from tests.compositing.fakes import TintSwapper, smooth_picture
from tests.media.made_films import Film, make_film

FRAMES, LENGTH = 60, 40
ORDER = Order({"crf": 18})
SHORT = 12  # frames of a segment of layers


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "b.mp4", FRAMES)


@pytest.fixture(scope="module")
def faces(film: Path, tmp_path_factory) -> Path:
    return write_face_set(tmp_path_factory.mktemp("faces") / "b", film, list(range(FRAMES - 8)))


def _convert(film: Path, faces: Path, out: Path, order: Order = ORDER, **settings) -> Path:
    return convert_video(
        film, TintSwapper(64), out, faces=faces, segment_frames=LENGTH, order=order, preset="ultrafast", **settings
    )


def _stop_after(monkeypatch, count: int) -> None:
    """Let Ctrl-C come when so many frames are blended that are to be seen, once."""
    blend, left = Conversion._blend, [count]

    def stopped(self, item, is_shown):
        left[0] -= is_shown
        if left[0] == 0:
            raise KeyboardInterrupt
        return blend(self, item, is_shown)

    monkeypatch.setattr(Conversion, "_blend", stopped)


def _streams(path: Path) -> list[tuple]:
    """All packets: stream, times and bytes."""
    with av.open(str(path)) as film:
        return [(one.stream.index, one.pts, one.dts, one.duration, bytes(one)) for one in film.demux()]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_a_stopped_conversion_goes_on_and_its_film_is_the_same(suffix, film, faces, tmp_path, monkeypatch) -> None:
    whole = _convert(film, faces, tmp_path / f"whole{suffix}")
    out = tmp_path / f"out{suffix}"
    with monkeypatch.context() as stopping:
        _stop_after(stopping, 60)
        with pytest.raises(Interrupted, match=rf"{out} was not written; .*goes on.*: {LENGTH} frames are kept"):
            _convert(film, faces, out)
    assert not out.exists() and work_path(out).is_dir()
    _convert(film, faces, out)
    assert _streams(out) == _streams(whole)
    report, told = (json.loads(report_path(path).read_text()) for path in (out, whole))
    assert report.pop("frames_kept") == LENGTH
    changing = ("seconds", "frames_per_second", "out")
    assert {**report, **dict.fromkeys(changing)} == {**told, **dict.fromkeys(changing)}
    assert told["frames"] == FRAMES and told["frames_without_face"] == 8
    assert not list(tmp_path.glob(".*"))


def test_a_film_in_segments_is_the_film_at_once(film, faces, tmp_path) -> None:
    """What is steadied looks at so many frames around each as a segment has with its run-up."""
    at_once = convert_video(film, TintSwapper(64), tmp_path / "once.mp4", faces=faces, crf=0, preset="ultrafast")
    joined = _convert(film, faces, tmp_path / "joined.mp4", crf=0)
    with av.open(str(at_once)) as one, av.open(str(joined)) as other:
        for a, b in zip(one.streams, other.streams, strict=True):
            assert (a.duration, a.frames, a.time_base) == (b.duration, b.frames, b.time_base)
        sound = [[(p.pts, bytes(p)) for p in film.demux(audio=0)] for film in (one, other)]
        assert sound[0] == sound[1]
    for a, b in zip(read_frames(at_once), read_frames(joined), strict=True):
        assert a.seconds == b.seconds
        difference = np.abs(a.image.astype(int) - b.image)
        assert difference.max() <= 1


def test_outside_the_faces_a_lossless_film_in_segments_is_the_film(film, faces, tmp_path) -> None:
    joined = _convert(film, faces, tmp_path / "joined.mkv", codec="ffv1")
    changed = [(a.image != b.image).any(-1) for a, b in zip(read_frames(film), read_frames(joined), strict=True)]
    assert np.mean([one.any() for one in changed]) > 0.8 and max(one.mean() for one in changed) < 0.1
    assert not np.any([one[:, :20] for one in changed])


def test_a_part_of_a_film_with_times_of_its_own(tmp_path) -> None:
    """Variable rate, rotation, another colour matrix: what a writer of the whole would keep."""
    ticks = tuple(np.cumsum(1001 + 37 * (np.arange(70) % 5)).tolist())
    odd = Film(ticks, Fraction(1, 30000), (192, 160), colour=(2, 6, 6, 6), rotation=90, sound_seconds=2.4)
    film = make_film(tmp_path / "odd.mp4", odd)
    faces = write_face_set(tmp_path / "faces" / "odd", film, list(range(70)))
    how = {"start": 3, "stop": 66, "crf": 0}
    at_once = convert_video(film, TintSwapper(64), tmp_path / "once.mp4", faces=faces, preset="ultrafast", **how)
    joined = _convert(film, faces, tmp_path / "joined.mp4", **how)
    with av.open(str(at_once)) as one, av.open(str(joined)) as other:
        a, b = one.streams.video[0], other.streams.video[0]
        assert (a.duration, a.time_base, a.codec_context.colorspace, a.codec_context.color_range) == (
            b.duration, b.time_base, b.codec_context.colorspace, b.codec_context.color_range
        )  # fmt: skip
        times = [[frame.pts for frame in film.decode(video=0)] for film in (one, other)]
        assert times[0] == times[1] and len({*np.diff(times[0])}) > 1


def test_segments_made_one_by_one_in_any_order_are_the_same(film, faces, tmp_path) -> None:
    whole = _convert(film, faces, tmp_path / "whole.mp4")

    def spread(folder, numbers, passed, here) -> None:
        for number in reversed(numbers[1:]):
            _convert(film, faces, tmp_path / "out.mp4", Order(unit=Unit(folder.path, [number])))
            passed(LENGTH)
        here(numbers[0], passed)

    out = _convert(film, faces, tmp_path / "out.mp4", Order({"crf": 18}, spread))
    assert _streams(out) == _streams(whole)


def test_other_settings_begin_anew(film, faces, tmp_path, monkeypatch, caplog) -> None:
    out = tmp_path / "out.mp4"
    with monkeypatch.context() as stopping, pytest.raises(Interrupted):
        _stop_after(stopping, 60)
        _convert(film, faces, out)
    _convert(film, faces, out, Order({"crf": 20}), crf=20)
    assert "made with other settings or inputs (crf): begun anew" in caplog.text
    assert "frames_kept" not in report_path(out).read_text()
    assert _streams(out) == _streams(_convert(film, faces, tmp_path / "whole.mp4", crf=20))


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "record"])
def test_a_damaged_segment_is_made_again(damage, film, faces, tmp_path, monkeypatch, caplog) -> None:
    out = tmp_path / "out.mp4"
    with monkeypatch.context() as stopping, pytest.raises(Interrupted):
        _stop_after(stopping, 60)
        _convert(film, faces, out)
    part = work_path(out) / "segment_00000.nut"
    content = part.read_bytes()
    if damage == "gone":
        part.unlink()
    elif damage == "record":
        part.with_suffix(".json").write_text('{"number": 0, "part": {"name": "../../out.mp4"}}')
    else:
        part.write_bytes(content[:-9] if damage == "cut" else content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    _convert(film, faces, out)
    assert "is damaged: its frames from 0 on are made again" in caplog.text
    assert _streams(out) == _streams(_convert(film, faces, tmp_path / "whole.mp4"))


@pytest.mark.parametrize("kind", ["link", "file"])
def test_something_else_in_the_work_folders_place_is_refused(kind, film, faces, tmp_path) -> None:
    out, elsewhere = tmp_path / "out.mp4", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "link":
        work_path(out).symlink_to(elsewhere)
    else:
        work_path(out).write_text("mine")
    with pytest.raises(UserError, match=f"is a {kind}, .*delete it"):
        _convert(film, faces, out)
    assert not out.exists() and not list(elsewhere.iterdir()) and work_path(out).exists()


def test_a_full_disk_keeps_the_segments_before_it(film, faces, tmp_path, monkeypatch) -> None:
    from faceswap.media import parts

    out, write, count = tmp_path / "out.mp4", parts.FilmPart.write, [0]

    def written(self, frame) -> None:
        count[0] += 1
        if count[0] == 50:
            raise OSError(28, "No space left on device", str(self._part_path))
        write(self, frame)

    with monkeypatch.context() as full:
        full.setattr(parts.FilmPart, "write", written)
        with pytest.raises(UserError, match="no space left on device; free some space"):
            _convert(film, faces, out)
    assert {path.name for path in work_path(out).iterdir()} == {"order.json", "segment_00000.nut", "segment_00000.json"}
    _convert(film, faces, out)
    assert json.loads(report_path(out).read_text())["frames_kept"] == LENGTH


def test_a_folder_of_pictures_goes_on_too(tmp_path, monkeypatch) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    for number in range(40):
        write_image(shots / f"{number:02d}.png", smooth_picture(160, 120, number))
    (shots / "07.png").write_bytes(b"no picture")
    faces = write_face_set(tmp_path / "faces" / "shots", shots, [1, 9, 30])

    def made(out: Path) -> dict[str, bytes]:
        return {path.name: read_image(path).tobytes() for path in out.glob("*.png")}

    def convert(out: Path) -> Path:
        return convert_video(shots, TintSwapper(64), out, faces=faces, segment_frames=16, order=ORDER)

    whole = made(convert(tmp_path / "whole"))
    assert len(whole) == 39
    with monkeypatch.context() as stopping, pytest.raises(Interrupted):
        _stop_after(stopping, 20)
        convert(tmp_path / "out")
    assert made(convert(tmp_path / "out")) == whole and not list(tmp_path.glob(".*"))


def _convert_layers(film: Path, faces: Path, out: Path, order: Order = ORDER, codec: str = "auto") -> Path:
    """Convert two segments that are as short as can be: nothing is steadied over time."""
    off = dict.fromkeys(("smooth_frames", "smooth_drawn", "smooth_colour", "fade_frames"), 0)
    return convert_video(
        film, TintSwapper(64), out, faces=faces, segment_frames=SHORT, order=order, preset="ultrafast",
        output=("film", "mask", "patch"), stop=2 * SHORT, codec=codec, **off,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out/x_%04d.png"])
def test_stopped_layers_go_on_and_are_the_same(name, film, faces, tmp_path, monkeypatch) -> None:
    codec = "prores_4444" if name == "out.mov" else "auto"
    _convert_layers(film, faces, tmp_path / "whole" / name, codec=codec)
    with monkeypatch.context() as stopping, pytest.raises(Interrupted, match=f": {SHORT} frames are kept"):
        _stop_after(stopping, SHORT + 6)
        _convert_layers(film, faces, tmp_path / "again" / name, codec=codec)
    assert [path.suffix for path in (tmp_path / "again").iterdir()] == [".work"]
    out = _convert_layers(film, faces, tmp_path / "again" / name, codec=codec)
    assert json.loads(report_path(out).read_text())["frames_kept"] == SHORT
    made, whole = (content_of(tmp_path / folder) for folder in ("again", "whole"))
    assert made == whole and len([path for path in made if path.match("out.patch/*.json")]) == 2 * SHORT
    assert not list((tmp_path / "again").glob(".*"))


def test_layers_made_one_by_one_in_any_order_are_the_same(film, faces, tmp_path) -> None:
    _convert_layers(film, faces, tmp_path / "whole" / "out.mkv")
    out = tmp_path / "parts" / "out.mkv"

    def spread(folder, numbers, passed, here) -> None:
        _convert_layers(film, faces, out, Order(unit=Unit(folder.path, numbers[1:])))
        here(numbers[0], passed)

    _convert_layers(film, faces, out, Order({"crf": 18}, spread))
    assert content_of(tmp_path / "parts") == content_of(tmp_path / "whole")


@pytest.mark.parametrize("damaged", ["segment_00000_mask.nut", "segment_00000_patch/000003.png"])
def test_a_damaged_layer_is_made_again(damaged, film, faces, tmp_path, monkeypatch, caplog) -> None:
    out = tmp_path / "again" / "out.mp4"
    with monkeypatch.context() as stopping, pytest.raises(Interrupted):
        _stop_after(stopping, SHORT + 6)
        _convert_layers(film, faces, out)
    part = work_path(out) / damaged
    part.write_bytes(part.read_bytes()[:-9])
    _convert_layers(film, faces, out)
    assert "is damaged: its frames from 0 on are made again" in caplog.text
    _convert_layers(film, faces, tmp_path / "whole" / "out.mp4")
    assert content_of(tmp_path / "again") == content_of(tmp_path / "whole")
