"""python -m faceswap.people, and convert with the numbers that it gives."""

import json

from tests.commands.conftest import one_line_error, run


def test_the_people_of_a_film_are_told_and_swapped_by_number(example):
    sheet = run("people", f"video={example.b.video}", "device=cpu", cwd=example.folder)
    assert "Person 1" in sheet.path.read_text(encoding="utf-8")
    people = json.loads(sheet.path.with_suffix(".json").read_text())["people"]
    assert people[0]["number"] == 1 and people[0]["films"][0]["frames"]
    mapped = run("convert", f"video={example.b.video}", "map={1: craig_brosnan}", "device=cpu", "detail=none",
                 "stop=2", cwd=example.folder)  # fmt: skip
    assert mapped.path.name.startswith("brosnan_as_craig_0-2_map_1")
    report = json.loads(mapped.path.with_name(f"{mapped.path.name}.report.json").read_text())
    assert report["people"][0]["who"] == "1" and report["people"][0]["run"] == "craig_brosnan"
    for arguments, said in (
        (("map={9: craig_brosnan}",), "there is no person 9 in brosnan"),
        (("map={1: nobody}",), "nobody"),
    ):
        ran = run("convert", f"video={example.b.video}", *arguments, "device=cpu", cwd=example.folder, code=2)
        assert said in one_line_error(ran)


def test_a_film_that_nobody_knows_yet(example, tmp_path):
    copy = tmp_path / "other.mp4"
    copy.write_bytes(example.b.video.read_bytes() + b"\0" * 8)  # other content
    ran = run("convert", f"video={copy}", "map={1: craig_brosnan}", "device=cpu", cwd=example.folder, code=2)
    assert "give python -m faceswap.people video=" in one_line_error(ran)
    assert "out=sheet.json: the sheet is a page" in one_line_error(
        run("people", f"video={copy}", "out=sheet.json", cwd=example.folder, code=2)
    )
