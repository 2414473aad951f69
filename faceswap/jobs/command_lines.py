"""Which command lines may wait in the queue: our own commands, with settings that they have and without any flag."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from faceswap.config.schema import COMMANDS, settings_of
from faceswap.config.wording import nearest
from faceswap.utils.errors import UserError
from faceswap.utils.limits import PATH_CHARACTERS
from faceswap.utils.settings.options import walk

ALLOWED = (
    "extract",
    "curate",
    "train",
    "people",
    "convert",
    "edit",
    "morph",
    "match",
    "booth_film",
    "generate",
    "invert",
    "export",
)
# Which one process can run one after the other, and the module whose look_ahead() sees all their inputs in batches.
TOGETHER = {"match": "", "booth_film": "faceswap.commands.booth_film"}
ARGUMENTS = 100
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*", re.IGNORECASE)


def check_command_line(command: str, arguments: Sequence[str]) -> None:
    """Raise UserError for a command that is not run from the queue, and for arguments that are none of its settings.

    Flags, settings files and classes of others are refused with them; values are the command's own to check.
    """
    if command not in ALLOWED:
        raise UserError(f"'{str(command)[:60]}' is not run from the queue; accepted are {', '.join(ALLOWED)}")
    if not isinstance(arguments, list | tuple):  # of a database that somebody changed
        raise UserError("arguments are a list of settings")
    if len(arguments) > ARGUMENTS:
        raise UserError(f"{len(arguments)} arguments are more than the {ARGUMENTS} that are accepted")
    for argument in arguments:
        if not isinstance(argument, str) or len(argument) > PATH_CHARACTERS or re.search(r"[\0\r\n]", argument):
            raise UserError(f"an argument is one line of text, of no more than {PATH_CHARACTERS} characters")
        name, equals, _ = argument.partition("=")
        if not (equals and _NAME.fullmatch(name)):
            raise UserError(f"{argument[:60]!r} is not run from the queue; accepted are settings as NAME=VALUE")
        if not _is_setting(command, name):
            hint = nearest(name, list(settings_of(command)))
            raise UserError(f"{command} has no setting '{name[:60]}'{hint}")


def shown(command: str, arguments: Sequence[str]) -> str:
    """Return the line to be typed into a shell for the same."""
    return " ".join(["python -m", f"faceswap.{command}", *map(shlex.quote, arguments)])


def _is_setting(command: str, name: str) -> bool:
    known = settings_of(command)
    if name in known or any(one.startswith(f"{name}.") for one in known):  # a section is chosen by its file's name
        return True
    is_open = any(field.metadata.get("open") for _, field in walk(COMMANDS[command]))
    return is_open and "." not in name  # edit's directions, which the generator knows
