"""What results are called: a name carries what differs from the usual, a record beside it tells all it was made with.

So variants of a result lie beside each other, the same command again finds its own place, and what a name cannot tell
apart (two films of one name, two files of weights) is refused before the first is written over.
"""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from faceswap.config.build import is_users, untouched
from faceswap.config.groups import GROUPS, default_choices
from faceswap.config.schema import COMMANDS, names_of_kind
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import check_writable, write_json
from faceswap.utils.files.workspace import RESULT_REPORT, Workspace
from faceswap.utils.limits import JSON_BYTES
from faceswap.utils.settings.keyframes import Keyframes, is_by_frames
from faceswap.utils.settings.options import walk
from faceswap.utils.untrusted.reading import read_json

RECORD = "made_with"
LONGEST_VARIANT = 100  # characters of a name
# Where, on what, how fast: nothing of it is seen in a result.
UNSEEN = (
    "workspace", "out", "device", "batch_size", "restart", "side_by_side", "pair", "run", "provenance",
    "segment_frames", "workers", "engine",
)  # fmt: skip


class SettingsObject(Protocol):
    """A dataclass of settings."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


class ResultRequest(SettingsObject, Protocol):
    """A request whose result goes where `out` says, else into the workspace."""

    @property
    def out(self) -> str:
        """Return the place asked for; empty: the usual one."""
        ...

    @property
    def workspace(self) -> str:
        """Return the folder that everything lies in."""
        ...


@dataclasses.dataclass(frozen=True)
class Result:
    """A result's `path`, and its `record`: what it is made with, for its report."""

    path: Path
    record: dict[str, Any]

    def note(self) -> Path:
        """Write the record beside a result that has no report of its own; returns the result's path."""
        write_json(record_path(self.path), {"out": str(self.path), **self.record})
        return self.path


def result_of(
    command: str,
    request: ResultRequest,
    base: str,
    suffix: str = "",
    *,
    told: tuple[str, ...] = (),
    sources: Mapping[str, Path] | None = None,
    folder: Path | None = None,
) -> Result:
    """Return where the result of a command goes.

    Args:
        base: what it is called when every setting is as usual.
        suffix: of the file; none for a folder.
        told: the settings that `base` tells of.
        sources: by setting, the files that were taken where it was left out.
        folder: where it goes without out= (None: out/ of the workspace).

    Raises:
        UserError: The name is that of a result of other sources. With out= it was the user's wish.
    """
    if request.out:
        if suffix and os.path.isdir(request.out):
            raise UserError(f"cannot write {request.out}: a folder has that name; name another place with out=")
        return result_at(Path(request.out), command, request, sources, is_chosen=True)
    folder = Workspace(Path(request.workspace)).out if folder is None else folder
    settings_part = variant(command, request, told)
    if not suffix:
        settings_part = settings_part.replace(".", "_")  # a folder's name had better not look like a file's
    return result_at(folder / f"{base}{settings_part}{suffix}", command, request, sources)


def check_folder_name(out: str) -> None:
    """Raise UserError for an out= that is to be a folder and is called like a picture or a film."""
    from faceswap.media.listing import FILM_SUFFIXES
    from faceswap.media.pictures.images import READ_SUFFIXES

    path = Path(out)
    if not path.is_dir() and path.suffix.lower() in (*READ_SUFFIXES, *FILM_SUFFIXES):
        raise UserError(f"out={out}: a folder is made there, and this is a file's name; say out={path.with_suffix('')}")


def result_at(
    path: Path,
    command: str,
    request: ResultRequest,
    sources: Mapping[str, Path] | None = None,
    *,
    is_chosen: bool = False,
) -> Result:
    """Return the result at a path; `is_chosen`: by the user, who may write over an earlier one. See `result_of`."""
    known = {name: os.path.realpath(source) for name, source in (sources or {}).items()}
    made = plain_settings(request) | known
    refuse_sources(path, request)
    if not is_chosen:
        _refuse_other(path, made)
    check_writable(path)
    return Result(path, {"command": command, RECORD: made})


