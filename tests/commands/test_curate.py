"""python -m faceswap.curate as a user runs it."""

import json
from pathlib import Path

import numpy as np

from faceswap.core.face_set import FaceSet
from faceswap.media.reading import read_frames
from tests.clips import Clip, make_clip, write_clip
from tests.commands.conftest import Example, one_line_error, run
from tests.curation.made import mixed_set


def test_look_take_out_and_put_back(tmp_path):
    faces = mixed_set(tmp_path / "workspace" / "faces" / "mixed")
    looked = run("curate", "faces=mixed", "people=false", cwd=tmp_path)
    assert looked.path == faces / "curation.html" and looked.path.is_file()
    assert "would reject 3" in looked.stderr and len(FaceSet.open(faces)) == 12
    taken = run("curate", "faces=mixed", "people=false", "reject=[blur,misaligned]", "sort=blur", cwd=tmp_path)
    assert "2 taken out" in taken.stderr and len(FaceSet.open(faces)) == 10
    (tmp_path / "rejects.json").write_text(json.dumps({"faces": "mixed", "reject": ["000000_00.png"]}))
    run("curate", "faces=mixed", "people=false", "apply=rejects.json", cwd=tmp_path)
    assert len(FaceSet.open(faces)) == 9
    back = run("curate", "faces=mixed", "people=false", "restore=true", cwd=tmp_path)
    assert "3 put back" in back.stderr and len(FaceSet.open(faces)) == 12


def test_mistakes_are_one_line(tmp_path):
    mixed_set(tmp_path / "workspace" / "faces" / "mixed")
    for arguments, said in (
        ((), "faces= is missing"),
        (("faces=nobody",), "there are: mixed"),
        (("faces=mixed", "reject=ugly"), "reject=ugly"),
        (("faces=mixed", "keep=one"), "several as keep=1,3"),
        (("faces=mixed", "apply=nothing.json"), "no such file"),
        (("faces=mixed", "limits.blur=-1"), "limits.blur"),
        (("faces=mixed", "device=gpu"), "device=gpu"),
    ):
        assert said in one_line_error(run("curate", *arguments, cwd=tmp_path, code=2))


def two_people(folder: Path, frames: int = 8) -> Clip:
    """A film of two cartoon faces beside each other, 384 x 144, and the landmarks of both."""
    left, right = (make_clip(folder, name, frames, seed=seed) for name, seed in (("left", 3), ("right", 4)))
    halves = zip(read_frames(left.video), read_frames(right.video), strict=True)
    write_clip(folder / "two.mp4", [np.hstack([one.image, other.image]) for one, other in halves])
    points = [np.load(clip.landmarks)["points"] for clip in (left, right)]
    points[1] = points[1] + (192, 0)
    landmarks = folder / "two.landmarks.npz"
    np.savez(landmarks, frame=np.tile(np.arange(frames), 2), points=np.concatenate(points))
    return Clip(folder / "two.mp4", landmarks, frames)


def changed(film: Path, source: Path) -> np.ndarray:
    """Mean change in grey levels (N, 2) of the left and right half of each frame."""
    pairs = zip(read_frames(film), read_frames(source), strict=True)
    changes = [np.abs(new.image.astype(float) - old.image) for new, old in pairs]
    return np.array([(change[:, :192].mean(), change[:, 192:].mean()) for change in changes])


def test_another_person_taken_out_is_not_swapped_and_a_blurred_face_is(example: Example, tmp_path: Path) -> None:
    clip = two_people(tmp_path)
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "runs").symlink_to(example.folder / "workspace" / "runs")
    extracted = run("extract", f"video={clip.video}", "finder=landmarks", cwd=tmp_path)
    convert = ("convert", "pair=craig_brosnan", f"video={clip.video}", "device=cpu", "detail=none")
    both = changed(run(*convert, "out=both.mp4", cwd=tmp_path).path, clip.video)
    assert both.min() > 2

    curate = ("curate", "faces=two", "people=false")
    kept = run(*curate, "keep=1", cwd=tmp_path)
    assert "convert leaves 8 faces of other people as filmed" in kept.stderr
    faces = FaceSet.open(extracted.path).records
    assert len(faces) == 8 and all(record.points[:, 0].mean() < 192 for record in faces)
    blurred = run(*curate, "reject=blur", f"limits.blur={np.median([record.blur for record in faces])}",
                  cwd=tmp_path)  # fmt: skip
    remaining = len(FaceSet.open(extracted.path))
    assert 0 < remaining < 8 and f"{8 - remaining} taken out" in blurred.stderr

    film = run(*convert, "out=kept.mp4", cwd=tmp_path).path
    left, right = changed(film, clip.video).T
    assert (left > 0.9 * both[:, 0]).all() and (right < 0.5 * both[:, 1]).all() and right.max() < 1.5
    report = json.loads((tmp_path / "kept.mp4.report.json").read_text())
    assert report["faces"] == 8, report


def test_the_people_of_a_real_film(example: Example, shared_real: Path, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "runs").symlink_to(example.folder / "workspace" / "runs")
    video = shared_real / "videos" / "multi_hamilton.mp4"
    faces = run("extract", f"video={video}", "stop=12", cwd=tmp_path).path
    everyone = len(FaceSet.open(faces))
    run("curate", "faces=multi_hamilton", "keep=1", "device=cpu", cwd=tmp_path)
    person = len(FaceSet.open(faces))
    assert 0 < person < everyone
    run("convert", "pair=craig_brosnan", f"video={video}", "stop=12", "detail=none", "device=cpu", "out=film.mp4",
        cwd=tmp_path)  # fmt: skip
    report = json.loads((tmp_path / "film.mp4.report.json").read_text())
    assert report["faces"] == person, report
