"""The schema, the YAML files and the classes they name agree."""

import importlib
import inspect
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest
import yaml

from faceswap.config import nodes, schema
from faceswap.config.compose import build, compose_config
from faceswap.config.help import command_help, overview
from faceswap.config.options import default_of, walk
from faceswap.config.paths import config_folder

NODES = [(group, name, node) for group, nodes in schema.GROUPS.items() for name, node in nodes.items()]
SECTIONS = [nodes.LossNode, nodes.AdamNode, nodes.WarpNode]


def target_of(node):
    module, _, name = node._target_.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("node", [node for *_, node in NODES if hasattr(node, "_target_")] + SECTIONS)
def test_a_node_has_the_arguments_of_its_target_and_the_same_defaults(node):
    target = target_of(node)
    own = {f.name: default_of(f) for f in fields(node) if f.name != "_target_"}
    if not own:
        inspect.signature(target).bind()
        return
    accepted = {p.name: p.default for p in inspect.signature(target).parameters.values()}
    assert set(own) == {name for name in accepted if not name.startswith("_")}
    for name, default in own.items():
        if accepted[name] is not inspect.Parameter.empty and not is_dataclass(default):
            assert default == accepted[name], name


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_the_yaml_selects_what_help_says(command):
    listed = yaml.safe_load((config_folder() / f"{command}.yaml").read_text())["defaults"]
    chosen = {key: value for entry in listed if isinstance(entry, dict) for key, value in entry.items() if value}
    assert chosen == schema.DEFAULT_CHOICES[command]


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_every_setting_has_help_and_shows_in_it(command):
    text = command_help(command)
    for name, field in walk(schema.COMMANDS[command]):
        assert len(field.metadata["help"]) > 2, name
        assert name in text, name


@pytest.mark.parametrize(
    "path", sorted(config_folder().glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}={path.stem}"
)
def test_every_variant_composes(path):
    group = path.parent.name
    command = next(
        c for c, kind in schema.COMMANDS.items() if any(f.metadata.get("group") == group for f in fields(kind))
    )
    config = compose_config(command, [f"{group}={path.stem}"])
    node = getattr(config, group)
    if hasattr(node, "_target_"):
        build(node)
    elif group == "augment":
        from faceswap.swap.colour import ColourChange

        ColourChange(node.colour)
        build(node.warp)


def test_the_overview_lists_the_commands():
    for command in schema.COMMANDS:
        assert f"faceswap.{command}" in overview()


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_help_loads_nothing_heavy(command):
    code = (
        f"import sys; sys.argv=['x', '--help']; import runpy\n"
        f"try: runpy.run_module('faceswap.{command}', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'cv2', 'numpy', 'hydra', 'av'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
