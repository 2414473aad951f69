"""One rule for all values of all commands: finite, in range, of their kind, and the setting is named."""

import copy
import dataclasses
import math

import pytest

from faceswap.cli.composing import compose
from faceswap.cli.composing.compose import compose_config
from faceswap.config import schema
from faceswap.config.checks import bounds, check_values
from faceswap.utils.errors import UserError
from faceswap.utils.settings.options import kinds, section_type

ENDLESS = [math.inf, -math.inf, math.nan, 1e300, -1e300, 10**400, -(10**400), 2**64]


def places(config, prefix=""):
    """(owner, field, dotted name) of every value, plugins and sections opened."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from places(value, f"{prefix}{field.name}.")
        elif field.name != "_target_":
            yield config, field, prefix + field.name


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_no_value_of_any_setting_gets_through(command, monkeypatch):
    monkeypatch.setattr(compose, "frozen", lambda node: node)
    config = compose_config(command, [])
    check_values(copy.deepcopy(config))
    for owner, field, name in places(config):
        usual = getattr(owner, field.name)
        bad = ENDLESS if {"int", "float"} & kinds(field) else []
        bad = bad + (["a\0b"] if "str" in kinds(field) else [])
        bad = bad + ([] if "None" in kinds(field) or "Any" in kinds(field) or field.metadata.get("group") else [None])
        for value in bad:
            setattr(owner, field.name, value)
            with pytest.raises(UserError) as caught:
                check_values(copy.deepcopy(config))
            assert str(caught.value).startswith(f"{name}=") and "\n" not in str(caught.value), (name, value)
            assert len(str(caught.value)) < 400
        setattr(owner, field.name, usual)
    for field in dataclasses.fields(config):
        if field.metadata.get("group") or section_type(field):
            for value in (3, "x", True, [1], {"a": 1}):
                changed = copy.deepcopy(config)
                setattr(changed, field.name, value)
                with pytest.raises(UserError, match=f"^{field.name}="):
                    check_values(changed)


@pytest.mark.parametrize("command", schema.COMMANDS)
def test_defaults_lie_within_their_bounds(command):
    for name, fields in schema.settings_of(command).items():
        for field in fields:
            if {"int", "float"} & kinds(field) and isinstance(field.default, int | float):
                smallest, largest = bounds(field)
                assert smallest <= field.default <= largest, name


@pytest.mark.parametrize(
    ("command", "argument", "says"),
    [
        ("extract", "finder=null", "choose from: builtin"), ("extract", "finder=1", "choose from: builtin"),
        ("extract", "every=~", "cannot read 'every=~'"), ("extract", "every=1.5", "a whole number is wanted"),
        ("train", "minutes=" + "9" * 400, "at most 308 digits"), ("train", "minutes=1e400", "a finite number"),
        ("curate", "keep=[" + "9" * 400 + "]", "at most 308 digits"),
        ("train", "restart=-1", "true or false"), ("train", "restart=1.5", "true or false"),
        ("train", "loss=null", "choose from: eyes_mouth, recon"),
        ("train", "update=null", "set as update."), ("train", "loss.dssim_window_px=4", "an odd number"),
        ("train", "model.x=3", "no setting 'x'"), ("extract", "every=" + "9" * 5000, "at most 308 digits"),
        ("extract", "every=${oc.env:HOME}", "not resolved"), ("extract", "every.x=3", "every is one value"),
        ("invert", "start=average", "did you mean 'guess'"),
        ("convert", "sharpen=4", "3 or less"), ("convert", "sharpen=much", "a number, or auto"),
        ("train", "update.clip=1", "mean 'update.grad_clip_norm'"), ("train", "validation_share=0.99", "0.5 or less"),
    ],
)  # fmt: skip
def test_slips_on_the_command_line(command, argument, says):
    with pytest.raises(UserError) as caught:
        compose_config(command, [argument])
    assert says in str(caught.value) and len(str(caught.value)) < 300


def test_numbers_and_lists_as_people_write_them():
    config = compose_config("train", ["iterations=1e3", "init.parts=encoder,inter", "model=df"])
    assert (config.iterations, config.init.parts) == (1000, ["encoder", "inter"])
    for argument in ("reject=blur,damaged", "reject=[blur,damaged]"):
        assert compose_config("curate", [argument]).reject == ["blur", "damaged"]
    assert compose_config("curate", ["keep=1,3"]).keep == [1, 3] and compose_config("curate", ["keep=2"]).keep == [2]


@pytest.mark.parametrize(("said", "means"), [("1", 1), ("0.5", 0.5), ("auto", "auto")])
def test_a_strength_may_be_whole_or_not_or_a_word(said, means):
    assert compose_config("convert", [f"sharpen={said}"]).sharpen == means
