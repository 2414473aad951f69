"""The flags of all commands: our own, Hydra's, and those of Hydra's that are refused."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from faceswap.config.wording import nearest, shortened
from faceswap.utils.errors import UserError

# By flag: its short name, and whether a value follows (None: it may).
_HYDRA: dict[str, tuple[str, bool | None]] = {
    "--cfg": ("-c", True),
    "--resolve": ("", False),
    "--package": ("-p", True),
    "--info": ("-i", None),
    "--hydra-help": ("", False),
    "--shell-completion": ("-sc", False),
    "--run": ("-r", False),
    "--multirun": ("-m", False),
}
_OURS: dict[str, tuple[str, bool | None]] = {
    "--help": ("-h", False),
    "--show-config": ("", False),
    "--version": ("-V", False),
    "--debug": ("", False),
    "--config-dir": ("-cd", True),
    "--config-name": ("-cn", True),
}
_REFUSED = {
    "--config-path": "the shipped settings stay; --config-dir DIR adds a folder of your own",
    "--experimental-rerun": "it would run code out of a file; settings=RUN takes an earlier run's settings again",
}
FLAGS = {**_OURS, **_HYDRA}
_LONG = {short: name for name, (short, _) in FLAGS.items() if short} | {"-cp": "--config-path"}
_ONE_OF = ("--cfg", "--info", "--run", "--multirun", "--shell-completion")
_CHOICES = {
    "--cfg": ("job", "hydra", "all"),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
}


@dataclass
class CommandLine:
    """A command line taken apart: `ours` and `hydra` are flags with their values, `arguments` all else."""

    ours: dict[str, str] = field(default_factory=dict)
    hydra: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path | None:
        """The folder of --config-dir. Raises UserError when it is not there."""
        if "--config-dir" not in self.ours:
            return None
        folder = Path(os.path.expanduser(self.ours["--config-dir"]))
        if not folder.is_dir():
            raise UserError(f"--config-dir: there is no folder {folder}")
        return folder

    def hydra_flags(self) -> list[str]:
        """Return the flags for Hydra's own parser."""
        return [one for flag, value in self.hydra.items() for one in ([flag, value] if value else [flag])]


def take_flags(arguments: list[str]) -> CommandLine:
    """Return a command line taken apart. Raises UserError for a flag that is refused or lacks its value."""
    found, rest = CommandLine(), list(arguments)
    while rest:
        argument = rest.pop(0)
        flag, equals, value = argument.partition("=")
        flag = _LONG.get(flag, flag)
        if flag in _REFUSED:
            raise UserError(f"{flag} is not taken: {_REFUSED[flag]}")
        if flag not in FLAGS:
            found.arguments.append(argument)
            continue
        takes = FLAGS[flag][1]
        if takes and not equals:
            value = rest.pop(0) if rest else ""
        elif takes is None and not equals and rest and rest[0] in _CHOICES[flag]:
            value = rest.pop(0)
        if takes and not value:
            raise UserError(f"{flag} needs a {'folder' if flag == '--config-dir' else 'value'}")
        if value and flag in _CHOICES and value not in _CHOICES[flag]:
            known = _CHOICES[flag]
            raise UserError(f"{flag} {shortened(value)}{nearest(value, list(known))}: choose from {', '.join(known)}")
        (found.ours if flag in _OURS else found.hydra)[flag] = value
    if len(at_once := [flag for flag in found.hydra if flag in _ONE_OF]) > 1:
        raise UserError(f"{' '.join(at_once)}: only one of {', '.join(_ONE_OF)} at a time")
    if "--resolve" in found.hydra and "--cfg" not in found.hydra:
        raise UserError("--resolve goes with --cfg: it fills in ${...}")
    return found
