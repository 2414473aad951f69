"""The text of --help, from the schema alone (no Hydra, no torch: it answers at once)."""

from __future__ import annotations

import dataclasses
import shutil
import textwrap
from typing import Any

from faceswap.config import schema
from faceswap.config.groups import GROUPS, default_choices, group_choices
from faceswap.utils.settings.options import MISSING, default_of, section_type


def command_help(command: str) -> str:
    """Every setting of a command with its meaning, default and choices."""
    config = schema.COMMANDS[command]
    lines = [f"python -m faceswap.{command} key=value ...", "", *_wrapped(config.__doc__ or "", 0)]
    again = "goes on where it was" if command in schema.GO_ON else "begins anew"
    lines += _wrapped(f"Stopped (Ctrl-C) and given again it {again}.", 0)
    lines += ["", f"example: python -m faceswap.{command} {schema.EXAMPLES[command]}", "", "settings:"]
    plugins: list[dataclasses.Field] = []
    for field in dataclasses.fields(config):
        if field.name.startswith("_"):
            continue
        if schema.choices(field.metadata.get("group", "")):
            plugins.append(field)
        lines += _field_lines(command, field, "")
    for field in plugins:
        group = field.metadata["group"]
        for choice, node in GROUPS[group].items():
            settings = [f for f in dataclasses.fields(node) if f.name[0] != "_"]
            if settings:
                lines += ["", f"with {field.name}={choice}: {_first_line(node)}"]
                for nested in settings:
                    lines += _field_lines(command, nested, f"{field.name}.")
    lines += ["", "flags:"]
    for flag, meaning in (schema.FLAGS | schema.MORE_FLAGS.get(command, {})).items():
        lines += _entry(flag, meaning)
    return "\n".join(lines) + "\n"


def overview() -> str:
    """The list of commands."""
    lines = ["faceswap: find faces, train a pair, convert a film", "", "commands:"]
    for command, config in schema.COMMANDS.items():
        lines += _entry(f"python -m faceswap.{command}", _first_line(config))
    lines += ["", "python -m faceswap.COMMAND --help shows every setting with its meaning, default and choices."]
    return "\n".join(lines) + "\n"


def _field_lines(command: str, field: dataclasses.Field, prefix: str) -> list[str]:
    name, help_text = prefix + field.name, field.metadata.get("help", "")
    nested = section_type(field)
    if nested is not None:
        lines = []
        if field.metadata.get("group"):
            files = ", ".join(group_choices(field.metadata["group"])) or "none"
            lines += _entry(f"{name}=NAME", f"{field.metadata['help']} (files there are: {files})")
        for inner in dataclasses.fields(nested):
            if inner.name[0] != "_":
                lines += _field_lines(command, inner, f"{name}.")
        return lines
    if "group" in field.metadata:
        group = field.metadata["group"]
        choices = group_choices(group)
        default = default_choices(command).get(field.name)
        shown = f" [{default}]" if default else ""
        return _entry(f"{name}={'|'.join(choices) or 'NAME'}", f"{help_text}{shown}")
    if field.metadata.get("open"):
        return _entry(field.metadata["open"], f"{help_text} ({name} in files)")
    return _entry(f"{name}={_kind(field)}", f"{help_text}{_default_text(field)}")


def _kind(field: dataclasses.Field) -> str:
    if kind := field.metadata.get("several"):
        one = "|".join(field.metadata["choices"]) or ("N" if kind is int else "NAME")
        return f"{one},..."
    if (kind := field.metadata.get("kind")) in ("path", "name"):
        return kind.upper()
    if kind == "keyframes":
        return "|".join(["X", *field.metadata["words"]])
    if choices := field.metadata.get("choices"):
        return "|".join(choices)
    if words := field.metadata.get("words"):
        return "|".join(["N", *words])
    text = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    text = text.replace("Optional[", "").replace("]", "").replace(" | None", "")
    names = {"str": "TEXT", "int": "N", "float": "X", "bool": "true|false"}
    if text.startswith(("list", "List")):  # without brackets, which zsh takes for a pattern
        return {"list[str": "NAME,...", "list[int": "N,..."}.get(text, "[...]")
    return names.get(text, text.upper())


def _default_text(field: dataclasses.Field) -> str:
    value: Any = default_of(field)
    if value in (MISSING, None, ""):
        return ""
    if isinstance(value, bool):
        return f" [{str(value).lower()}]"
    text = str(getattr(value, "name", value))
    return f" [{text}]" if len(text) < 60 else ""


def _entry(head: str, text: str) -> list[str]:
    body = _wrapped(text, 34)
    if len(head) <= 30:
        return [f"  {head:<32}{body[0].strip() if body else ''}", *body[1:]]
    return [f"  {head}", *body]


def _wrapped(text: str, indent: int) -> list[str]:
    width = max(60, min(shutil.get_terminal_size((110, 20)).columns, 120))
    return textwrap.wrap(" ".join(text.split()), width, initial_indent=" " * indent, subsequent_indent=" " * indent)


def _first_line(config: type) -> str:
    return (config.__doc__ or "").strip().split("\n")[0]
