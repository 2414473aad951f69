"""Broken and odd inputs: they work or end in one line with exit code 2, and leave nothing half-written."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from faceswap.cli.runner import run_command
from faceswap.convert import convert
from faceswap.extract import extract
from faceswap.media.sources import probe
from faceswap.utils.files.temporary import TEMP_MARK
from tests.clips import make_clip
from tests.commands.conftest import FAST, SMALL, one_line_error, run

REAL_BAD = Path(__file__).resolve().parents[3] / "shared" / "real" / "bad"


# What is odd of these comes late or lies in their length; of the others the first pictures tell.
WHOLE = {
    "audio_longer_than_video.mp4",
    "corrupt_middle.mp4",
    "resolution_change.h264",
    "truncated_faststart.mp4",
    "variable_frame_rate.mp4",
}


def bad_files():
    """All broken and odd files beside the checkout; one placeholder that skips where they are missing."""
    if not REAL_BAD.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason="the broken inputs (../shared/real/bad) are missing"))]
    files = [p for p in REAL_BAD.rglob("*") if "ref" not in p.relative_to(REAL_BAD).parts and not p.is_dir()]
    files = [p for p in files if p.suffix != ".npz"] + [REAL_BAD / "images" / "directory_named.jpg"]
    return [pytest.param(p, id=str(p.relative_to(REAL_BAD))) for p in sorted(files)]


def landmarks_for(path: Path, folder: Path) -> Path:
    """The reference beside a file; without one, a face in the middle of every frame, so that the rest still runs."""
    beside = [path.parent / "ref" / f"{path.name}.ref.npz", path.with_name(f"{path.name}.ref.npz")]
    for reference in beside:
        if reference.is_file() and np.load(reference)["frame"].size:
            return reference
    from faceswap.core.landmarks import MEAN_FACE

    points = folder / "points.npz"
    np.savez(points, frame=np.arange(400), points=np.tile(MEAN_FACE[:, :2] * 40 + 60, (400, 1, 1)))
    return points


def called(command, call, capfd, *arguments):
    """Exit code, stdout lines, stderr of a command run in this process (92 new processes would take minutes)."""
    code = run_command(command, call, list(arguments))
    out, err = capfd.readouterr()
    assert code in (0, 2), err
    assert "Traceback" not in err
    if code == 2:
        assert err.strip().splitlines()[-1].startswith("error: ")
        assert out == ""
    return code, out.split("\n")[:-1], err


@pytest.mark.parametrize("path", bad_files())
def test_every_broken_or_odd_file(path, example, tmp_path, capfd):
    workspace = f"workspace={tmp_path / 'workspace'}"
    found = ("finder=landmarks", f"finder.path={landmarks_for(path, tmp_path)}")
    film = (f"video={path}", *found, workspace, *([] if path.name in WHOLE else ["stop=10"]))
    code, out, err = called("extract", extract, capfd, *film)
    if code == 0:
        assert Path(out[-1], "alignments.jsonl").is_file()
    else:
        assert path.name.strip() in err.splitlines()[-1] or path.stem in err.splitlines()[-1]
        assert not list(tmp_path.rglob("alignments.jsonl"))

    (tmp_path / "workspace").mkdir(exist_ok=True)
    (tmp_path / "workspace" / "runs").symlink_to(example.folder / "workspace" / "runs")
    code, out, err = called("convert", convert, capfd, "pair=craig_brosnan", *film, "device=cpu", "detail=none")
    results = [p for p in (tmp_path / "workspace" / "out").rglob("*") if p.is_file()]
    assert not [p for p in tmp_path.rglob("*") if TEMP_MARK in p.name]
    if code == 0:
        assert probe(out[-1]).width > 0
    else:
        assert not results


def test_faces_fewer_than_a_batch_and_of_different_sizes(tmp_path):
    small = make_clip(tmp_path, "small", 2, (96, 80), seed=3)
    large = make_clip(tmp_path, "large", 3, (400, 300), seed=4)
    for clip, size in ((small, 64), (large, 200)):
        run("extract", f"video={clip.video}", "finder=landmarks", f"finder.path={clip.landmarks}", f"size_px={size}",
            cwd=tmp_path)  # fmt: skip
    fast = [setting for setting in SMALL if not setting.startswith("batch_size")]
    run("train", "pair=small_large", "iterations=3", "batch_size=6", *fast, cwd=tmp_path)
    assert run("convert", "device=cpu", "detail=none", cwd=tmp_path).path.is_file()


def test_a_frame_without_a_face_passes_through_and_is_counted(example, tmp_path):
    points = np.load(example.b.landmarks)
    keep = np.array([0, 1, 2, 9, 10, 11])
    np.savez(tmp_path / "gap.npz", frame=points["frame"][keep], points=points["points"][keep])
    workspace = f"workspace={example.folder / 'workspace'}"
    ran = run("convert", "finder=landmarks", "finder.path=gap.npz", "fill_frames=0", "crf=1", "device=cpu",
              "detail=none", "out=gap.mp4", workspace, cwd=tmp_path)  # fmt: skip
    from faceswap.media.reading import read_frames

    before = [frame.image.astype(int) for frame in read_frames(example.b.video)]
    after = [frame.image.astype(int) for frame in read_frames(ran.path)]
    face = slice(40, 100), slice(60, 130)  # where the model's picture is laid over the film's
    change = [np.abs(a[face] - b[face]).mean() for a, b in zip(before, after, strict=True)]
    assert 2 * max(change[3:9]) < min(change[:3] + change[9:])
    assert '"frames_without_face": 6' in (tmp_path / "gap.mp4.report.json").read_text()


def test_an_empty_face_set_says_what_to_do(example, tmp_path):
    folder = tmp_path / "workspace" / "faces"
    shutil.copytree(example.folder / "workspace" / "faces", folder)
    for image in (folder / "craig").glob("*.jpg"):
        image.unlink()
    assert "craig" in one_line_error(run("train", "pair=craig_brosnan", *FAST, cwd=tmp_path, code=2))


def test_a_checkpoint_cut_in_half(example, tmp_path):
    runs = tmp_path / "workspace" / "runs"
    shutil.copytree(example.folder / "workspace", tmp_path / "workspace")
    newest, *older = sorted((runs / "craig_brosnan" / "checkpoints").iterdir(), reverse=True)
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    assert older, "the test needs a second checkpoint to fall back to"
    ran = run("convert", "device=cpu", "detail=none", "stop=1", cwd=tmp_path)
    assert "WARNING" in ran.stderr
    for checkpoint in older:
        weights = checkpoint / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:100])
    assert "checkpoint" in one_line_error(run("convert", "device=cpu", "detail=none", "stop=1", cwd=tmp_path, code=2))
    assert "restart=true" in one_line_error(run("train", "pair=craig_brosnan", *FAST, cwd=tmp_path, code=2))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(example, small_disk, tmp_path):
    find = ("finder=landmarks", f"finder.path={example.a.landmarks}")
    extracted = run("extract", f"video={example.a.video}", *find, f"workspace={small_disk}", "size_px=512",
                    "image_format=png", cwd=tmp_path, code=2)  # fmt: skip
    assert "space" in one_line_error(extracted)
    for path in small_disk.iterdir():
        shutil.rmtree(path)
    (small_disk / "faces").symlink_to(example.folder / "workspace" / "faces")
    trained = run("train", "pair=craig_brosnan", "iterations=4", *FAST, f"workspace={small_disk}", cwd=tmp_path, code=2)
    assert "space" in one_line_error(trained)
    shutil.rmtree(small_disk / "runs")
    (small_disk / "filler").write_bytes(bytes(190_000))
    film = small_disk / "film.mp4"
    workspace = f"workspace={example.folder / 'workspace'}"
    converted = run("convert", "crf=0", "device=cpu", "detail=none", f"out={film}", workspace, cwd=tmp_path, code=2)
    assert "space" in one_line_error(converted)
    assert not film.exists()


def test_a_workspace_that_cannot_be_written(example, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    line = one_line_error(
        run("extract", f"video={example.a.video}", "finder=landmarks", f"finder.path={example.a.landmarks}",
            f"workspace={blocked}", cwd=tmp_path, code=2)
    )  # fmt: skip
    assert str(blocked) in line
