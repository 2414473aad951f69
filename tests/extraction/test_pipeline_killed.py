"""Kills at random moments, each in a process of its own: several people, parts of films, uneven times, one person."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extraction.test_pipeline import ROOT


@pytest.mark.slow
@pytest.mark.timeout(660)  # longer than others: the process below has its own bound
def test_what_was_killed_and_given_again_equals_what_never_was(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.extraction.killed", "3", "7", str(tmp_path / "work")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 11 and all(case["kills"] == 3 for case in told)
    assert [case for case in told if case["unequal"]] == []
