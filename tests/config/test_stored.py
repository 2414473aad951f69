"""A run's config.yaml given back."""

import dataclasses

import pytest

from faceswap.config.compose import compose_config, to_yaml
from faceswap.utils.errors import UserError
from faceswap.utils.program_versions import versions, versions_comment


def test_the_same_settings_come_back_but_for_what_is_said(tmp_path):
    said = ["pair.a=007", "pair.b=no", "pair.consent.who=we: both", "run=exp1", "model=df_96", "model.coverage=0.6",
            "augment=strong", "optimiser=adamw", "loss.dssim_second_px=23", "minutes=3",
            "init.keep=encoder,inter"]  # fmt: skip
    first = compose_config("train", said)
    (tmp_path / "config.yaml").write_text(versions_comment() + to_yaml(first))
    again = compose_config("train", [f"settings={tmp_path / 'config.yaml'}"])
    assert dataclasses.asdict(again) == dataclasses.asdict(first)
    other = compose_config("train", ["run=exp2", "seed=3", "model=lite", f"settings={tmp_path}", "pair.consent.who=me"])
    assert (other.run, other.seed, other.pair.a, other.minutes) == ("exp2", 3, "007", 3)
    assert other.model == compose_config("train", []).model and other.pair.consent.who == "me"


@pytest.mark.parametrize(
    ("text", "says"),
    [("model: {_target_: os.system}\nseed: 1\n", "no class of the group model"), ("- 1\n", "no config.yaml of train"),
     ("_target_: os.system\nseed: 1\n", "no config.yaml"), ("pair: {a: x, b: y, loss: 3}\n", "no 'loss'"),
     ("seed: 1\nmodel: {_target_: faceswap.utils.files.atomic.remove}\n", "no class of"),
     ("a: 1\n", "no config")],
)  # fmt: skip
def test_a_stored_config_is_data(tmp_path, text, says):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=says):
        compose_config("train", [f"settings={tmp_path}"])


def test_versions_name_program_and_libraries():
    assert {"faceswap", "python", "torch", "numpy"} <= set(versions())
