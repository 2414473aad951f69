"""What may wait in the queue."""

from __future__ import annotations

import pytest

from faceswap.config.schema import COMMANDS
from faceswap.jobs.command_lines import ALLOWED, check_command_line, shown
from faceswap.utils.errors import UserError


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("extract", ["video=a b;rm -rf.mp4", "finder=builtin", "finder.detect_every=3"]),
        ("convert", ["pair.a=anna", "pair=a_b", "mask=parsed", "mask.erode=0.05"]),
        ("edit", ["photo=a.jpg", "smile=+1.5"]), ("train", ["model=df", "model.resolution=128"]),
    ],
)  # fmt: skip
def test_our_commands_with_their_settings_are_accepted(command, arguments):
    check_command_line(command, arguments)
    assert all(command in COMMANDS for command in ALLOWED)


def test_a_line_can_be_typed():
    assert shown("convert", ["video=a b.mp4"]) == "python -m faceswap.convert 'video=a b.mp4'"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("studio", []), ("worker", []), ("jobs.child", []), ("../extract", []), ("", []), ("stylegan.train", []),
        ("extract", ["--config-dir=/etc"]), ("extract", ["trust=os"]), ("extract", ["hydra.run.dir=/"]),
        ("extract", ["settings=x"]), ("extract", ["+a=b"]), ("extract", ["~a"]), ("extract", ["video"]),
        ("extract", ["video=a\nb"]), ("extract", ["video=a\0"]), ("extract", ["a=" + "x" * 5000]),
        ("extract", ["hydra/launcher=joblib"]), ("extract", ["a=b"] * 101), ("extract", ["vidoe=a"]),
        ("convert", ["smile=1"]), ("edit", ["a.b=1"]),
    ],
)  # fmt: skip
def test_anything_else_is_refused(command, arguments):
    with pytest.raises(UserError, match=r"from the queue|are accepted|no setting|one line"):
        check_command_line(command, arguments)
