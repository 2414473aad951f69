"""Faces moved, added, carried along their track, and all of it undone."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import warp_crop
from faceswap.core.taken_out import read_other_people, write_other_people
from faceswap.curation.inventory import FaceInventory
from faceswap.curation.repair.repair import FaceRepair, undo
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.curation.repair.conftest import content, walking
from tests.extraction.made import points_at, write_frames


def test_a_moved_face_has_its_crop_cut_anew(repair, folder, film, tmp_path):
    before = walking(folder)[4]
    others = {name: data for name, data in content(folder).items() if name != before.file and "alignments" not in name}
    made = repair.move(before.file, before.points + (6, 2))
    after = walking(folder)[4]
    assert after.to_json() == made.to_json() and np.allclose(after.points - before.points, (6, 2), atol=2e-3)
    assert after.track == before.track and np.allclose(after.box - before.box, (6, 2, 6, 2), atol=2e-3)
    frame = next(iter(read_frames(film, 4, 5)))
    wanted = warp_crop(frame.image, after.frame_to_crop, 64, repeat_border=True)
    write_image(tmp_path / "wanted.jpg", wanted)
    assert np.array_equal(read_image(folder / after.file), read_image(tmp_path / "wanted.jpg"))
    now = content(folder)
    assert all(now[name] == data for name, data in others.items())
    assert FaceSet.open(folder).records[0].size_px == 64


def test_everything_can_be_undone(repair, folder):
    begun = content(folder)
    walk = walking(folder)
    repair.move(walk[4].file, walk[4].points + (6, 2))
    first = content(folder)
    added = repair.add(6, points_at(56, 60, 40), walk[4].track)
    assert added.file == "000006_00.jpg" and walking(folder)[6].file == added.file
    repair.carry(walk[4].track, 0, 8, "shift")
    assert undo(folder).what == "carried" and undo(folder).what == "added"
    assert content(folder) == first
    undo(folder)
    assert content(folder) == begun
    with pytest.raises(UserError, match="nothing to undo"):
        undo(folder)


def test_a_change_carried_twice_is_made_once(repair, folder):
    walk = walking(folder)
    for shift in (4, 5):  # the maker looks, is not content, and sets the frame once more
        repair.move(walk[4].file, walk[4].points + (shift, 0))
        changed = repair.carry(walk[4].track, 2, 9, "shift")
        assert sorted(one.frame for one in changed) == [2, 3, 5, 7, 8, 9]  # 6 was missed and stays so
        found = walking(folder)
        assert all(np.allclose(found[n].points - walk[n].points, (shift, 0), atol=2e-3) for n in (2, 3, 4, 5, 7, 9))
        assert all(np.array_equal(found[n].points, walk[n].points) for n in (0, 1, 10))


def test_missed_faces_are_put_between_those_set_by_hand(repair, folder):
    walk = walking(folder)
    track = walk[4].track
    for frame in (4, 8):
        repair.move(walk[frame].file, points_at(50 + frame, 60, 40))
    changed = repair.carry(track, 3, 12, "between")
    assert [one.frame for one in changed] == [5, 6, 7]
    assert all(np.allclose(one.points, points_at(50 + one.frame, 60, 40), atol=2e-3) for one in changed)
    assert (folder / "000006_00.jpg").is_file() and walking(folder)[12].to_json() == walk[12].to_json()


def test_a_face_of_nobody_known_has_a_track_of_its_own(repair, folder):
    tracks = {record.track for record in FaceSet.open(folder).records}
    assert repair.add(3, points_at(90, 90, 30)).track == max(tracks) + 1
    assert repair.add(3, points_at(30, 90, 30)).file == "000003_03.jpg"


def test_who_was_taken_out_stays_out(repair, folder):
    """The record of other people goes with the alignments, which change."""
    inventory = FaceInventory.open(folder)
    out = np.array([record.track != inventory.records[0].track for record in inventory.records])
    others = {file for file, is_out in zip(inventory.files, out, strict=True) if is_out}
    write_other_people(folder, others)
    inventory.with_moved(out, ~out)
    walk = walking(folder)
    repair.move(walk[1].file, walk[1].points + 2)
    assert read_other_people(folder) == others
    face = sorted(others)[0]
    record = next(one for one in inventory.records if one.file == face)
    repair.move(face, record.points + 1)
    assert (folder / "removed" / face).is_file() and not (folder / face).exists()
    undo(folder)
    undo(folder)
    assert read_other_people(folder) == others


def test_a_crop_deleted_by_hand_stays_deleted(repair, folder):
    walk = walking(folder)
    (folder / walk[1].file).unlink()
    repair.move(walk[1].file, walk[1].points + 2)
    assert not (folder / walk[1].file).exists() and np.allclose(
        walking(folder)[1].points, walk[1].points + 2, atol=2e-3
    )


def test_mistakes_are_told_and_change_nothing(repair, folder, film, tmp_path):
    begun = content(folder)
    walk = walking(folder)
    track = walk[4].track
    mistakes = {
        "no face of walk": lambda: repair.move("../../000001_00.jpg", walk[4].points),
        "68 points": lambda: repair.move(walk[4].file, walk[4].points[:67]),
        "two numbers": lambda: repair.move(walk[4].file, walk[4].points * np.nan),
        "no face": lambda: repair.move(walk[4].file, walk[4].points * 0.01),
        "no track 77": lambda: repair.add(6, walk[4].points, 77),
        "has a face in frame 4 already": lambda: repair.add(4, walk[4].points, track),
        "no readable frame": lambda: repair.add(99, walk[4].points, track),
        "goes up": lambda: repair.carry(track, 9, 3),
        "5,000": lambda: repair.carry(track, 0, 10**7),
        "move the points": lambda: repair.carry(track, 0, 9),
        "two frames": lambda: repair.carry(track, 0, 9, "between"),
        "not extracted from 2": lambda: FaceRepair(folder, probe(film), 1),
        "has changed since": lambda: FaceRepair(folder, probe(write_frames(tmp_path / "other", 3)), 0),
    }  # fmt: skip
    for told, mistake in mistakes.items():
        with pytest.raises(UserError, match=told):
            mistake()
    assert {k: v for k, v in content(folder).items() if "repairs" not in k} == begun
