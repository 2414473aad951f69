"""Landmark files of all formats, whole, odd, broken and hostile."""

from __future__ import annotations

import json
import pickle
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap.core.face_record import FaceRecord
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.values import Frame
from faceswap.detect.landmark_files import LandmarksFinder
from faceswap.utils.errors import UserError
from tests.extraction.made import face_at, frame_of, points_at, source_of

FRAMES = [frame_of(index) for index in range(5)]


def found(path: Path | None, source=None, first: int | None = None) -> list[list]:
    finder = LandmarksFinder(str(path) if path else None, first)
    finder.prepare(source or source_of(Path("/films/clip.mp4")))
    return finder.find(FRAMES)


def counts(path: Path | None, source=None, first: int | None = None) -> list[int]:
    return [len(faces) for faces in found(path, source, first)]


def columns(**changes: object) -> dict:
    points = np.stack([points_at(60, 60), points_at(70, 60), points_at(100, 60)])
    return {"frame": np.array([0, 2, 2], np.int32), "points": points, **changes}


def jpeg_with(segment: bytes, marker: int = 0xEF) -> bytes:
    """A small JPEG with `segment` in an APP segment, as DeepFaceLab stores its metadata."""
    picture = cv2.imencode(".jpg", np.full((16, 16, 3), 90, np.uint8))[1].tobytes()
    return picture[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(segment) + 2) + segment + picture[2:]


def dfl_metadata(name: str, x: float = 60, **changes: object) -> dict:
    return {
        "face_type": "whole_face",
        "landmarks": points_at(8, 8, 6).tolist(),
        "source_filename": name,
        "source_rect": (np.int64(20), np.int64(30), 110, 120),
        "source_landmarks": points_at(x, 60),
        "image_to_face_mat": np.eye(2, 3),
        "xseg_mask": np.zeros(50, np.uint8),
        "seg_ie_polys": {"polys": []},
        **changes,
    }


def fsa(frames: object) -> bytes:
    return zlib.compress(pickle.dumps({"__meta__": {"version": 2.4}, "__data__": frames}))


def fsa_face(x: float = 60, **changes: object) -> dict:
    face = {"x": 20, "y": 30, "w": 90, "h": 90, "landmarks_xy": points_at(x, 60),
            "mask": {"extended": {"mask": b"\x00" * 40, "affine_matrix": np.eye(2, 3), "interpolator": 2,
                                  "stored_size": 128, "stored_centering": "face"}},
            "identity": {"vggface2": np.zeros(512, np.float32)}, "thumb": np.zeros(300, np.uint8)}  # fmt: skip
    return face | changes


def test_npz_gives_points_boxes_scores_and_tracks(tmp_path: Path) -> None:
    box = np.array([[20, 30, 90, 99]] * 3, np.float32)
    np.savez(
        tmp_path / "a.npz", **columns(box=box, score=np.array([0.5, np.nan, 0.7]), track=np.array([2012, 7, 2012]))
    )
    faces = found(tmp_path / "a.npz")
    assert [len(of_frame) for of_frame in faces] == [1, 0, 2, 0, 0]
    np.testing.assert_array_equal(faces[2][0].points, points_at(70, 60))
    np.testing.assert_array_equal(faces[0][0].box, box[0])
    assert [face.score for face in (faces[0][0], *faces[2])] == pytest.approx([0.5, 1.0, 0.7])
    assert [face.track for face in (faces[0][0], *faces[2])] == [0, 1, 0]  # counted from 0, in order


def test_rows_that_are_not_valid_or_have_no_points_are_left_out(tmp_path: Path) -> None:
    points = columns()["points"].copy()
    points[1] = np.nan
    np.savez(tmp_path / "a.npz", frame=[0, 2, 2], lm68=points, valid=np.array([-1, 1, 1], np.int8))
    assert counts(tmp_path / "a.npz") == [0, 0, 1, 0, 0]


def test_a_missing_box_is_that_of_the_points(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **columns())
    face = found(tmp_path / "a.npz")[0][0]
    np.testing.assert_array_equal(face.box, [*face.points.min(0), *face.points.max(0)])


