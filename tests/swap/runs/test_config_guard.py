"""Settings that changed between two sessions, and config.yaml files of strangers."""

from __future__ import annotations

import pytest
import yaml

from faceswap.swap.runs.config_guard import check_same_settings
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
