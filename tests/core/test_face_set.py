import json
import os
from dataclasses import replace

import numpy as np
import pytest

from faceswap.core.face_record import FaceRecord, read_records
from faceswap.core.face_set import ALIGNMENTS, REPORT, FaceSet
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path, write_json
from faceswap.utils.files.workspace import Workspace


def record(frame: int = 3, file: str = "000003_00.jpg") -> FaceRecord:
    points = (MEAN_FACE[:, :2] * 100 + 200).astype(np.float32)
    face = Face.from_points(points)
    matrix = np.array([[0.7, -0.1, 1 / 3], [0.1, 0.7, -2.5]])
    return FaceRecord(file, frame, frame / 25, face.box, points, matrix, 0.93, 1, 0.4, 5.25, -3.5, 0.75, 256)


def face_set(folder, records):
    folder.mkdir(exist_ok=True)
    (folder / ALIGNMENTS).write_text("".join(r.to_json() + "\n" for r in records), encoding="utf-8")
    for r in records:
        (folder / r.file).write_bytes(b"x")
    write_json(folder / REPORT, {"source": "clip.mp4"})


def test_a_record_survives_the_file():
    before = record()
    after = FaceRecord.from_json(before.to_json())
    assert np.abs(after.points - before.points).max() <= 0.0006
    assert (after.frame_to_crop == before.frame_to_crop).all()
    assert (after.file, after.frame, after.track, after.yaw) == ("000003_00.jpg", 3, 1, 5.25)


def test_who_it_is_and_what_is_hidden_survive_the_file_where_they_are_known():
    assert {"embedding", "hidden"} & set(json.loads(record().to_json())) == set()
    visible = np.linspace(0, 1, 68, dtype=np.float32)
    before = replace(record(), embedding=np.eye(128, dtype=np.float32)[7], visible=visible)
    after = FaceRecord.from_json(before.to_json())
    np.testing.assert_array_equal(after.embedding, before.embedding)
    np.testing.assert_array_equal(after.visible, visible >= 0.5)
    assert after.face.embedding is after.embedding and after.face.visible is after.visible
    assert FaceRecord.from_json(after.to_json()).to_json() == after.to_json()


def test_the_line_has_the_fields_other_programs_rely_on():
    values = json.loads(record().to_json())
    assert {"frame", "time_seconds", "box", "points", "frame_to_crop", "score", "track"} <= set(values)
    assert np.shape(values["points"]) == (68, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"points": [[0, 0]] * 67},
        {"points": [[float("nan"), 0]] * 68},
        {"frame_to_crop": [[1, 0], [0, 1]]},
        {"file": "../outside.jpg"},
        {"box": [10, 10, 5, 20]},
        {"frame": "three"},
        {"frame": -1},
        {"frame": 10**8},
        {"frame": float("inf")},
        {"track": -2},
        {"source": -1},
        {"source": 10**6},
        {"size_px": 0},
        {"size_px": 10**6},
        {"score": float("nan")},
        {"time_seconds": float("inf")},
        {"yaw": float("nan")},
        {"yaw": 1e300},
        {"frame_to_crop": [[1, 0, 1e300], [0, 1, 0]]},
        {"frame_to_crop": [[1, 2, 0], [2, 4, 0]]},
        {"points": [[1e9, 0]] * 68},
        {"embedding": "AAAA"},
        {"embedding": "A" * 172},
        {"embedding": [0.5] * 128},
        {"hidden": [68]},
        {"hidden": [-1]},
        {"hidden": {"0": 1}},
        {"hidden": [True]},
    ],
)
def test_a_damaged_record_is_refused(change):
    values = json.loads(record().to_json()) | change
    with pytest.raises(ValueError):
        FaceRecord.from_json(json.dumps(values))


@pytest.mark.parametrize(
    "change",
    [
        {"source": 5},
        {"every": "abc"},
        {"every": None},
        {"every": 0},
        {"every": 10**9},
        {"width": True},
        {"sources": []},
        {"sources": "clip.mp4"},
        {"sources": [{"path": "a.mp4"}]},
        {"sources": [{"path": 3, "sha256": "x"}]},
        {"format": 99},
        {"format": "1"},
    ],
)
def test_a_damaged_report_is_refused_in_one_line(tmp_path, change):
    face_set(tmp_path / "set", [record(1, "a.jpg")])
    write_json(tmp_path / "set" / REPORT, {"source": "clip.mp4", "every": 1} | change)
    with pytest.raises(UserError, match=next(iter(change))):
        FaceSet.open(tmp_path / "set")


