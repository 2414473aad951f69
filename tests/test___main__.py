"""`python -m faceswap` and the console scripts."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path

import pytest

from faceswap.__main__ import run_script
from faceswap.cli.installation import script_of
from faceswap.config.schema import COMMANDS

ROOT = Path(__file__).resolve().parents[1]


def test_every_command_has_its_script():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options.entry_points"]["console_scripts"].strip().splitlines()
    told = dict(line.split(" = ") for line in lines)
    wanted = {script_of(command): "faceswap.__main__:run_script" for command in COMMANDS}
    assert told == {"faceswap": "faceswap.__main__:main", **wanted}


def test_a_script_is_its_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/faceswap-stylegan-train", "--help"])
    with pytest.raises(SystemExit) as ended:
        run_script()
    assert ended.value.code == 0 and "python -m faceswap.stylegan.train" in capsys.readouterr().out
