"""The schema, the YAML files and the classes they name agree."""

import subprocess
import sys
from dataclasses import fields

import pytest
import yaml

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.help import command_help, overview
from faceswap.config import schema
from faceswap.config.build import build
from faceswap.config.groups import config_folder, default_choices
from faceswap.detect.config import FaceAlignmentConfig
from faceswap.utils.settings.options import walk
from tools.write_configs import plugin_yaml

CHOICES = [(group, choice) for group, choices in schema.GROUPS.items() for choice in choices]


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_help_reads_what_the_yaml_selects(command):
    listed = yaml.safe_load((config_folder() / f"{command}.yaml").read_text())["defaults"]
    chosen = {key: value for entry in listed if isinstance(entry, dict) for key, value in entry.items() if value}
    assert chosen == default_choices(command)


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_the_yaml_of_a_choice_is_that_of_its_declaration(group, choice):
    """Written by `python -m tools.write_configs`."""
    assert (config_folder() / group / f"{choice}.yaml").read_text() == plugin_yaml(group, choice)


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_every_setting_has_help_and_shows_in_it(command):
    text = command_help(command)
    for name, field in walk(schema.COMMANDS[command]):
        assert len(field.metadata["help"]) > 2, name
        assert name in text, name


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(config_folder().glob("*/*.yaml")) if path.parent.name != "experiment"],
    ids=lambda path: f"{path.parent.name}={path.stem}",
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
        from faceswap.swap.data.colour import ColourChange

        ColourChange(node.colour)


@pytest.mark.parametrize("path", sorted((config_folder() / "experiment").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_experiment_changes_settings(path):
    assert compose_config("train", [f"+experiment={path.stem}"]) != compose_config("train", [])


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


def test_help_shows_no_internals_and_tells_paths_from_names():
    text = command_help("train")
    assert "_target_=" not in text  # as a setting: trust= tells of it in words
    assert "workspace=PATH" in text and "init.path=PATH" in text
    assert "pair.a=NAME" in text and "pair.consent.who=TEXT" in text
    for file in (config_folder() / "pair").glob("*.yaml"):
        assert file.stem in " ".join(text.split())
    assert "init.parts=NAME,... " in text  # lists as any shell takes them, without brackets
    assert "finder.detector=sfd|blazeface|" in command_help("extract")


def test_the_detectors_offered_are_those_there_are():
    from faceswap.detect.face_alignment_networks import DETECTORS

    offered = next(f for f in fields(FaceAlignmentConfig) if f.name == "detector")
    assert offered.metadata["choices"] == tuple(DETECTORS)


@pytest.mark.parametrize(
    ("command", "shown"),
    [("train", "keep_checkpoints=N "), ("train", "run=NAME "), ("convert", "run=PATH "), ("extract", "person=PATH "),
     ("stylegan.metrics", "faces=N "), ("convert", "faces=NAME "), ("morph", "faces=PATH "), ("convert", "onnx=PATH "),
     ("directions", "scorer=TEXT "), ("extract", "finder.embedder_weights=PATH")],
)  # fmt: skip
def test_help_tells_the_kind_of_each_field_not_of_its_name(command, shown):
    assert f"  {shown}" in command_help(command)


def test_every_package_that_is_imported_is_declared():
    import ast
    import configparser
    import re

    root = config_folder().parent
    setup = configparser.ConfigParser()
    setup.read(root / "setup.cfg")
    extras = setup["options.extras_require"]
    needed = "\n".join([setup["options"]["install_requires"], extras["web"], extras["ray"]])
    declared = set(re.findall(r"^[\w-]+", needed.lower(), re.MULTILINE))
    projects = {"cv2": "opencv-python", "pil": "pillow", "yaml": "pyyaml", "hydra": "hydra-core"}
    projects["omegaconf"] = "hydra-core"  # its other half, released with it
    projects["starlette"] = "fastapi"  # what it is made on, released for it
    projects |= {"google": "protobuf", "c2pa": "c2pa-python"}
    imported = set()
    for path in (root / "faceswap").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.partition(".")[0] for name in names}
    foreign = {name.lower() for name in imported - sys.stdlib_module_names - {"faceswap"}}
    missing = {projects.get(name, name.replace("_", "-")) for name in foreign} - declared
    assert not missing