def test_a_deleted_image_leaves_the_set(tmp_path):
    face_set(tmp_path / "set", [record(1, "a.jpg"), record(2, "b.jpg")])
    (tmp_path / "set" / "a.jpg").unlink()
    found = FaceSet.open(tmp_path / "set")
    assert [r.file for r in found.records] == ["b.jpg"]
    assert str(found.source) == "clip.mp4"
    assert found.path(0) == tmp_path / "set" / "b.jpg"


def test_a_set_of_several_films_has_a_part_for_each(tmp_path):
    records = [replace(record(7, "b.jpg"), source=1), record(9, "a.jpg"), replace(record(2, "c.jpg"), source=1)]
    folder = tmp_path / "set"
    face_set(folder, records)
    assert '"source"' not in record(9, "a.jpg").to_json()  # sets of one film are written as they always were
    sources = [{"path": "first.mp4", "sha256": "1"}, {"path": "second.mp4", "sha256": "2"}]
    write_json(folder / REPORT, {"source": "first.mp4", "source_sha256": "12", "sources": sources})
    found = FaceSet.open(folder)
    assert [(r.source, r.frame) for r in found.records] == [(0, 9), (1, 2), (1, 7)]
    assert [str(source.path) for source in found.sources] == ["first.mp4", "second.mp4"]
    assert [r.file for r in found.of_source(1).records] == ["c.jpg", "b.jpg"]


def test_a_last_line_cut_by_a_kill_is_dropped_but_damage_elsewhere_is_told(tmp_path):
    lines = [record(i, f"{i}.jpg").to_json() for i in range(3)]
    path = tmp_path / ALIGNMENTS
    path.write_text(lines[0] + "\n" + lines[1] + "\n" + lines[2][:50], encoding="utf-8")
    assert [r.frame for r in read_records(path)] == [0, 1]
    path.write_text(lines[0] + "\n" + lines[1][:50] + "\n" + lines[2] + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2"):
        read_records(path)


@pytest.mark.parametrize("lost", ["zeroed", "cut between lines"])
def test_alignments_that_have_lost_their_end_are_no_smaller_set(tmp_path, lost):
    folder = tmp_path / "set"
    face_set(folder, [record(i, f"{i}.jpg") for i in range(4)])
    write_json(folder / REPORT, {"source": "clip.mp4", "faces": 4, "completed": True})
    assert len(FaceSet.open(folder)) == 4
    content = (folder / ALIGNMENTS).read_bytes()
    kept = content[: content.index(b"\n", len(content) // 3) + 1]
    (folder / ALIGNMENTS).write_bytes(kept + (bytes(len(content) - len(kept)) if lost == "zeroed" else b""))
    with pytest.raises(UserError, match="holds 2 of the 4 faces"):
        FaceSet.open(folder)
    write_json(folder / REPORT, {"source": "clip.mp4", "faces": 9, "completed": False})  # an extraction under way
    assert len(FaceSet.open(folder)) == 2


def test_a_crowd_and_a_line_without_end_are_refused_before_they_take_memory(tmp_path):
    path = tmp_path / ALIGNMENTS
    path.write_text("".join(record(3, f"{i}.jpg").to_json() + "\n" for i in range(201)), encoding="utf-8")
    with pytest.raises(UserError, match=r"line 201: more than 200 faces in frame 3"):
        read_records(path)
    path.write_text(record().to_json() + "\n" + "[" * 2_000_000, encoding="utf-8")
    with pytest.raises(UserError, match=r"line 2: .* a line of more than") as caught:
        read_records(path)
    assert len(str(caught.value)) < 500


def test_a_missing_set_says_how_to_make_it(tmp_path):
    with pytest.raises(UserError, match=r"faceswap\.extract"):
        FaceSet.open(tmp_path / "nothing")


def test_atomic_path_leaves_nothing_when_the_block_fails(tmp_path):
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "x.json") as temp:
        temp.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_atomic_path_takes_the_longest_file_name(tmp_path):
    name = "é" * 120 + ".json"
    write_json(tmp_path / name, [1])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_workspace_remembers_the_last_run(tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(UserError, match="no pair was trained"):
        workspace.last_run()
    for seconds, name in enumerate(["c_d", "a_b", "e_f"]):
        workspace.run(name).mkdir(parents=True)
        (workspace.run(name) / "config.yaml").write_text("")
        os.utime(workspace.run(name) / "config.yaml", (seconds, seconds % 2))
    assert workspace.last_run() == "a_b"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc"])
def test_names_cannot_leave_the_workspace(tmp_path, name):
    with pytest.raises(UserError):
        Workspace(tmp_path).faces(name)
