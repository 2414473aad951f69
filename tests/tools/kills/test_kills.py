"""The tool that kills commands finds what a careless one leaves, and nothing where a careful one was killed."""

import json
import random
import signal
import sys

import pytest

from tools.kills.__main__ import _parse, killed
from tools.kills.cases import Case
from tools.kills.comparing import differences, leftovers, what_lies_in
from tools.kills.killing import run

PROGRAMS = {
    "careful": """
        from faceswap.utils.files.atomic import write_json, write_text
        write_text("a.txt", "all of it")
        write_json("b.json", {"seconds": time.time(), "faces": 3})
    """,
    "half": """
        import os
        if not os.path.exists("a.txt"):  # takes what a kill left for the whole
            with open("a.txt", "w") as file:
                file.write("all ")
                file.flush()
                open("b.txt", "w").close()
                file.write("of it")
    """,
    "litter": """
        import os
        with open(f".{os.getpid()}.part.txt", "w") as file:
            file.write("x")
        os.rename(file.name, "a.txt")
    """,
    "slow": """
        with open("a.txt", "w") as file:
            file.write("half")
            file.flush()
            time.sleep(20)
            open("b.txt", "w").close()
    """,
    "twice": """
        with open("a.txt", "a") as file:
            file.write("once")
        open("b.txt", "w").close()
    """,
}


class Program(Case):
    """A module of this test that stands for a command."""

    @property
    def module(self) -> str:
        return self.command


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "modules")
    (tmp_path / "modules").mkdir()
    (tmp_path / "inputs").mkdir()

    def write(name):
        lines = [line[8:] for line in PROGRAMS[name].splitlines()]
        (tmp_path / "modules" / f"{name}.py").write_text("\n".join(["import time", *lines]))
        return Program(name, ())

    yield write
    for name in PROGRAMS:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("name", "is_found"), [("careful", False), ("half", True), ("litter", True), ("twice", True)])
def test_what_kills_do_to_a_command(tmp_path, program, name, is_found):
    found = killed(program(name), tmp_path / "inputs", tmp_path / "work", 6, random.Random(0))
    assert found["kills"] == 6 and found["changes"] >= 2
    assert bool(found["unequal"]) == is_found, found


def test_a_kill_comes_before_the_change_that_it_names(tmp_path, program):
    folder = tmp_path / "inputs"
    for place, left in ((1, []), (2, ["a.txt"]), (3, ["a.txt", "b.txt"])):
        ended = run(program("half").module, [], folder, place)
        assert ended.code == (-9 if place < 3 else 0) and sorted(p.name for p in folder.iterdir()) == left
        for path in folder.iterdir():
            path.unlink()


def test_a_kill_can_come_in_the_midst_of_what_follows_a_change(tmp_path, program):
    folder = tmp_path / "inputs"
    ended = run(program("slow").module, [], folder, kill_at=1, delay_seconds=0.2)
    assert ended == (-signal.SIGALRM, 1, "") and (folder / "a.txt").read_text() == "half"


def test_weights_are_compared_whatever_the_order_of_their_texts(tmp_path):
    left = []
    for number, (texts, weight) in enumerate((({"a": "1", "b": "2"}, 0), ({"b": "2", "a": "1"}, 0), ({"a": "1"}, 0),
                                              ({"a": "1", "b": "2"}, 1))):  # fmt: skip
        header = json.dumps(
            {"__metadata__": texts, "w": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}
        ).encode()
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "m.safetensors").write_bytes(
            len(header).to_bytes(8, "little") + header + bytes([weight])
        )
        left.append(what_lies_in(tmp_path / str(number)))
    assert left[0] == left[1]
    assert left[0] != left[2] and left[0] != left[3]


def test_times_are_not_compared_and_files_always_are(tmp_path):
    left = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / f"events.out.tfevents.{number}").touch()
        (folder / "report.json").write_text(f'{{"seconds": {number}, "faces": [3, {3 if number < 2 else 4}]}}')
        (folder / "same.txt").write_text("same")
        left.append(what_lies_in(folder))
    assert differences(*left) == ["report.json#/faces/1"]
    (tmp_path / "2" / "same.txt").unlink()
    (tmp_path / "2" / ".lock").touch()
    assert "same.txt" in differences(left[0], left[1], what_lies_in(tmp_path / "2"))
    assert leftovers(tmp_path / "2") == [".lock"]


def test_when_and_by_which_commit_a_record_was_written_is_not_compared(tmp_path):
    left = []
    for number, commit in enumerate(("a" * 40, "a" * 40, "b" * 40 + "-dirty")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "report.json").write_text(
            json.dumps({"versions": {"commit": commit}, "when": number // 2, "faces": 3})
        )
        (folder / "page.html").write_text(f'<p>"commit": "{commit}", faces 3')
        (folder / "film.mkv.c2pa").write_bytes(commit.encode())
        left.append(what_lies_in(folder))
    assert differences(*left) == []
    (tmp_path / "2" / "film.mkv.c2pa").unlink()
    (tmp_path / "2" / "page.html").write_text('<p>"commit": "cccccccc", faces 4')
    assert differences(*left[:2], what_lies_in(tmp_path / "2")) == ["film.mkv.c2pa", "page.html#"]


def test_a_command_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        _parse(["--commands", "extract,nonsense"])
    assert "nonsense: none of" in capsys.readouterr().err
    assert _parse(["--commands", "extract,train"]).commands == "extract,train"
