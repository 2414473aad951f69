from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from faceswap.compositing.blenders import PoissonBlender
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.results import report_path
from faceswap.core.values import Decoded
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.utils.errors import Interrupted, UserError
from tests.compositing.clips import centre, convert_video, write_face_set, write_film
from tests.compositing.fakes import IdentitySwapper, TintSwapper, smooth_picture

FRAMES = 40
NO_FACE = range(20, 40)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "a = b (1).mp4", FRAMES)


@pytest.fixture(scope="module")
def faces(film: Path, tmp_path_factory) -> Path:
    return write_face_set(
        tmp_path_factory.mktemp("faces") / "clip", film, [i for i in range(FRAMES) if i not in NO_FACE]
    )


def _streams(path: Path) -> tuple[int, int, float, bytes]:
    """Frames, audio packets, last presentation time and all audio bytes."""
    with av.open(str(path)) as container:
        sound = b"".join(bytes(packet) for packet in container.demux(audio=0) if packet.size)
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    return len(times), len(sound), times[-1], sound


def _temps(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "part" in path.name]


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name in ("decode", "find", "model", "blend")]


def test_a_film_keeps_frames_times_and_sound_and_says_what_it_is(film: Path, faces: Path, tmp_path: Path) -> None:
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", faces=faces, colour=NoColour())
    assert out == tmp_path / "out.mp4"
    assert _streams(out) == _streams(film)
    with av.open(str(out)) as container:
        assert "Made with AI" in container.metadata["comment"]
        assert "identity" in container.metadata["made_with_ai"]
    report = json.loads(report_path(out).read_text())
    assert (report["frames"], report["faces"], report["frames_without_face"]) == (FRAMES, 20, 20)
    assert report["seconds"] > 0 and report["frames_per_second"] > 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.mp4", "out.mp4.report.json"] and not _threads()


def test_faces_are_swapped_where_they_are_and_nowhere_else(film: Path, faces: Path, tmp_path: Path) -> None:
    parts = {"faces": faces, "colour": NoColour(), "crf": 1, "fade_frames": 0, "sharpen": 0.0, "grain": False}
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", **parts)
    for before, after in zip(read_frames(film), read_frames(out), strict=True):
        difference = np.abs(after.image.astype(int) - before.image).max(-1)
        x, y = (round(c) for c in centre(before.index))
        if before.index in NO_FACE:
            assert difference.max() < 12  # the encoder's loss alone
        else:
            assert difference[y - 10 : y + 10, x - 10 : x + 10].min() > 12
            assert difference[:40].max() < 12 and difference[:, :60].max() < 12


def test_identity_film_is_the_film(film: Path, faces: Path, tmp_path: Path) -> None:
    out = convert_video(film, IdentitySwapper(128), tmp_path / "out.mp4", faces=faces, crf=1)
    for before, after in zip(read_frames(film), read_frames(out), strict=True):
        assert np.abs(after.image.astype(int) - before.image).mean() < 1.5


def test_a_range(film: Path, faces: Path, tmp_path: Path) -> None:
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mkv", faces=faces, start=10, stop=25)
    assert _streams(out)[0] == 15
    report = json.loads(report_path(out).read_text())
    assert (report["frames"], report["faces"], report["start"], report["stop"]) == (15, 10, 10, 25)


def test_images_become_images(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for i in range(3):
        write_image(folder / f"{i}.png", smooth_picture(300 + 20 * i, 240, i))
    faces = write_face_set(tmp_path / "faces" / "shots", folder, [0, 2])
    out = convert_video(folder, TintSwapper(64), tmp_path / "out", faces=faces, colour=NoColour())
    assert sorted(p.name for p in out.iterdir()) == ["0.png", "1.png", "2.png", "report.json"]
    for i in range(3):
        before, after = read_image(folder / f"{i}.png"), read_image(out / f"{i}.png")
        assert np.array_equal(before, after) == (i == 1)

    one = convert_video(folder / "0.png", TintSwapper(64), tmp_path / "one.png", faces=faces, colour=NoColour())
    np.testing.assert_array_equal(read_image(one), read_image(out / "0.png"))
    assert report_path(one).is_file()
    globbed = convert_video(tmp_path / "shots" / "*.png", TintSwapper(64), tmp_path / "globbed", faces=faces)
    assert len(list(globbed.glob("*.png"))) == 3


class _Breaks(TintSwapper):
    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 2:
            raise self.error  # type: ignore[attr-defined]
        return super().swap(views, to)


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), UserError("no such face")])
def test_a_failing_stage_ends_all_and_leaves_nothing(film: Path, faces: Path, tmp_path: Path, error) -> None:
    swapper = _Breaks(64)
    swapper.error = error  # type: ignore[attr-defined]
    with pytest.raises(type(error), match=str(error)):
        convert_video(film, swapper, tmp_path / "out.mp4", faces=faces, batch_size=4)
    assert not list(tmp_path.iterdir()) and not _threads()


def test_libraries_leave_the_cores_to_the_stages(film: Path, faces: Path, tmp_path: Path) -> None:
    seen = []

    class Watching(TintSwapper):
        def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
            seen.append(cv2.getNumThreads())
            return super().swap(views, to)

    before = cv2.getNumThreads()
    cv2.setNumThreads(8)
    try:
        convert_video(film, Watching(64), tmp_path / "out.mp4", faces=faces)
        assert {*seen} == {2} and cv2.getNumThreads() == 8
    finally:
        cv2.setNumThreads(before)