def variant(command: str, request: ResultRequest, told: tuple[str, ...] = ()) -> str:
    """Return what differs from the usual settings, as _NAME_VALUE of each; those that name files are left to records.

    Args:
        told: settings that are told of elsewhere.
    """
    usual = plain_settings(untouched(request)) | plain_settings(COMMANDS[command]()) | default_choices(command)
    own = {field.name for field in dataclasses.fields(request) if is_users(getattr(request, field.name))}
    usual = {name: value for name, value in usual.items() if name.split(".")[0] not in own}  # nobody knows their usual
    files = {*names_of_kind(command), *told} - {"seeds", "styles"}
    words = [
        f"_{name.rpartition('.')[2]}_{_word(value)}"
        for name, value in plain_settings(request).items()
        if name not in files and name.split(".")[0] not in told and value != usual.get(name)
    ]
    text = "".join(words)
    if len(text) > LONGEST_VARIANT:
        text = f"{text[: LONGEST_VARIANT - 20]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return text


def plain_settings(settings: SettingsObject, prefix: str = "") -> dict[str, Any]:
    """Return by dotted name the settings that show in a result; plugins by the name of their choice, files by path."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        name, value = prefix + field.name, getattr(settings, field.name)
        if field.name.startswith("_") or field.name in UNSEEN:
            continue
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            if group := field.metadata.get("group"):
                found[name] = _choice(group, value)
            found |= plain_settings(value, f"{name}.")
        elif isinstance(value, dict):
            found |= {f"{name}.{key}": each for key, each in value.items()}
        elif field.metadata.get("kind") and isinstance(value, str) and value and os.path.lexists(value):
            found[name] = os.path.realpath(value)
        else:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found


def record_path(result: Path) -> Path:
    """Return where the record of a result lies: within a folder, else beside the file."""
    return result / RESULT_REPORT if result.is_dir() else result.with_name(f"{result.name}.{RESULT_REPORT}")


def refuse_sources(path: Path, request: ResultRequest) -> None:
    """Raise UserError when a result would be written over a file that a setting names, itself or by its folder."""
    if not path.is_file():
        return

    for name, field in walk(type(request)):
        value: Any = request
        for part in name.split("."):
            value = getattr(value, part)
        if not field.metadata.get("kind") or not isinstance(value, str) or not value or name in UNSEEN:
            continue
        places = [value, *glob.iglob(value, recursive=True)] if glob.has_magic(value) else [value]
        for place in places:
            is_result = record_path(path).is_file()  # of an earlier run: a folder of pictures may hold it
            beside = not is_result and os.path.isdir(place) and _is_same(path.parent, place)
            if beside or _is_same(path, place):
                raise UserError(f"cannot write {path}: it is what {name}= names; name another place with out=")


def _is_same(path: Path, place: str) -> bool:
    try:
        return os.path.samefile(path, place)
    except (OSError, ValueError):
        return False


def _refuse_other(path: Path, made: Mapping[str, Any]) -> None:
    """Raise UserError when a result is there that was made with other settings; one without a record is replaced."""
    try:
        report = record_path(path)
        if not path.exists() or report.stat().st_size > JSON_BYTES:
            return
        before = read_json(report)[RECORD]
        others = {name: before[name] for name in before.keys() & made.keys() if before[name] != _stored(made[name])}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    if others:
        # Where names are cut a value may differ; usually it is a source.
        told = ", ".join(f"{name}={value} (now {made[name]})" for name, value in sorted(others.items())[:3])
        raise UserError(f"{path} is there and was made with {told}: name this one with out=, or remove that one")


def is_done(result: Result) -> bool:
    """Return whether a result is there of the same inputs and settings, as its report says."""
    try:
        report = record_path(result.path)
        if not result.path.exists() or report.stat().st_size > JSON_BYTES:
            return False
        before = read_json(report)
        return all(before.get(name) == value for name, value in _stored(result.record).items())
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _stored(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def _choice(group: str, settings: Any) -> str:
    """The name of a choice; of a user's own class, that class's."""
    known = (name for name, kind in GROUPS.get(group, {}).items() if kind is type(settings))
    return next(known, str(getattr(settings, "_target_", "")).rpartition(".")[2])


def _word(value: Any) -> str:
    if is_by_frames(value):
        value = str(Keyframes.read("", value, math.inf))
    if isinstance(value, bool):
        value = str(value).lower()  # as it is typed
    if isinstance(value, float):
        value = f"{value:g}"
    if isinstance(value, list):
        value = "_".join(map(_word, value))
    return re.sub(r"[^\w.,+-]+", "-", str(value).replace(os.sep, "-"))
