"""Which classes settings may name: those that are declared for a setting, and the user's own after trust=PACKAGE."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import keyword
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from faceswap.config.wording import nearest, shortened
from faceswap.utils.errors import UserError

_trusted: set[str] = set()  # full names of users' classes that a composition has accepted
_packages: set[str] = set()  # that were trusted on the command line
# Of Hydra's instantiate(), which builds nothing here: a class is called with its settings by name, and once.
_NOT_SETTINGS = ("_args_", "_partial_", "_recursive_", "_convert_")


def check_targets(settings: Any, trust: Collection[str] = ()) -> None:
    """Raises UserError for a `_target_` in settings that is no class of ours for that setting, nor one of `trust`.

    A user's class is imported here, and only here, and only from a package of `trust`.
    """
    from faceswap.config.schema import GROUPS
    from faceswap.utils.settings.options import section_type

    _packages.update(trust)
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            target = getattr(value, "_target_", "")
            nodes: Iterable[Any] = GROUPS.get(field.metadata.get("group", ""), {}).values()
            section = section_type(field)
            nodes = [*nodes, section] if section else list(nodes)
            known = {node._target_ for node in nodes if hasattr(node, "_target_")}
            if not (isinstance(target, str) and target in known) and (target or known):
                _accept(field.name, target, trust)
            check_targets(value, trust)
        elif field.name != "_target_":
            _check_plain(field.name, value)


def trusted() -> list[str]:
    """Return the packages that the command line trusts, for `trust` in a process that goes on with its settings."""
    return sorted(_packages)


def trust(packages: Iterable[str]) -> None:
    """Trust packages that the command line of another process trusts."""
    _packages.update(packages)


def import_trusted(name: str) -> None:
    """Import the module of a class that a run names, where the command line trusts its package; else do nothing.

    Raises:
        UserError: It is a class of somebody's package that is not trusted, or is not there.
    """
    package = name.partition(".")[0]
    if package in ("", "faceswap") or not all(part.isidentifier() for part in name.split(".")):
        return
    if package not in _packages:
        raise UserError(f"the run's model {shortened(name)} is of another package; if it is yours, say trust={package}")
    _accept("model", name, _packages)


def target_of(node: Any) -> Any:
    """The class that a checked node names. Raises UserError for one that no composition has accepted."""
    target = node._target_
    if target not in declared_targets() and target not in _trusted:
        raise UserError(_refusal("_target_", target))
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)


def call(target: Any, name: str, arguments: Mapping[str, Any]) -> Any:
    """What a node's class makes of its settings. Raises UserError for settings that a user's class does not take."""
    if name in _trusted:
        try:
            signature = inspect.signature(target)
            signature.bind(**arguments)
        except TypeError as error:
            known = list(signature.parameters)
            unknown = next((key for key in arguments if key not in known), "")
            hint = nearest(unknown, known) if unknown else ""
            raise UserError(f"{name}: {error}{hint}; it takes {', '.join(known) or 'nothing'}") from error
    return target(**arguments)


def node_from(values: Mapping[str, Any]) -> Any:
    """Settings of a user's class as an object with one attribute each, as the declared nodes are.

    Raises:
        UserError: One has a name that no argument of a class can have.
    """
    for key in values:
        if not str(key).isidentifier() or keyword.iskeyword(str(key)) or str(key).startswith("__"):
            raise UserError(f"'{shortened(str(key))}' cannot name a setting: letters, digits and _ can")
        _refuse_hydras("", str(key))
    fields = [
        (str(key), Any, dataclasses.field(default_factory=functools.partial(_same, value)))
        for key, value in values.items()
    ]
    return dataclasses.make_dataclass("UsersNode", fields)()


@functools.cache
def declared_targets() -> frozenset[str]:
    """Full names of the classes that the schema declares."""
    from faceswap.config import schema
    from faceswap.utils.settings.options import section_type

    found: set[str] = set()

    def collect(node: type) -> None:
        found.add(getattr(node, "_target_", ""))
        for field in dataclasses.fields(node):
            if section := section_type(field):
                collect(section)

    for node in [*schema.COMMANDS.values(), *(node for group in schema.GROUPS.values() for node in group.values())]:
        collect(node)
    return frozenset(found - {""})


def check_function(name: str, trust: Collection[str]) -> None:
    """Raises UserError for a function "module:function" that a file names, and not the user on the command line."""
    package = name.partition(":")[0].partition(".")[0]
    if name and package not in trust:
        raise UserError(
            f"scorer={name} comes from a file, and files run nothing of their own: write scorer= on the command line, "
            f"or trust={package or 'PACKAGE'}"
        )


def trusted_packages(text: str) -> list[str]:
    """The packages of `trust=my_lab` or `trust=[my_lab,other]`. Raises UserError for what is none of a user's."""
    names = [name.strip() for name in text.strip("[]").split(",") if name.strip()]
    for name in names:
        if not name.isidentifier() or name in sys.stdlib_module_names:
            raise UserError(
                f"trust={text}: names of packages of your own are wanted, as trust=my_lab or [my_lab,other]"
            )
    return names


def _accept(setting: str, target: object, trust: Collection[str]) -> None:
    """Imports and accepts a user's class, or raises UserError."""
    text = target if isinstance(target, str) else ""
    parts = text.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts) or parts[0] not in trust:
        raise UserError(_refusal(setting, target))
    module, _, name = text.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"{setting}: {text} is not there ({error}); it is looked for where Python looks for modules, which the "
            "current folder is not: install the package, or set PYTHONPATH"
        ) from error
    home = str(getattr(found, "__module__", "")).partition(".")[0]
    if not callable(found) or home not in trust:
        raise UserError(f"{setting}: {text} is no class of the package {parts[0]}, which alone is trusted")
    _trusted.add(text)


def _refusal(setting: str, target: object) -> str:
    told = shortened(str(target)) or "nothing"
    package = str(target).partition(".")[0]
    own = package.isidentifier() and package not in sys.stdlib_module_names and package != "faceswap"
    return (
        f"{setting}: _target_={told} is no class that this setting takes; one of your own package must be "
        f"trusted on the command line: trust={package if own else 'my_lab'}"
    )


def _check_plain(setting: str, value: Any) -> None:
    """Raises UserError for a `_target_`, or what else steers Hydra, anywhere in a value that is no node."""
    if isinstance(value, Mapping):
        for name in value:
            _refuse_hydras(f"{setting}.", str(name))
        if "_target_" in value:
            raise UserError(_refusal(setting, value["_target_"]))
        for name, one in value.items():
            _check_plain(f"{setting}.{name}", one)
    elif isinstance(value, list | tuple):
        for one in value:
            _check_plain(setting, one)


def _refuse_hydras(setting: str, name: str) -> None:
    if name in _NOT_SETTINGS:
        raise UserError(f"{setting}{name} is no setting: a class gets its settings by name, each a line 'name: value'")


def _same(value: Any) -> Any:
    return value
