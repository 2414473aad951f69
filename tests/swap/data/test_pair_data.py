"""The two face sets of a pair: several that are used as one, and too few faces."""

import pytest

from faceswap.commands.pairs import refuse_itself, resolve_pair
from faceswap.config.swapping import Pair
from faceswap.media.pictures.images import read_image
from faceswap.swap.data.pair_data import open_faces, open_pair
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from tests.swap.fakes import make_face_set


@pytest.fixture
def workspace(tmp_path):
    for seed, name in enumerate(("ben", "anna_day", "anna_night")):
        make_face_set(tmp_path / "faces" / name, 4 + seed, seed=seed)
    return Workspace(tmp_path)


@pytest.mark.parametrize(
    "text", ["[anna_day,anna_night]", "anna_day,anna_night", "[anna_day, anna_night]", "anna_day+anna_night"]
)
def test_two_sets_of_one_person_train_as_one(workspace, text):
    pair = resolve_pair(Pair(name="", a=text, b="ben"), workspace)
    assert (pair.name, pair.a, pair.b) == ("anna_day+anna_night_ben", "anna_day+anna_night", "ben")
    faces = open_faces(workspace.existing_faces_together(pair.a))
    assert (faces.name, len(faces)) == ("anna_day+anna_night", 11)
    parts = [open_faces(workspace.faces(name)) for name in ("anna_day", "anna_night")]
    paths = [part.path(index) for part in parts for index in range(len(part))]
    assert [faces.path(index) for index in range(len(faces))] == paths
    assert (read_image(faces.path(5)) == read_image(paths[5])).all()
    assert {record.track for record in faces.records} == {0, 1}


def test_the_joined_sets_are_cached_and_shown(workspace, tmp_path):
    faces = {"a": workspace.faces("anna_day+anna_night"), "b": workspace.faces("ben")}
    data = open_pair(faces, tmp_path, (16, 0.8), 0.0)
    assert len(data.known["a"]) == 11 and len(data.shown["a"]) == 6


def test_a_set_that_lacks_is_named(workspace):
    with pytest.raises(UserError, match=r"no face set 'carla' .*there are: anna_day, anna_night, ben"):
        workspace.existing_faces_together("anna_day+carla")


def test_a_set_named_twice_is_refused(workspace):
    with pytest.raises(UserError, match="the face set ben stands there twice"):
        workspace.existing_faces_together("ben+anna_day+ben")


def test_a_set_called_with_a_plus_is_that_set(workspace, tmp_path):
    make_face_set(tmp_path / "faces" / "x+y", 3)
    assert len(open_faces(workspace.existing_faces_together("x+y"))) == 3


@pytest.mark.parametrize("a, b", [("ben", "ben"), ("anna_day+ben", "ben"), ("anna_day+ben", "ben+anna_night")])
def test_a_pair_with_itself_is_refused(workspace, a, b):
    folders = workspace.existing_faces_together(a), workspace.existing_faces_together(b)
    with pytest.raises(UserError, match="ben cannot be swapped with itself"):
        refuse_itself(*folders)


def test_another_name_for_the_same_set_is_itself_too(workspace, tmp_path):
    (tmp_path / "faces" / "benjamin").symlink_to(tmp_path / "faces" / "ben")
    with pytest.raises(UserError, match="itself"):
        refuse_itself(workspace.faces("benjamin"), workspace.faces("ben"))
    refuse_itself(workspace.faces("anna_day"), workspace.faces("ben"))
    for name in ("sam", "sam_copy"):
        workspace.faces(name).mkdir(parents=True)
        (workspace.faces(name) / "alignments.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match="sam_copy holds the very faces of sam"):
        refuse_itself(workspace.faces("sam"), workspace.faces("sam_copy"))


def test_few_faces_are_told_with_what_helps(workspace, tmp_path, caplog):
    faces = {"a": workspace.faces("anna_day"), "b": workspace.faces("ben")}
    open_pair(faces, tmp_path, (16, 0.8), 0.0)
    told = [message for message in caplog.messages if "hundreds" in message]
    assert [message.split(":")[0] for message in told] == ["anna_day holds 5 faces", "ben holds 4 faces"]
