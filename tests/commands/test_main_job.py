"""extract, train, convert: what each leaves where other programs look for it."""

import json
import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from faceswap.media.pictures.images import read_image
from tests.commands.conftest import FAST, SMALL, one_line_error, run, run_process
from tests.processes import running


def frames_and_sound(path):
    with av.open(str(path)) as container:
        frames = sum(1 for _ in container.decode(video=0))
        sound = [bytes(packet) for packet in container.demux(audio=0) if packet.size] if container.streams.audio else []
        return frames, sound, dict(container.metadata)


def test_extract_leaves_a_face_set(example):
    folder = example.folder / "workspace" / "faces" / "craig"
    lines = [json.loads(line) for line in (folder / "alignments.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(14))
    assert {"frame", "time_seconds", "box", "points", "frame_to_crop", "score", "track"} <= set(lines[0])
    assert np.shape(lines[0]["points"]) == (68, 2) and np.shape(lines[0]["frame_to_crop"]) == (2, 3)
    assert all((folder / line["file"]).is_file() for line in lines)
    assert (folder / "contact_sheet.jpg").is_file()
    report = json.loads((folder / "report.json").read_text())
    assert report["faces"] == 14 and report["completed"] is True


def test_extract_again_returns_at_once_with_the_same_path(example):
    ran = run("extract", "video=craig.mp4", "finder=landmarks", "finder.path=craig.landmarks.npz", cwd=example.folder)
    assert ran.path == example.folder / "workspace" / "faces" / "craig"
    assert "complete" in ran.stderr


def test_train_leaves_a_run(example):
    folder = example.folder / "workspace" / "runs" / "craig_brosnan"
    assert list((folder / "checkpoints").iterdir())
    assert list(folder.glob("events.out.*"))
    assert list((folder / "previews").iterdir())
    assert "b: brosnan" in (folder / "config.yaml").read_text()
    assert json.loads((folder / "report.json").read_text())["iteration"] == 8


def test_convert_with_no_arguments_takes_the_last_pair_and_bs_film(example):
    ran = run_process("convert", "device=cpu", cwd=example.folder)
    assert ran.path == example.folder / "workspace" / "out" / "brosnan_as_craig.mp4"
    frames, sound, metadata = frames_and_sound(ran.path)
    _, sound_before, _ = frames_and_sound(example.b.video)
    assert frames == 12
    assert sound == sound_before
    assert "made with ai" in metadata["comment"].lower()
    report = json.loads(ran.path.with_name("brosnan_as_craig.mp4.report.json").read_text())
    assert report["frames_without_face"] == 0


def test_convert_the_other_way_beside_each_other(example):
    ran = run("convert", "pair.a=craig", "pair.b=brosnan", "to=b", "side_by_side=true", "stop=5", "mask=hull",
              "colour=mkl", "blender=poisson", "device=cpu", "detail=none", "out=other way.mp4",
              cwd=example.folder)  # fmt: skip
    assert ran.path.name == "other way.mp4"
    assert frames_and_sound(ran.path)[0] == 5
    assert (example.folder / "other way.side_by_side.mp4").is_file()


def test_convert_an_image_and_a_folder(example):
    from faceswap.media.pictures.images import write_image
    from faceswap.media.reading import read_frames

    frames = list(read_frames(example.b.video, 0, 3))
    for frame in frames:
        write_image(example.folder / "shots" / f"{frame.index}.png", frame.image)
    still = example.folder / "shots" / "0.png"
    for video, landmarks in ((still, "still.npz"), (still.parent, "shots.npz")):
        points = np.load(example.b.landmarks)["points"][: 1 if video == still else 3]
        np.savez(example.folder / landmarks, frame=np.arange(len(points)), points=points)
        ran = run(
            "convert",
            f"video={video}",
            "finder=landmarks",
            f"finder.path={landmarks}",
            "device=cpu",
            "detail=none",
            cwd=example.folder,
        )
        if video == still:
            assert read_image(ran.path).shape == frames[0].image.shape
        else:
            assert sorted(p.name for p in ran.path.glob("*.png")) == ["0.png", "1.png", "2.png"]


def test_train_goes_on_and_may_start_from_another_run(example):
    ran = run("train", "pair=craig_brosnan", "iterations=10", *FAST, cwd=example.folder)
    assert json.loads((ran.path / "report.json").read_text())["iteration"] == 10
    ran = run("train", "pair.name=second", "pair.a=brosnan", "pair.b=craig", "init=weights", "iterations=2",
              "init.path=craig_brosnan", "init.parts=[encoder,inter]", *FAST, cwd=example.folder)  # fmt: skip
    assert "weights loaded" in ran.stderr
    run("train", "pair=craig_brosnan", "iterations=11", *FAST, cwd=example.folder)  # so that it is the last pair again


def test_consent_is_shown_and_goes_into_the_film(example, tmp_path):
    (tmp_path / "pair").mkdir()
    (tmp_path / "pair" / "doubles.yaml").write_text(
        "a: craig\nb: brosnan\nconsent: {who: both actors, purpose: a short film, when: 2026-03-02}\n"
    )
    arguments = ("--config-dir", str(tmp_path), "pair=doubles")
    ran = run("train", *arguments, "iterations=2", *SMALL, cwd=example.folder)
    assert "both actors" in ran.stderr and "2026-03-02" in ran.stderr
    ran = run("convert", "pair=doubles", "device=cpu", "detail=none", "stop=2", "out=doubles.mp4", cwd=example.folder)
    assert "both actors" in ran.stderr
    assert "both actors" in frames_and_sound(ran.path)[2]["consent"]
    run("train", "pair=craig_brosnan", "iterations=11", *FAST, cwd=example.folder)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_training_is_saved_and_goes_on(example, tmp_path, stop):
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "faces").symlink_to(example.folder / "workspace" / "faces")
    command = [sys.executable, "-m", "faceswap.train", "pair=craig_brosnan", "iterations=100000", *SMALL]
    checkpoints = tmp_path / "workspace" / "runs" / "craig_brosnan" / "checkpoints"
    with running(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 120
        while not (checkpoints.is_dir() and any(checkpoints.iterdir())):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.1)
        process.send_signal(stop)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "saved" in errors.strip().splitlines()[-1]
    ran = run("train", "pair=craig_brosnan", "iterations=1", *SMALL, cwd=tmp_path)
    assert "going on" in ran.stderr


def test_the_list_of_commands_and_help(tmp_path):
    assert "faceswap.convert" in run("", cwd=tmp_path).stdout
    assert "finder=" in run("extract", "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("extract", [], ["video= is missing"]),
        ("extract", ["video=nothing.mp4"], ["nothing.mp4"]),
        ("extract", ["video=craig.mp4", "finder=landmarks", "finder.path=nothing.npz"], ["nothing.npz"]),
        ("extract", ["video=craig.mp4", "finder=landmarks", "every=2"], ["every"]),
        ("train", [], ["which pair", "craig"]),
        ("train", ["pair=nobody_nothing"], ["nobody_nothing", "craig"]),
        ("train", ["pair.a=craig"], ["pair.b= is missing"]),
        ("train", ["pair.a=craig", "pair.b=nobody"], ["no face set 'nobody'", "faceswap.extract"]),
        ("train", ["pair=craig_brosnan", "model=huge"], ["model=huge", "lite", "original"]),
        ("train", ["pair=craig_brosnan", "device=cuda:7"], ["cuda:7"]),
        (
            "train",
            ["pair=craig_brosnan", "pair.name=n", "init=weights", "init.path=nothing.safetensors"],
            ["nothing.safetensors"],
        ),
        ("convert", ["pair=nobody"], ["no run 'nobody'", "craig_brosnan"]),
        ("convert", ["video=nothing.mp4"], ["nothing.mp4"]),
        ("convert", ["checkpoint=77"], ["77"]),
        ("convert", ["device=cuda:7"], ["cuda:7"]),
    ],
)
def test_what_the_user_can_mend_is_one_line(example, command, arguments, words):
    line = one_line_error(run(command, *arguments, cwd=example.folder, code=2))
    for word in words:
        assert word in line
