"""Write configs/GROUP/CHOICE.yaml of every plugin from its declaration (python -m tools.write_configs).

A default stands once, in the declaration; these files show it with its help, to be read and copied.
"""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from typing import Any

import yaml

from faceswap.config.groups import GROUPS, config_folder
from faceswap.config.schema import schema_name
from faceswap.utils.settings.options import default_of

WIDTH = 110


def plugin_yaml(group: str, choice: str) -> str:
    """Return the text of a plugin's YAML file: what it is, and each setting with its default, help and range."""
    node = GROUPS[group][choice]
    lines = [*_comment(inspect.getdoc(node) or ""), f"# Another one: a copy in MY_FOLDER/{group}/NAME.yaml, then "
             f"--config-dir MY_FOLDER {group}=NAME", f"defaults: [{schema_name(choice)}, _self_]"]  # fmt: skip
    for field in dataclasses.fields(node):
        if field.name.startswith("_"):
            continue
        lines += _comment(field.metadata["help"] + _accepted(field))
        value = yaml.safe_dump(default_of(field), width=1000, default_flow_style=True).splitlines()[0]
        lines.append(f"{field.name}: {value}")
    return "\n".join(lines) + "\n"


def _accepted(field: dataclasses.Field[Any]) -> str:
    choices, low, high = (field.metadata.get(name) for name in ("choices", "minimum", "maximum"))
    if choices:
        return f" ({', '.join(choices)})"
    if low is None:
        return ""
    return f" ({low:g} or more)" if high is None else f" ({low:g} to {high:g})"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), WIDTH)]


def main() -> None:
    """Write all files."""
    for group, plugins in GROUPS.items():
        for choice in plugins:
            path = config_folder() / group / f"{choice}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(plugin_yaml(group, choice), encoding="utf-8")


if __name__ == "__main__":
    main()
