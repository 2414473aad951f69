"""A hundred damages to what the program stores; `python -m tools.mutations` does thousands."""

import random

import pytest

from tools.mutations.campaign import Odd, mutations, wholes
from tools.mutations.mutating import KINDS
from tools.mutations.readers import READERS, files_of, make_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutations") / "inputs"
    folder.mkdir()
    make_inputs(folder)
    return folder


def test_damaged_files_are_refused_in_a_line_or_read_as_they_were(inputs, tmp_path):
    quick = [name for name in READERS if not name.startswith("journal")]
    found = list(mutations(wholes(quick, inputs, tmp_path / "work"), inputs, tmp_path / "work", 100, seed=1))
    assert [odd for odd in found if isinstance(odd, Odd)] == []
    assert sum(one.outcome == "refused" for one in found) > 30


def test_stopped_extractions_go_on_or_are_refused(inputs, tmp_path):
    found = mutations(wholes(["journal itself"], inputs, tmp_path / "work"), inputs, tmp_path / "work", 8, seed=1)
    assert [odd for odd in found if isinstance(odd, Odd)] == []


def test_every_reader_has_files(inputs):
    assert [name for name, reader in READERS.items() if not files_of(reader, inputs)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_changes_what_it_says(tmp_path, kind):
    changed = 0
    for seed in range(8):
        path = tmp_path / str(seed) / "00000004" / "state.json"
        path.parent.mkdir(parents=True)
        path.write_text('{"iteration": 4, "seconds": [1.5, 2]}')
        before = (path.stat().st_mode, path.read_bytes())
        KINDS[kind](path, random.Random(seed))
        changed += not path.is_file() or (path.stat().st_mode, path.read_bytes()) != before
    assert changed >= 6


def test_wrong_numbers_a_bug_and_a_hang_are_odd(inputs, tmp_path, monkeypatch):
    from tools.mutations import campaign

    work = tmp_path / "work"
    monkeypatch.setattr(campaign, "PATIENCE_SECONDS", 0.1)

    def told(read):
        reader = READERS["marks"]._replace(read=read, sums=True)
        monkeypatch.setitem(READERS, "marks", reader)
        return [one.told[:20] for one in mutations({"marks": 1}, inputs, work, 1, seed=0) if isinstance(one, Odd)]

    assert told(lambda folder: 1) == []
    assert told(lambda folder: 2) == ["changed numbers were"]
    assert told(lambda folder: 1 / 0) == ["ZeroDivisionError: d"]
    assert told(lambda folder: [None for _ in iter(int, 1)])[0].startswith("Hung: longer than")
