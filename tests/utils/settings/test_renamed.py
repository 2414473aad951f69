"""Names that settings had before."""

import pytest

from faceswap.utils.settings.renamed import new_name, with_new_names


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [("train", "update.clip", "update.grad_clip_norm"), ("train", "optimiser.beta1", "optimizer.beta1"),
     ("stylegan.train", "contest.judge_rate", "adversarial.discriminator_rate"),
     ("stylegan.train", "contest.gamma", "adversarial.gamma"), ("train", "update.ema_decay", ""),
     ("train", "optimisers", ""), ("convert", "update.clip", "")],
)  # fmt: skip
def test_a_name_is_that_of_its_command(command, old, new):
    assert new_name(command, old) == new


def test_stored_settings_are_found_under_their_new_names():
    stored = {"optimiser": {"beta1": 0.5}, "update": {"clip": 1, "retries": 2}, "seed": 3, "keep": 4, "judge": None}
    assert with_new_names("train", stored) == {
        "optimizer": {"beta1": 0.5}, "update": {"grad_clip_norm": 1, "retries": 2}, "seed": 3, "keep_checkpoints": 4,
        "evaluate": None,
    }  # fmt: skip
    assert with_new_names("train", {"augment": {"warp": {"zoom": 1}, "colour": []}, "a": {}}) == {
        "warp": {"zoom": 1}, "augment": {"colour": []}, "a": {},
    }  # fmt: skip
    contest = {"contest": {"judge_rate": 2, "gamma": 1}, "looks": {"samples": 0}}
    assert with_new_names("stylegan.train", contest) == {
        "adversarial": {"discriminator_rate": 2, "gamma": 1}, "monitor": {"samples": 0},
    }  # fmt: skip


def test_the_new_name_counts_where_both_are():
    assert with_new_names("train", {"keep": 1, "keep_checkpoints": 5}) == {"keep_checkpoints": 5}
