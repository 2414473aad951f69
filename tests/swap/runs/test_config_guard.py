"""Settings that changed between two sessions, and config.yaml files of strangers."""

from __future__ import annotations

import functools
import re

import pytest
import yaml

from faceswap.cli.composing.compose import compose_config
from faceswap.config.build import to_yaml
from faceswap.stylegan.training.run_folder import FREE as STYLEGAN_FREE
from faceswap.swap.runs.config_guard import FREE, check_same_settings
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG

OLD = {"model": {"_target_": "faceswap.swap.models.lite.Lite"}, "loss": {"l1": 1.0}, "batch_size": 8}
SWITCH = {"identity": 0.0}


def check(run, before, now, usual=None):
    (run / RUN_CONFIG).write_text(before if isinstance(before, str) else yaml.safe_dump(before))
    check_same_settings(run, yaml.safe_dump(now), yaml.safe_dump(usual) if usual else "")


def test_a_switch_that_the_run_did_not_know_must_be_as_it_is_by_itself(tmp_path):
    usual = OLD | {"likeness": SWITCH}
    check(tmp_path, OLD, usual, usual)
    with pytest.raises(UserError, match=r"with likeness\.identity=0\.0, not 1\.0: .*allow_changes=true"):
        check(tmp_path, OLD, OLD | {"likeness": {"identity": 1.0}}, usual)
    check(tmp_path, OLD, OLD | {"likeness": {"identity": 1.0}})  # nobody tells what it is by itself


def test_what_only_the_run_knows_passes(tmp_path):
    check(tmp_path, OLD | {"gone": 3}, OLD, OLD)


def test_a_run_goes_on_that_was_made_before_settings_got_their_names(tmp_path):
    before = OLD | {"optimiser": {"beta1": 0.5}, "update": {"clip": 1.0}, "keep": 9}
    now = OLD | {"optimizer": {"beta1": 0.5}, "update": {"grad_clip_norm": 1.0}, "keep_checkpoints": 2}
    check(tmp_path, before, now, now)
    with pytest.raises(UserError, match=r"with update\.grad_clip_norm=1\.0, not 2\.0"):
        check(tmp_path, before, now | {"update": {"grad_clip_norm": 2.0}}, now)


def test_a_plugin_is_told_by_its_name(tmp_path):
    with pytest.raises(UserError, match="with model=Lite, not Df:"):
        check(tmp_path, OLD, OLD | {"model": {"_target_": "faceswap.swap.models.df.Df"}})


def test_how_long_and_where_may_change(tmp_path):
    check(tmp_path, OLD | {"evaluate": True}, OLD | {"batch_size": "auto", "minutes": 3.0, "evaluate": False}, OLD)


def leaves(values, path=()):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


OTHERWISE = {bool: lambda v: not v, int: lambda v: v + 1, float: lambda v: v + 0.5, str: lambda v: f"{v}x"}
TRAININGS = {"train": (["pair.a=a", "pair.b=b"], FREE), "stylegan.train": (["data=x"], STYLEGAN_FREE)}


@pytest.mark.parametrize("command", TRAININGS)
def test_every_setting_is_free_or_must_be_as_it_was(command, tmp_path):
    """Set otherwise, each alone; what is free is taken, or told of where the run goes on."""
    said, free = TRAININGS[command]
    text = to_yaml(compose_config(command, said))
    settings = yaml.safe_load(text)
    seen = 0
    for path, value in leaves(settings):
        other = yaml.safe_load(text)
        place = functools.reduce(lambda part, name: part[name], path[:-1], other)
        place[path[-1]] = OTHERWISE.get(type(value), lambda v: "something")(value)
        (tmp_path / RUN_CONFIG).write_text(text)
        name = ".".join(path[:-1] if path[-1] == "_target_" else path)
        if path[0] in free:
            check_same_settings(tmp_path, yaml.safe_dump(other), text, free, command)
        else:
            with pytest.raises(UserError, match=rf"with {re.escape(name)}="):
                check_same_settings(tmp_path, yaml.safe_dump(other), text, free, command)
            seen += 1
    assert seen > 20 and set(free) <= settings.keys() | {"restart", "allow_changes"}


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n" for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [LAUGHS + "loss: {l1: *i}\n", "a: &a [*a]\n", "{a: " * 3000, "x" * 2_000_000, "\0", "- 1\n", "? [1, 2]\n: 3\n", ""],
    ids=["laughs", "itself", "deep", "long", "zero", "list", "odd key", "empty"],
)
def test_a_config_of_a_stranger_costs_nothing_and_stops_nobody(tmp_path, text):
    check(tmp_path, text, OLD, OLD)