@pytest.mark.parametrize("shape", ["list", "wrapped", "columns", "lines", "lines cut off"])
def test_json_in_every_shape(tmp_path: Path, shape: str) -> None:
    rows = [{"frame": frame, "points": points_at(60, 60).tolist(), "score": 0.5} for frame in (0, 2, 2)]
    text = {
        "list": json.dumps(rows, indent=1),
        "wrapped": json.dumps({"width": 160, "height": 120, "faces": rows}),
        "columns": json.dumps({key: [row[key] for row in rows] for key in rows[0]}),
        "lines": "".join(json.dumps(row) + "\n" for row in rows),
        "lines cut off": "".join(json.dumps(row) + "\n" for row in [*rows, rows[0]])[:-300],
    }[shape]
    (tmp_path / "a.json").write_text(text)
    assert counts(tmp_path / "a.json") == [1, 0, 2, 0, 0]


def test_this_projects_alignments_come_back_as_they_were(tmp_path: Path) -> None:
    face = face_at(70.5, 60.25, track=3)
    record = FaceRecord("000002_00.jpg", 2, 0.08, face.box, face.points, frame_to_crop_for(face.points, 64), 0.9, 3,
                        0.5, 0, 0, 0, 64)  # fmt: skip
    (tmp_path / "alignments.jsonl").write_text(record.to_json() + "\n")
    for path in (tmp_path, tmp_path / "alignments.jsonl"):  # the face set's folder does as well
        faces = found(path)
        np.testing.assert_allclose(faces[2][0].points, face.points, atol=1e-3)
        assert sum(map(len, faces)) == 1


def test_fsa_of_a_video_counted_from_one(tmp_path: Path) -> None:
    frames = {"clip_000001.mp4": {"faces": [fsa_face()], "video_meta": {"pts_time": 0, "keyframe": True}},
              "clip_000002.mp4": {"faces": []},
              "clip_000003.mp4": {"faces": [fsa_face(70), fsa_face(100)]}}  # fmt: skip
    (tmp_path / "clip.fsa").write_bytes(fsa(frames))
    faces = found(tmp_path / "clip.fsa", first=1)
    assert [len(of_frame) for of_frame in faces] == [1, 0, 2, 0, 0]
    assert counts(tmp_path / "clip.fsa", first=0) == [0, 1, 0, 2, 0]
    np.testing.assert_array_equal(faces[0][0].box, [20, 30, 110, 120])
    np.testing.assert_array_equal(faces[2][0].points, points_at(70, 60))


def test_old_fsa_files_read_too(tmp_path: Path) -> None:
    old = fsa_face(landmarksXY=points_at(60, 60).tolist())
    del old["landmarks_xy"]
    (tmp_path / "old.fsa").write_bytes(zlib.compress(pickle.dumps({"clip_000001.png": [old]}, 3)))
    assert counts(tmp_path / "old.fsa", first=1) == [1, 0, 0, 0, 0]


def test_faces_that_cannot_be_taken_are_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spot = points_at(60, 60)
    spot[17:] = 60  # the jaw spans a face, the inner points lie on one spot
    wrong = [fsa_face(landmarks_xy=np.zeros((4, 2), np.float32)), fsa_face(landmarks_xy=spot)]
    frames = {"clip_000001.mp4": {"faces": [*wrong, fsa_face()]}, "clip_000099.mp4": {"faces": [fsa_face()]}}
    (tmp_path / "clip.fsa").write_bytes(fsa(frames))
    assert counts(tmp_path / "clip.fsa", first=1) == [1, 0, 0, 0, 0]
    assert caplog.messages == [
        f"{tmp_path / 'clip.fsa'}: faces left out: 1 without 68 points, 1 whose points are unknown or lie on one spot, "
        "1 of frames that the source does not have"
    ]


def test_pictures_without_landmarks_in_them_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg_with(pickle.dumps(dfl_metadata("00001.png"))))
    (tmp_path / "2.jpg").write_bytes(jpeg_with(b"Exif\0\0", 0xE1))
    (tmp_path / "._1.jpg").write_bytes(b"\0")
    assert counts(tmp_path, first=1) == [1, 0, 0, 0, 0]
    assert "1 pictures without landmarks in them" in caplog.messages[0]


