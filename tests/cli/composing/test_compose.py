from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.config.build import build, to_yaml
from faceswap.config.groups import config_folder
from faceswap.utils.errors import UserError


def message(command, *arguments):
    with pytest.raises(UserError) as caught:
        compose_config(command, list(arguments))
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "name",
    ["my clip (1).mp4", "a=b,c;d&e.mp4", "quote'and\"double.mp4", "[x]{2}.mp4", "日本語 ファイル.mp4", "1080", "null",
     "back\\slash\\",
     "${b}.mp4", "-leading-dash.mp4", "trailing space ", "percent%d_100%.mp4", "#!", ""],
)  # fmt: skip
def test_any_file_name_arrives_as_it_is(name):
    assert compose_config("extract", [f"video={name}"]).video == name
    config = compose_config("extract", ["finder=landmarks", f"finder.path={name}"])
    assert config.finder.path == name


@pytest.mark.parametrize("model", ["original", "lite", "df", "liae"])
def test_a_model_sees_no_more_than_the_crop(model):
    assert message("train", f"model={model}", "model.coverage=1.2").startswith("model.coverage=1.2 is too large: 1 or")


def test_typed_values_are_converted():
    config = compose_config("extract", ["every=3", "restart=true", "stop=null"])
    assert (config.every, config.restart, config.stop) == (3, True, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["every=two"], ["every=two", "a whole number"]),
        (["every=0"], ["every=0", "1 or more"]),
        (["finder=yolo"], ["finder=yolo", "face_alignment", "landmarks"]),
        (["finder=landmark"], ["did you mean 'landmarks'"]),
        (["vidio=x"], ["no setting 'vidio'", "did you mean 'video'"]),
        (["image_format=gif"], ["jpg, png, webp"]),
        (["craig.mp4"], ["key=value", "video=craig.mp4"]),
        (["video=craig.mp4", "#", "find,", "track"], ["cannot read '#'", "setopt interactive_comments"]),
        (["finder.pth=3"], ["finder has no setting 'pth'"]),
        (["finder=face_alignment", "finder.path=x"], ["has no setting 'path'"]),
        (["size_px=[1"], ["quotes"]),
    ],
)
def test_a_wrong_setting_gets_one_line_that_helps(arguments, words):
    text = message("extract", *arguments)
    for word in words:
        assert word in text


def test_a_variant_of_the_users_own_is_two_lines(tmp_path):
    (tmp_path / "finder").mkdir()
    (tmp_path / "finder" / "mine.yaml").write_text("defaults: [landmarks]\npath: points.npz\n")
    config = compose_config("extract", ["finder=mine"], tmp_path)
    assert config.finder.path == "points.npz"
    assert config.finder._target_.endswith("LandmarksFinder")


def test_the_yaml_of_a_config_shows_its_values():
    assert "every: 7" in to_yaml(compose_config("extract", ["every=7"]))


def test_build_calls_the_target_that_was_accepted(monkeypatch):
    from dataclasses import dataclass

    @dataclass
    class Node:
        _target_: str = "fractions.Fraction"
        numerator: int = 3

    with pytest.raises(UserError, match="trust=my_lab"):
        build(Node(), denominator=4)
    monkeypatch.setattr("faceswap.config.targets._trusted", {"fractions.Fraction"})
    assert build(Node(), denominator=4) == 3 / 4


def test_the_home_folder_is_opened_in_paths_unless_such_a_file_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.chdir(tmp_path)
    arguments = ["video=~/x/*.png", "workspace=~/w", "name=~n", "finder=landmarks", "finder.path=~/p"]
    config = compose_config("extract", arguments)
    home = "/home/somebody"
    assert (config.video, config.workspace, config.finder.path) == (f"{home}/x/*.png", f"{home}/w", f"{home}/p")
    assert config.name == "~n"
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "x").touch()
    assert compose_config("extract", ["video=~/x"]).video == "~/x"


@pytest.mark.parametrize(("command", "default"), [("extract", "workspace"), ("demo", "demo_workspace")])
def test_the_workspace_of_the_environment_counts_when_it_is_set(command, default, monkeypatch):
    monkeypatch.setenv("FACESWAP_WORKSPACE", "")
    assert compose_config(command, []).workspace == default
    monkeypatch.setenv("FACESWAP_WORKSPACE", "elsewhere")
    assert compose_config(command, []).workspace == "elsewhere"
    assert compose_config(command, ["workspace=said"]).workspace == "said"


def test_a_suggestion_reads_well():
    assert "'landmarks'?);" in message("extract", "finder=landmark")
    assert "?;" not in message("extract", "vidio=x")


def test_a_detector_that_is_not_offered_says_why():
    text = message("extract", "finder=face_alignment", "finder.detector=dlib")
    assert "choose from: sfd" in text and "compiled" in text


def test_a_number_above_its_range_is_refused():
    assert "100 or less" in message("convert", "image_quality=300")


def test_a_word_where_a_list_is_wanted():
    text = message("train", "init.parts=true")
    assert "ListConfig" not in text and "[0,2]" in text


def test_a_command_called_from_a_program_leaves_its_signals_alone(capsys):
    import signal

    from faceswap.cli.runner import run_command

    before = signal.getsignal(signal.SIGTERM)
    assert run_command("extract", lambda config: config.video, ["video=x"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().out == "x\n"


def test_names_that_are_no_settings_of_edit_are_moves_as_they_are_written():
    config = compose_config("edit", ["photo=a.jpg", "smile=+1.5", "age=0:2", "steps=3"])
    assert config.edits == {"smile": "+1.5", "age": "0:2"} and config.steps == 3
    assert message("edit", "smile.more=1").startswith("edit has no setting 'smile'")
    assert message("invert", "smile=1").startswith("invert has no setting 'smile'")


def test_a_command_that_runs_under_hydra_can_compose_others():
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        running = GlobalHydra.instance().hydra
        assert compose_config("extract", ["every=3"]).every == 3
        assert GlobalHydra.instance().hydra is running


def test_threads_compose_one_after_the_other():
    together = Barrier(4)

    def composed(number: int):
        together.wait(60)
        return compose_config("morph", [f"a={number}.jpg", "b=b.jpg"]).a

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(composed, range(4))) == [f"{number}.jpg" for number in range(4)]
