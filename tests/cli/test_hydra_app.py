"""What a user of Hydra types works, or is refused in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hydra._internal.hydra import Hydra

from faceswap.cli.composing.arguments import Overrides
from faceswap.cli.composing.compose import checked, compose_config, read_arguments
from faceswap.cli.composing.flags import take_flags
from faceswap.cli.hydra_app import Application
from faceswap.cli.runner import run_command
from faceswap.cli.sweep import Sweep, compose_combinations
from faceswap.cli.sweep_callback import SweepCallback
from faceswap.config.exploring import GenerateRequest
from faceswap.config.nodes import node_of
from faceswap.utils.errors import UserError


def run(command, *arguments, call=lambda config: Path("made")):
    argv = list(sys.argv)
    code = run_command(command, call, list(arguments))
    assert sys.argv == argv
    return code


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        ("extract", ["--cfg", "job", "every=3"], "every: 3\n"),
        ("extract", ["every=3", "-c", "job", "-p", "finder"], "# @package finder\n"),
        ("extract", ["--cfg=hydra", "-p", "hydra.job"], "name: extract\n"),
        ("extract", ["video=a b (1).mp4", "--cfg", "job"], "video: a b (1).mp4\n"),
        ("train", ["--info", "searchpath"], "Provider"),
        ("train", ["--hydra-help"], "hydra/launcher: basic"),
        ("train", ["-sc", "install=bash"], "COMP_WORDBREAKS"),
        ("train", ["+experiment=quick", "--cfg", "job", "-p", "model"], "faceswap.swap.models"),
        ("convert", ["~blender", "finder=builtin", "--cfg", "job"], "finder:\n"),
        ("extract", ["--run", "video=x"], "made\n"),
    ],
)
def test_what_hydra_can_do_works(command, arguments, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(command, *arguments) == 0
    assert says in capsys.readouterr().out
    assert not list(tmp_path.iterdir())  # and leaves nothing behind


def test_settings_are_composed_once(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    composed, compose = [], Hydra.compose_config
    monkeypatch.setattr(Hydra, "compose_config", lambda *said, **more: composed.append(more) or compose(*said, **more))
    assert run("extract", "video=x") == 0 and len(composed) == 1
    composed.clear()
    assert run("extract", "video=x", "hydra.mode=RUN") == 0 and len(composed) == 2  # Hydra looks what it says


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        (
            "train",
            ["model=df", "+model.resolutoin=128"],
            "model has no setting 'resolutoin' (did you mean 'resolution'?)",
        ),
        ("train", ["~model"], "model is missing; choose one of its group: df,"),
        ("train", ["~modle"], "did you mean 'model'?"),
        ("train", ["+experiment=quik"], "experiment=quik is not known (did you mean 'quick'?)"),
        ("train", ["-cn", "nothing"], "--config-name nothing: there is no such file"),
        ("train", ["-cn", "extract"], "holds no settings of train"),
        ("train", ["-cp", "x"], "--config-path is not taken"),
        ("train", ["--experimental-rerun", "x.pickle"], "settings=RUN"),
        ("train", ["--cgf", "job"], "there is no flag --cgf (did you mean '--cfg'?)"),
        ("train", ["--cfg", "jobs"], "choose from job, hydra, all"),
        ("train", ["--cfg"], "--cfg needs a value"),
        ("train", ["--resolve"], "--resolve"),
        ("train", ["-m", "--cfg", "job"], "only one of"),
        ("train", ["hydra.nothing=1"], "has no setting 'nothing'"),
        ("train", ["hydra.searchpath=[x]", "pair=craig_brosnan"], "hydra.searchpath is not taken: --config-dir DIR"),
        ("train", ["-m", "hydra/launcher=nothing", "seed=1,2"], "hydra/launcher=nothing is not"),
        ("train", ["seed=${oc.env:HOME}"], "is not resolved"),
        ("train", ["workspace=${oc.env:NO_SUCH_NAME}"], "no variable NO_SUCH_NAME"),
    ],
)
def test_what_it_cannot_do_is_refused_in_one_line(command, arguments, says, capsys):
    assert run(command, *arguments) == 2
    shown = capsys.readouterr()
    assert says.lower() in shown.err.lower() and shown.err.count("\n") == 1 and not shown.out


def test_the_environment_is_told_in_paths_on_the_command_line(monkeypatch):
    seen = []
    monkeypatch.setenv("CLIPS", "/clips")
    run("extract", "video=${oc.env:CLIPS}/a.mp4", "workspace=${oc.env:NO_SUCH_NAME,w}/x", "name=${b}", call=seen.append)
    assert (seen[0].video, seen[0].workspace, seen[0].name) == ("/clips/a.mp4", "w/x", "${b}")


def test_a_folder_for_hydra_is_written_where_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("extract", "video=x", f"hydra.run.dir={tmp_path}/logs") == 0
    assert "every: 1" in (tmp_path / "logs" / ".hydra" / "config.yaml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["logs"] and Path.cwd() == tmp_path


def test_a_main_file_of_ones_own(tmp_path):
    (tmp_path / "fast.yaml").write_text("defaults: [extract, _self_]\nevery: 7\n")
    (tmp_path / "extract.yaml").write_text("defaults: [extract_schema]\nevery: 9\n")  # no name of ours is replaced
    seen = []
    assert run("extract", "-cd", str(tmp_path), "-cn", "fast", "start=2", call=seen.append) == 0
    assert run("extract", "-cd", str(tmp_path), call=seen.append) == 0
    assert [(config.every, config.start) for config in seen] == [(7, 2), (1, 0)]


def test_any_command_sweeps_and_says_which_failed(tmp_path, capsys):
    def call(config):
        if config.every == 2:
            raise ValueError("no")
        return Path(f"{config.video}{config.every}")

    arguments = (f"workspace={tmp_path}", "video=a,b", "every=1,2")
    assert run("extract", "-m", *arguments, call=call) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "error: 2 of 4 failed: video=a every=2: bug: ValueError: no; video=b every=2: bug: ValueError: no"
    assert run("extract", "-m", *arguments[:2], "every=1,3", call=call) == 0
    assert capsys.readouterr().out == "a1\na3\nb1\nb3\n"
    folder = tmp_path / "out" / "extract_comparison_video=a,b_every=1,3"
    assert [path.name for path in folder.iterdir()] == ["multirun.yaml"]


def test_a_sweep_can_be_stopped(tmp_path, capsys):
    seen = []

    def call(config):
        seen.append(config.every)
        raise KeyboardInterrupt

    assert run("extract", "-m", f"workspace={tmp_path}", "every=1,2", call=call) == 130 and seen == [1]


def test_a_command_may_ask_for_settings_while_it_runs():
    """Names of results carry what differs from the usual settings; the demo runs other commands."""
    seen = []

    def call(config):
        seen.extend([compose_config("convert", ["stop=3"]).stop, compose_config("extract", []).every])
        return Path("made")

    assert run("extract", "every=5", call=call) == 0 and seen == [3, 1]


def test_tab_completes_the_installed_command_with_what_can_be_chosen(monkeypatch, capsys):
    assert run_command("stylegan.train", print, ["-sc", "install=bash"]) == 0
    assert "complete -o nospace -o default -F hydra_bash_completion faceswap-stylegan-train" in capsys.readouterr().out
    monkeypatch.setenv("COMP_LINE", "faceswap-train model=li")
    assert run_command("train", print, ["-sc", "query=bash"]) == 0
    assert capsys.readouterr().out.split() == ["model=liae", "model=liae_128", "model=liae_256", "model=lite"]


def test_a_job_in_another_process_knows_its_settings_by_what_declares_them():
    """A launcher hands its processes copies of the classes that Hydra fills."""
    from omegaconf import OmegaConf

    copied = node_of.__wrapped__(GenerateRequest)
    assert copied is not node_of(GenerateRequest)
    request = checked("generate", OmegaConf.structured(copied(psi=0.5)), Overrides(), None)
    assert type(request) is GenerateRequest and request.psi == 0.5


def test_what_fails_in_another_process_is_an_error_of_the_command(monkeypatch, tmp_path):
    def fail(request):
        raise UserError("no such face")

    arguments = ["seeds=1,2", f"workspace={tmp_path}"]
    said = read_arguments("generate", arguments, None, sweeps=True)
    line = take_flags(["--multirun", *arguments])
    monkeypatch.setattr(SweepCallback, "sweep", None)
    with pytest.raises(UserError, match="no such face"):
        Application("generate", line, said, fail).run(Sweep("generate", compose_combinations("generate", said)))