def test_ctrl_c_in_the_middle_leaves_nothing(film: Path, faces: Path, tmp_path: Path) -> None:
    class Slow(TintSwapper):
        def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
            time.sleep(0.3)
            return super().swap(views, to)

    alarm = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    alarm.start()
    try:
        with pytest.raises(Interrupted, match=r"stopped after \d+ frames; .*out.mp4 was not written"):
            convert_video(film, Slow(64), tmp_path / "out.mp4", faces=faces, batch_size=1)
    finally:
        alarm.cancel()
    assert not list(tmp_path.iterdir()) and not _threads()


def test_ctrl_c_within_a_stage_leaves_nothing(film: Path, faces: Path, tmp_path: Path) -> None:
    swapper = _Breaks(64)
    swapper.error = KeyboardInterrupt()  # type: ignore[attr-defined]
    with pytest.raises(Interrupted, match=r"out.mp4 was not written"):
        convert_video(film, swapper, tmp_path / "out.mp4", faces=faces, batch_size=4)
    assert not list(tmp_path.iterdir()) and not _threads()


def test_an_earlier_result_stays_when_convert_fails(film: Path, faces: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"earlier")
    swapper = _Breaks(64)
    swapper.error = UserError("no")  # type: ignore[attr-defined]
    with pytest.raises(UserError):
        convert_video(film, swapper, out, faces=faces, batch_size=4)
    assert out.read_bytes() == b"earlier" and not _temps(tmp_path)


def test_a_diverged_model_is_told(film: Path, faces: Path, tmp_path: Path) -> None:
    class Diverged(IdentitySwapper):
        def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
            return Decoded(np.full((*views.shape[:3], 3), np.nan, np.float32), None)

    with pytest.raises(UserError, match="another checkpoint"):
        convert_video(film, Diverged(64), tmp_path / "out.mp4", faces=faces)


def test_no_face_anywhere_is_told(film: Path, tmp_path: Path, caplog) -> None:
    faces = write_face_set(tmp_path / "faces", film, [1000])
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", faces=faces)
    assert "no face in any frame" in caplog.text
    assert json.loads(report_path(out).read_text())["frames_without_face"] == FRAMES


def test_side_by_side(film: Path, faces: Path, tmp_path: Path) -> None:
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", faces=faces, start=5, stop=17, side_by_side=True)
    both = out.with_name("out.side_by_side.mp4")
    frames = list(read_frames(both))
    assert len(frames) == 12 and frames[0].width >= 2 * 320
    assert _streams(both)[1] > 0
    with av.open(str(both)) as container:
        assert "identity (iteration 7, run nobody)" in container.metadata["made_with_ai"]


def test_without_faces_or_finder(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="extract it first"):
        convert_video(film, TintSwapper(64), tmp_path / "out.mp4")


def test_batches_do_not_change_the_result(film: Path, faces: Path, tmp_path: Path) -> None:
    """Frames' pixels do not depend on how faces were gathered for the model."""
    settings = {"faces": faces, "mask": HullMask(), "blender": PoissonBlender(), "crf": 1, "stop": 12}
    one = convert_video(film, TintSwapper(64), tmp_path / "one.mp4", batch_size=1, **settings)
    many = convert_video(film, TintSwapper(64), tmp_path / "many.mp4", batch_size=7, **settings)
    for a, b in zip(read_frames(one), read_frames(many), strict=True):
        # x264 itself varies by a level or two from run to run
        assert np.abs(a.image.astype(int) - b.image).max() <= 6


def test_a_face_that_is_lost_within_a_shot_is_faded_out(film: Path, faces: Path, tmp_path: Path) -> None:
    parts = {"faces": faces, "colour": NoColour(), "crf": 1, "start": 14, "stop": 22}
    popped, faded = (
        convert_video(film, TintSwapper(64), tmp_path / f"{count}.mp4", fade_frames=count, **parts) for count in (0, 3)
    )
    shares = []
    for before, whole, part in zip(read_frames(film, 14, 22), read_frames(popped), read_frames(faded), strict=True):
        x, y = (round(c) for c in centre(before.index))
        spot = np.s_[y - 10 : y + 10, x - 10 : x + 10]
        change = (whole.image.astype(float) - before.image)[spot]
        shares.append(((part.image - before.image.astype(float))[spot] * change).sum() / max((change**2).sum(), 1e4))
    assert shares[:6] == pytest.approx([1, 1, 1, 0.84, 0.5, 0.16], abs=0.08)  # nothing at the start: it is the film's


def test_strength_goes_along_its_keyframes(film: Path, faces: Path, tmp_path: Path) -> None:
    parts = {"faces": faces, "colour": NoColour(), "crf": 0, "stop": 20}
    whole = [
        f.image.astype(float) for f in read_frames(convert_video(film, TintSwapper(64), tmp_path / "a.mp4", **parts))
    ]
    course = "{0: 1, 10: 0.5, 19: 0}"
    part = convert_video(film, TintSwapper(64), tmp_path / "b.mp4", strength=course, **parts)
    for before, full, after in zip(read_frames(film, stop=20), whole, read_frames(part), strict=True):
        x, y = (round(c) for c in centre(before.index))
        spot = np.s_[y - 10 : y + 10, x - 10 : x + 10]
        change = (full - before.image)[spot]
        share = ((after.image - before.image.astype(float))[spot] * change).sum() / (change**2).sum()
        assert share == pytest.approx(np.interp(before.index, (0, 10, 19), (1, 0.5, 0)), abs=0.06)
    report = json.loads(report_path(part).read_text())
    assert report["frames_without_face_at"] == ["19"] and report["frames_faded"] == 0
    with pytest.raises(UserError, match="frame 99 is past the end"):
        convert_video(film, TintSwapper(64), tmp_path / "c.mp4", strength={0: 1, 99: 0}, faces=faces)
