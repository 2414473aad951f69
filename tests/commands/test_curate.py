"""python -m faceswap.curate as a user runs it."""

import json

from faceswap.core.face_set import FaceSet
from tests.commands.conftest import one_line_error, run
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
