"""Settings with several values."""

from __future__ import annotations

import pytest

from faceswap.cli.composing.compose import compose_config, read_arguments
from faceswap.cli.sweep import compose_combinations
from faceswap.config.build import untouched
from faceswap.utils.errors import UserError


def found(*arguments):
    said = read_arguments("train", list(arguments), None, sweeps=True)
    return [(str(one), one.request) for one in compose_combinations("train", said)]


def test_all_combinations_the_last_changing_first():
    texts = ("pair.a=[x,y]", "pair.consent.who=x,y")
    all_of_them = found("model=lite,original", *texts, "loss.dssim=range(1,3)", "iterations=7")
    assert [told for told, _ in all_of_them] == [
        "model=lite loss.dssim=1", "model=lite loss.dssim=2", "model=original loss.dssim=1",
        "model=original loss.dssim=2",
    ]  # fmt: skip
    _, config = all_of_them[2]
    assert config.model._target_.endswith("Original") and config.loss.dssim == 1
    assert config.pair.a == "[x,y]" and config.pair.consent.who == "x,y" and config.iterations == 7  # texts stay


def test_names_are_swept_as_any_setting_is_unless_one_has_a_comma(tmp_path):
    (tmp_path / "a,b.mp4").touch()
    said = [f"video={tmp_path}/a,b.mp4", "faces=x,y", "pair=p,q r"]
    found = compose_combinations("convert", read_arguments("convert", said, None, sweeps=True))
    assert [str(one) for one in found] == [f"faces={f} pair={p}" for f in "xy" for p in ("p", "q r")]
    assert found[3].request.faces == "y" and found[3].request.pair.name == "q r"
    assert {one.request.video for one in found} == {f"{tmp_path}/a,b.mp4"}


def test_without_several_values_there_is_one():
    assert [told for told, _ in found("model=lite", "loss.l1=2")] == [""]


@pytest.mark.parametrize(
    ("argument", "says"),
    [("loss.l1=interval(0,1)", "no end of values"), ("model=lite,lit", "did you mean 'lite'"),
     ("seed=range(1,1000000000)", "more than 200"), ("batch_size=1,many", "a number, or auto"),
     ("modl=lite,original", "did you mean 'model'")],
)  # fmt: skip
def test_a_mistake_in_any_is_told_before_the_first_begins(argument, says):
    with pytest.raises(UserError, match=says):
        found(argument, "iterations=1,2")


def test_several_values_without_the_flag_are_one_line_that_names_it():
    with pytest.raises(UserError, match=r"^model=lite,original: one value is wanted;.*--multirun"):
        compose_config("train", ["model=lite,original"])


def test_untouched_settings_keep_the_plugins_and_nothing_else():
    config = compose_config("train", ["model=df", "model.resolution=192", "loss.l1=5", "iterations=3"])
    fresh = untouched(config)
    assert type(fresh.model) is type(config.model) and fresh.model.resolution == 128
    assert fresh.loss.l1 == 1 and fresh.iterations is None


@pytest.mark.parametrize(("said", "wanted"), [("best", "best"), ("00012000", 12000), ("7", 7)])
def test_a_checkpoint_is_a_number_or_a_word(said, wanted):
    assert compose_config("convert", [f"checkpoint={said}"]).checkpoint == wanted
    with pytest.raises(UserError, match="a number, or best or latest"):
        compose_config("convert", ["checkpoint=newest"])
