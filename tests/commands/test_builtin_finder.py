"""extract and convert with the built-in finder, on tiny networks from a folder of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.media.pictures.images import write_image
from tests.clips import Clip
from tests.commands.conftest import Example, one_line_error, run
from tests.detect.builtin.tiny_networks import write_networks


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_networks(tmp_path_factory.mktemp("networks")))


def test_extract_needs_nothing_but_the_video(tiny_clip: Clip, networks: str, tmp_path: Path) -> None:
    ran = run("extract", f"video={tiny_clip.video}", cwd=tmp_path, FACESWAP_PRETRAINED=networks)
    faces = FaceSet.open(ran.path)
    assert {record.frame for record in faces.records} == set(range(tiny_clip.frames))
    assert all(record.visible is not None and record.visible.all() for record in faces.records)
    assert any(record.embedding is not None for record in faces.records)
    assert len({record.track for record in faces.records}) == len(faces) // tiny_clip.frames
    report = json.loads((ran.path / "report.json").read_text())
    assert report["finder"].startswith("builtin detector ") and report["completed"]


def test_pictures_and_one_picture(networks: str, tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    for index, size in enumerate([(90, 120), (240, 160), (40, 30)]):
        image = np.random.default_rng(index).integers(0, 255, (*size, 3)).astype(np.uint8)
        write_image(tmp_path / "shots" / f"{index}.png", image)
    ran = run("extract", "video=shots", cwd=tmp_path, FACESWAP_PRETRAINED=networks)
    assert {record.frame for record in FaceSet.open(ran.path).records} == {0, 1, 2}
    run("extract", "video=shots/1.png", "finder.device=cpu", cwd=tmp_path, FACESWAP_PRETRAINED=networks)


def test_what_is_wrong_with_the_networks_is_one_line(tiny_clip: Clip, tmp_path: Path) -> None:
    arguments = (f"video={tiny_clip.video}",)
    nothing = run("extract", *arguments, cwd=tmp_path, code=2, FACESWAP_PRETRAINED=str(tmp_path))
    assert "networks are missing" in one_line_error(nothing)
    folder = write_networks(tmp_path / "networks")
    weights = folder / "eyes-landmarks.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    damaged = run("extract", *arguments, cwd=tmp_path, code=2, FACESWAP_PRETRAINED=str(folder))
    assert "eyes-landmarks.safetensors is damaged" in one_line_error(damaged)
    assert not (tmp_path / "workspace" / "faces" / "tiny").exists()


def test_no_face_is_said(tiny_clip: Clip, tmp_path: Path) -> None:
    folder = str(write_networks(tmp_path / "networks", faces=False))
    ran = run("extract", f"video={tiny_clip.video}", cwd=tmp_path, code=2, FACESWAP_PRETRAINED=folder)
    assert "no face found in" in one_line_error(ran)


def test_keep_needs_a_photo_of_one_person(tiny_clip: Clip, networks: str, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8))
    for keep, said in (
        ("photo.png", "faces; name a photo of one person alone"),
        ("nobody.jpg", "nobody.jpg"),
        (str(tiny_clip.video), "neither one photo nor a face set"),
    ):
        ran = run(
            "extract", f"video={tiny_clip.video}", f"person={keep}", cwd=tmp_path, code=2, FACESWAP_PRETRAINED=networks
        )
        assert said in one_line_error(ran)


def test_keep_takes_a_face_set_and_other_finders(example: Example, networks: str, tmp_path: Path) -> None:
    craig = example.folder / "workspace" / "faces" / "craig"
    ran = run(
        "extract", f"video={example.a.video}", "finder=landmarks", f"person={craig}", "person_similarity=0.9",
        "smooth_frames=2", cwd=tmp_path, FACESWAP_PRETRAINED=networks,
    )  # fmt: skip
    assert len(FaceSet.open(ran.path)) == example.a.frames  # the same film is like itself, whatever the network
    before = FaceSet.open(craig).records[5].points
    moved = np.abs(FaceSet.open(ran.path).records[5].points - before).max()
    assert 0 < moved < 1


def test_convert_finds_faces_anew(example: Example, networks: str, tmp_path: Path) -> None:
    workspace = f"workspace={example.folder / 'workspace'}"
    arguments = (
        f"video={example.b.video}",
        "finder=builtin",
        "device=cpu",
        workspace,
        f"out={tmp_path / 'out.mp4'}",
    )
    ran = run("convert", *arguments, cwd=tmp_path, FACESWAP_PRETRAINED=networks)
    assert ran.path.stat().st_size > 1000
