"""Real clips with their reference landmarks: every confirmed face gets an upright crop, cuts end tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import head_pose
from faceswap.detect.landmark_files import LandmarksFinder
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.track.shots import FrameSignature, is_cut
from faceswap.track.tracker import Tracker
from faceswap.utils.errors import UserError
from tests.extraction.made import extract_faces


@pytest.mark.parametrize("name", ["multi_hamilton.mp4", "roll_sweep_B.mp4", "occl_asl_want.mkv"])
def test_all_faces_of_a_clip_stand_upright(shared_real: Path, tmp_path: Path, name: str) -> None:
    source = shared_real / "videos" / name
    reference = np.load(f"{source}.ref.npz")
    expected = int(((reference["valid"] == 1) & np.isfinite(reference["lm68"]).all((1, 2))).sum())
    records = FaceSet.open(extract_faces(source, LandmarksFinder(), tmp_path / "faces", size_px=64)).records
    assert len(records) == expected
    assert max(abs(head_pose(record.crop_points).roll) for record in records if abs(record.yaw) < 45) < 15


def test_cuts_of_a_dark_film_are_seen_and_nothing_else(shared_real: Path) -> None:
    before, cuts = None, []
    for frame in read_frames(shared_real / "videos" / "multi_hamilton.mp4"):
        signature = FrameSignature.of(frame)
        if before is not None and is_cut(before, signature):
            cuts.append(frame.index)
        before = signature
    assert cuts == [20, 82, 211]


@pytest.mark.parametrize("name, people", [("multi_two_faces_A_B.mp4", 2), ("roll_sweep_B.mp4", 1)])
def test_linking_by_overlap_keeps_people_apart(shared_real: Path, name: str, people: int) -> None:
    from dataclasses import replace

    finder, info = LandmarksFinder(), probe(shared_real / "videos" / name)
    finder.prepare(info)
    tracker, known = Tracker(), {}
    for frame in read_frames(info):
        faces = finder.find([frame])[0]
        linked = tracker.step([replace(face, track=-1) for face in faces])
        for face, track in zip(faces, linked, strict=True):
            assert known.setdefault(track, face.track) == face.track
    assert len(known) == people


def test_broken_and_odd_media_give_faces_or_one_line(shared_real: Path, tmp_path: Path) -> None:
    bad, made = shared_real / "bad", 0
    for source in sorted([*bad.iterdir(), *(bad / "images").iterdir()]):
        reference = source.parent / "ref" / f"{source.name}.ref.npz"
        if not reference.is_file():
            continue
        folder = tmp_path / source.name
        try:
            extract_faces(source, LandmarksFinder(str(reference)), folder, size_px=64, stop=8)
        except UserError as error:
            assert "\n" not in str(error) and source.name in str(error)
            assert not folder.exists()
        else:
            made += 1
            assert len(FaceSet.open(folder)) >= 1
    assert made >= 60
