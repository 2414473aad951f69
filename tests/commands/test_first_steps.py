"""The first words that anybody types."""

import os
import subprocess
import sys

import pytest

from faceswap import __version__
from faceswap.cli.installation import missing_package
from faceswap.config.schema import COMMANDS
from tests.commands.conftest import one_line_error, run, run_process
from tests.processes import forks


def test_commands_can_follow_the_programs_name(tmp_path):
    assert run_process("", "--version", cwd=tmp_path).stdout == f"faceswap {__version__}\n"
    assert run("extract", "--version", cwd=tmp_path).stdout == f"faceswap {__version__}\n"
    assert "did you mean 'extract'" in one_line_error(run("", "extarct", cwd=tmp_path, code=2))
    assert "video= is missing" in one_line_error(run("", "extract", cwd=tmp_path, code=2))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_a_program_of_its_own(tmp_path, command):
    ran = run_process(command, "--config-dir=nowhere", cwd=tmp_path, code=2)
    assert "nowhere" in one_line_error(ran) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["hydra.core", "torch", "yaml"])
def test_a_missing_package_is_one_line_with_what_to_type(name):
    told = missing_package(ModuleNotFoundError("no", name=name), "extract")
    assert name.partition(".")[0] in told and "-m faceswap.extract" in told
    told = missing_package(ModuleNotFoundError("no", name="sqlalchemy.orm"), "worker")
    assert told.rstrip("'").endswith("[web]") and "-m pip install -e" in told
    assert not missing_package(ModuleNotFoundError("no", name="faceswap.nothing"), "extract")
    assert not missing_package(ModuleNotFoundError("no", name="json.nothing"), "extract")


def test_without_any_package_the_line_comes_from_the_command(tmp_path):
    code = "import sys; sys.modules['hydra'] = None; from faceswap.cli.runner import run_command\n"
    code += "sys.exit(run_command('extract', lambda config: config, ['every=2']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2 and done.stderr.startswith("error: the package hydra is not installed"), done.stderr


def exit_by_what_is_imported():
    sys.exit(not {"tests.commands.imported", "torch._dynamo", "albumentations"} <= sys.modules.keys())


def test_forked_commands_find_everything_imported():
    process = forks().Process(target=exit_by_what_is_imported)
    process.start()
    process.join()
    assert process.exitcode == 0
