"""A run's config.yaml given back."""

import dataclasses

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.config import schema
from faceswap.config.build import to_yaml
from faceswap.config.groups import GROUPS
from faceswap.utils.errors import UserError
from faceswap.utils.program_versions import versions, versions_comment
from faceswap.utils.settings.renamed import RENAMED


def test_the_same_settings_come_back_but_for_what_is_said(tmp_path):
    said = ["pair.a=007", "pair.b=no", "pair.consent.who=we: both", "run=exp1", "model=df_96", "model.coverage=0.6",
            "augment=strong", "optimizer=adamw", "loss.dssim_second_px=23", "minutes=3",
            "init.parts=encoder,inter"]  # fmt: skip
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


def test_a_config_of_before_settings_got_their_names_is_taken(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "optimiser: {_target_: faceswap.engine.optimisers.AdamW, beta1: 0.7}\nupdate: {clip: 2.0, average: 0.99}\n"
        "loss: {_target_: faceswap.swap.losses.reconstruction.ReconstructionLoss, outside: 0.3}\n"
        "likeness: {_target_: faceswap.swap.losses.perceptual.Likeness, style: 0.1}\n"
        "discriminator: {_target_: faceswap.swap.losses.adversarial.Discriminator, power: 0.2, start: 9}\n"
        "judge: false\nkeep: 5\naugment: {warp: {zoom: 0.2, _target_: faceswap.swap.data.warp.Warp}}\n"
        "init: {_target_: faceswap.swap.initialisation.schemes.Generic, keep: [encoder]}\n"
    )
    config = compose_config("train", [f"settings={tmp_path}"])
    assert (config.optimizer.beta1, config.optimizer._target_.rpartition(".")[2]) == (0.7, "AdamW")
    assert (config.update.grad_clip_norm, config.update.ema_decay, config.loss.background_weight) == (2, 0.99, 0.3)
    assert (config.likeness.gram, config.discriminator.gan_weight, config.discriminator.start_step) == (0.1, 0.2, 9)
    assert config.warp.zoom == 0.2
    assert (config.evaluate, config.keep_checkpoints, config.init.parts) == (False, 5, ["encoder"])


def test_new_names_are_settings_and_old_ones_are_none():
    for command, renamed in RENAMED.items():
        known = schema.settings_of(command)
        sections = {name.rpartition(".")[0] for name in known} | {name.partition(".")[0] for name in known}
        assert {*renamed.values()} <= {*known, *sections} and not {*renamed} & {*known, *sections}


CHOICES = [
    (field, choice)
    for field in schema.names_in("train", "")
    if (group := schema.group_of("train", field)) in GROUPS and group != "pair"
    for choice, node in GROUPS[group].items()
    if getattr(node, "_target_", "")
]


@pytest.mark.parametrize(("field", "choice"), CHOICES)
def test_each_choice_comes_back_those_without_settings_too(tmp_path, field, choice):
    first = compose_config("train", ["pair.a=anna", "pair.b=ben", f"{field}={choice}"])
    (tmp_path / "config.yaml").write_text(to_yaml(first))
    assert compose_config("train", [f"settings={tmp_path}"]) == first