def test_a_number_past_the_films_end_is_asked_about(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **columns(frame=np.array([1, 3, 10])))
    with pytest.raises(UserError, match=r"frame 10, .* frames 0 to 9: say finder\.first=1"):
        found(tmp_path / "a.npz")
    assert counts(tmp_path / "a.npz", first=1) == [1, 0, 1, 0, 0]
    assert counts(tmp_path / "a.npz", first=0) == [0, 1, 0, 1, 0]
    np.savez(tmp_path / "b.npz", **columns())
    with pytest.raises(UserError, match="has a frame 0"):
        found(tmp_path / "b.npz", first=1)
    with pytest.raises(UserError, match="first=2"):
        LandmarksFinder(first=2)


def test_a_file_of_one_film_is_not_taken_for_two(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **columns())
    finder = LandmarksFinder(str(tmp_path / "a.npz"))
    for _ in range(2):
        finder.prepare(source_of(Path("/films/clip.mp4")))
    with pytest.raises(UserError, match="the faces of one film"):
        finder.prepare(source_of(Path("/films/other.mp4")))


def test_alignments_of_several_films_give_each_its_own(tmp_path: Path) -> None:
    lines, films = [], [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for number, x in enumerate((60, 90)):
        face = face_at(x, 60)
        lines.append(FaceRecord("0_0.jpg", 1, 0.04, face.box, face.points, frame_to_crop_for(face.points, 64), 0.9, 0,
                                0.5, 0, 0, 0, 64, source=number).to_json())  # fmt: skip
    (tmp_path / "alignments.jsonl").write_text("\n".join(lines) + "\n")
    sources = [{"path": str(film), "sha256": "x"} for film in films]
    (tmp_path / "report.json").write_text(json.dumps({"sources": sources, "width": 160, "height": 120}))
    for film, x in zip(films, (60, 90), strict=True):
        (face,) = found(tmp_path, source_of(film))[1]
        np.testing.assert_allclose(face.points, points_at(x, 60), atol=1e-3)
    with pytest.raises(UserError, match="of other films"):
        found(tmp_path, source_of(tmp_path / "three.mp4"))


def test_fsa_of_pictures_matches_names(tmp_path: Path) -> None:
    (tmp_path / "a.fsa").write_bytes(fsa({"b.png": {"faces": [fsa_face()]}, "d.png": {"faces": [fsa_face()]}}))
    files = tuple(Path(f"/pictures/{name}") for name in ("a.png", "b.png", "c.png", "d.jpg"))
    assert counts(tmp_path / "a.fsa", source_of(Path("/pictures"), "images", files=files)) == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_deepfacelabs_aligned_jpegs(tmp_path: Path, protocol: int) -> None:
    for name, frame, x in (("00001_0.jpg", "00001.png", 60), ("00003_0.jpg", "00003.png", 70),
                           ("00003_1.jpg", "00003.png", 100)):  # fmt: skip
        (tmp_path / name).write_bytes(jpeg_with(pickle.dumps(dfl_metadata(frame, x), protocol)))
    (tmp_path / "other.jpg").write_bytes(jpeg_with(b"Exif\0\0", 0xE1))  # another picture is no trouble
    faces = found(tmp_path, first=1)
    assert [len(of_frame) for of_frame in faces] == [1, 0, 2, 0, 0]
    np.testing.assert_array_equal(faces[2][1].points, points_at(100, 60))
    np.testing.assert_array_equal(faces[0][0].box, [20, 30, 110, 120])


def test_numbers_in_names_count_from_zero_where_a_zero_occurs(tmp_path: Path) -> None:
    for number in (0, 2):
        segment = pickle.dumps(dfl_metadata(f"shot_{number:05d}.png"))
        (tmp_path / f"{number}.jpg").write_bytes(jpeg_with(segment))
    assert counts(tmp_path) == [1, 0, 1, 0, 0]


def test_missing_files_and_strange_names_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such landmark file"):
        found(tmp_path / "none.npz")
    with pytest.raises(UserError, match=r"finder\.path="):
        found(None, source_of(tmp_path / "clip.mp4"))
    (tmp_path / "a.fsa").write_bytes(fsa({"first.png": {"faces": [fsa_face()]}}))
    with pytest.raises(UserError, match=r"first\.png"):
        found(tmp_path / "a.fsa")


@pytest.mark.parametrize("name", ["clip.landmarks.npz", "clip.mp4.landmarks.npz", "clip.mp4.ref.npz"])
def test_a_file_beside_the_video_needs_no_path(tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / name, **columns())
    assert counts(None, source_of(tmp_path / "clip.mp4")) == [1, 0, 2, 0, 0]
    assert counts(tmp_path, source_of(Path("/elsewhere/clip.mp4"))) == [1, 0, 2, 0, 0]


def test_pictures_may_each_have_a_file_beside_them(tmp_path: Path) -> None:
    files = tuple(tmp_path / f"{number}.jpg" for number in range(5))
    np.savez(tmp_path / "3.jpg.ref.npz", frame=[0, 0], points=[points_at(60, 60), points_at(99, 60)])
    assert counts(None, source_of(tmp_path, "images", files=files)) == [0, 0, 0, 2, 0]


def test_another_videos_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **columns(meta=json.dumps({"width": 640, "height": 360})))
    with pytest.raises(UserError, match=r"640 x 360.*160 x 120"):
        found(tmp_path / "a.npz")


