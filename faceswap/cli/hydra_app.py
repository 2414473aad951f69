"""A command as an application of Hydra's: `hydra.main` with our arguments, everything of Hydra's at its place."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceswap.cli.composing.arguments import Overrides
from faceswap.cli.composing.compose import checked, prepared
from faceswap.cli.composing.flags import CommandLine
from faceswap.cli.composing.messages import one_line_errors
from faceswap.cli.installation import script_of
from faceswap.cli.sweep_callback import SweepCallback
from faceswap.config.groups import config_folder
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import USUAL_WORKSPACE, guard_workspace

# Nothing of Hydra's is written and nothing moves: a run's folder has records of its own, and logging is ours.
_QUIET = {
    "hydra/job_logging": "none",
    "hydra/hydra_logging": "none",
    "hydra.job.chdir": "false",
    "hydra.run.dir": ".",
    "hydra.output_subdir": "null",
}


def choose_certificate(request: Any) -> None:
    """Let results be signed with the certificate that the settings name. Raises UserError when it cannot be used."""
    from faceswap.provenance.certificates import choose

    if chosen := getattr(request, "provenance", None):
        choose(chosen.certificate, chosen.key)


@dataclass
class Application:
    """A command with its arguments; `call` gets its request and returns what is to be printed."""

    command: str
    line: CommandLine
    said: Overrides
    call: Callable[[Any], Path | str]

    def run(self, sweep: Any = None) -> list[str]:
        """Run the command under `hydra.main`; returns the results of all jobs.

        Args:
            sweep: of --multirun (sweep.py): told before and after each job.

        Raises:
            UserError: one line. Whatever the command raises, too; in a sweep the others go on first.
        """
        results: list[str] = []
        failures: list[Exception] = []

        def job(composed: Any) -> str:
            """What Hydra calls for each job. It tells of an error itself, in words of its own: ours are kept."""
            from hydra.core.hydra_config import HydraConfig

            number = int(HydraConfig.get().job.num) if sweep else 0
            try:
                with one_line_errors(self.command, self.line.folder):
                    request = checked(self.command, composed, self.said, self.line.folder)
                guard_workspace(Path(getattr(request, "workspace", USUAL_WORKSPACE)))  # wherever out= leads
                choose_certificate(request)
                result = str(sweep.make(number, request, self.call) if sweep else self.call(request))
            except Exception as error:
                if sweep:
                    sweep.note_failure(number, error)
                    if SweepCallback.sweep is None:  # in a process of a launcher's: the one that waits must hear of it
                        raise
                else:
                    failures.append(error)
                return ""
            results.append(result)
            return result

        arguments = [*self.line.hydra_flags(), *self._settings(sweep)]
        if "--shell-completion" in self.line.hydra:
            arguments = ["--shell-completion", *self.line.arguments]
        with prepared(self.command, self.line.folder, self.name), _without_schemas("--shell-completion" in arguments):
            # Where nobody else's settings can hold hydra.mode, the flags alone decide on it.
            is_shipped = self.line.folder is None and "hydra.mode" not in self.said.names
            _call_main(job, self.command, self.name, arguments, is_shipped)
        if failures:
            raise failures[0]
        return results

    @property
    def name(self) -> str:
        """The main config: the command's, or that of --config-name."""
        return self.line.ours.get("--config-name", self.command).removesuffix(".yaml")

    def _settings(self, sweep: Any) -> list[str]:
        quiet = _QUIET | {"hydra.job.name": self.command} | (sweep.hydra_settings() if sweep else {})
        if "hydra.run.dir" in self.said.names:
            quiet["hydra.output_subdir"] = ".hydra"  # who names a folder wants it
        return [*(f"{key}={value}" for key, value in quiet.items() if key not in self.said.names), *self.said.for_hydra]


@contextlib.contextmanager
def _without_schemas(is_completion: bool) -> Iterator[None]:
    """What completion offers, printed without the names that YAML files build on (lite_schema): nobody chooses one."""
    if not is_completion:
        yield
        return
    with contextlib.redirect_stdout(io.StringIO()) as told:
        yield
    for line in told.getvalue().splitlines():
        print(re.sub(r"(?<!\S)\S+_schema(?:\s|$)", "", line))


@contextlib.contextmanager
def _mode_by_flags() -> Iterator[None]:
    """Within the block Hydra does not compose all settings once more, only to read `hydra.mode`, which is not set."""
    from hydra._internal.hydra import Hydra

    asked = Hydra.get_mode
    Hydra.get_mode = lambda *_, **__: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Hydra.get_mode = asked  # type: ignore[method-assign]


def _call_main(
    job: Callable[[Any], str], command: str, config_name: str, arguments: list[str], is_shipped: bool
) -> None:
    """Call `hydra.main`, which reads sys.argv and raises errors as they are where HYDRA_FULL_ERROR is set."""
    from hydra import main

    argv, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    # Completion is installed for the program of this name.
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = [script_of(command), *arguments], "1"
    if "--info" in arguments:  # is logged, to a handler of Hydra's for standard output
        root.handlers.clear()
    try:
        with _mode_by_flags() if is_shipped else contextlib.nullcontext():
            main(config_path=str(config_folder()), config_name=config_name, version_base="1.3")(job)()
    except SystemExit as end:  # Hydra's own way to end after --hydra-help, or to refuse
        if end.code not in (0, None):
            raise UserError(f"cannot read the flags {' '.join(arguments)[:200]}; --help lists all") from end
    finally:
        sys.argv = argv
        root.setLevel(level)
        root.handlers[:] = handlers
        if full is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full
