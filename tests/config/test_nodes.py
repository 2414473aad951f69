"""What Hydra fills and what commands get, made from one declaration; no default stands twice."""

import ast
import dataclasses
import importlib
import inspect
import textwrap

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.config import schema
from faceswap.config.nodes import frozen, node_of
from faceswap.utils.errors import UserError
from faceswap.utils.settings.options import section_type

CONFIGS = {config for group in schema.GROUPS.values() for config in group.values()} | {
    section for request in schema.COMMANDS.values() for field in dataclasses.fields(request)
    if (section := section_type(field))
}  # fmt: skip
# Ordered, since processes that share the tests must count them alike.
BUILDERS = sorted((one for one in CONFIGS if hasattr(one, "_target_") and dataclasses.fields(one)), key=str)


@pytest.mark.parametrize("config", BUILDERS, ids=lambda config: config.__name__)
def test_a_class_takes_its_defaults_from_its_declaration(config):
    module, _, name = config._target_.rpartition(".")
    target = getattr(importlib.import_module(module), name)
    declared = {field.name for field in dataclasses.fields(config)}
    if issubclass(target, config):
        heirs = [kind for kind in target.__mro__ if not kind.__name__.endswith("Config") and kind is not config]
        assert not [kind for kind in heirs if declared & set(vars(kind))]
    else:
        arguments = ast.parse(textwrap.dedent(inspect.getsource(target.__init__))).body[0].args
        names = [argument.arg for argument in arguments.args][-len(arguments.defaults) :]
        defaults = dict(zip(names, map(ast.unparse, arguments.defaults), strict=True))
        assert {name: defaults[name] for name in declared} == {name: f"{config.__name__}.{name}" for name in declared}


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_a_command_gets_the_frozen_dataclass_that_declares_its_settings(command):
    request = compose_config(command, [])
    assert type(request) is schema.COMMANDS[command]
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.workspace = "elsewhere"


def test_values_that_do_not_go_together_are_one_line():
    node = node_of(schema.COMMANDS["invert"])()
    node.loss.pixels = node.loss.perceptual = 0.0
    with pytest.raises(UserError, match="one of pixels and perceptual"):
        frozen(node)