def test_alignments_of_a_film_of_another_size_are_refused(tmp_path: Path) -> None:
    face = face_at(70.5, 60.25)
    matrix = frame_to_crop_for(face.points, 64)
    record = FaceRecord("0_0.jpg", 2, 0.08, face.box, face.points, matrix, 0.9, 3, 0.5, 0, 0, 0, 64)
    (tmp_path / "alignments.jsonl").write_text(record.to_json() + "\n")
    (tmp_path / "report.json").write_text(json.dumps({"width": 384, "height": 384}))
    with pytest.raises(UserError, match=r"384 x 384.*160 x 120"):
        found(tmp_path / "alignments.jsonl")
    (tmp_path / "report.json").write_text(json.dumps({"width": 160, "height": 120}))
    assert sum(map(len, found(tmp_path))) == 1


def test_points_counted_in_stored_pixels_move_to_square_ones(tmp_path: Path) -> None:
    source = source_of(Path("/films/clip.mp4"), size=(160, 120), stored_width=80)
    points = points_at(30, 60, 30)
    np.savez(tmp_path / "a.npz", frame=[0], points=[points], meta=json.dumps({"width": 80, "height": 120}))
    (tmp_path / "a.fsa").write_bytes(fsa({"clip_000001.mp4": {"faces": [fsa_face(landmarks_xy=points)]}}))
    for name in ("a.npz", "a.fsa"):
        face = found(tmp_path / name, source, first=1 if name == "a.fsa" else None)[0][0]
        np.testing.assert_allclose(face.points[:, 0], (points[:, 0] + 0.5) * 2 - 0.5)
        np.testing.assert_allclose(face.points[:, 1], points[:, 1])


def test_faces_outside_the_picture_are_left_out_and_those_at_its_border_kept(tmp_path: Path) -> None:
    points = np.stack([points_at(-300, 60), points_at(5, 5), points_at(159, 119)])
    np.savez(tmp_path / "a.npz", frame=[0, 0, 0], points=points)
    assert counts(tmp_path / "a.npz") == [2, 0, 0, 0, 0]


def test_the_description_tells_contents_apart(tmp_path: Path) -> None:
    descriptions = []
    for x in (60, 61):
        np.savez(tmp_path / "a.npz", frame=[0], points=[points_at(x, 60)])
        finder = LandmarksFinder(str(tmp_path / "a.npz"))
        finder.prepare(source_of(Path("/films/clip.mp4")))
        descriptions.append(finder.description)
    assert descriptions[0] != descriptions[1]


def test_frames_may_differ_in_size() -> None:
    frames = [Frame(np.zeros((10, 10, 3), np.uint8), 0, 0), frame_of(1)]
    assert LandmarksFinder().find(frames) == [[], []]
