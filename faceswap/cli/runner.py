"""What every command does around its one call: settings, help, logging, exit codes."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from faceswap import __version__
from faceswap.cli.composing.flags import take_flags
from faceswap.cli.installation import missing_package
from faceswap.utils.errors import Interrupted, UserError, is_out_of_memory
from faceswap.utils.limits import MIB, check_memory_limit
from faceswap.utils.streams import GONE, steady_standard_error
from faceswap.utils.terminal import PrintableFormatter, printable_lines, single_line, warned_once

if TYPE_CHECKING:
    from faceswap.cli.sweep import Sweep

DONE, BUG, USER_CAN_MEND, INTERRUPTED = 0, 1, 2, 130
OUTPUT_CLOSED = 141  # 128 + SIGPIPE, as other programs end whose reader went away

_OUT_OF_MEMORY = "error: out of memory; try a smaller batch_size= or resolution, or end other programs"

# What the system says of a name the user gave, where no room has said it better.
_ABOUT_NAMES = {errno.ENAMETOOLONG, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EROFS,
                errno.ELOOP}  # fmt: skip


def run_command(
    command: str,
    call: Callable[[Any], Path | str],
    arguments: list[str] | None = None,
    sweep: type[Sweep] | None = None,
) -> int:
    """Compose the settings of `command`, call `call` with them, print the path it returns; return the exit code.

    The last line on stdout is the path of what was made; everything else goes to stderr.

    Args:
        arguments: in place of those of the process.
        sweep: what --multirun does around its jobs (None: only runs them).
    """
    with steady_standard_error():
        return _run_command(command, call, list(sys.argv[1:] if arguments is None else arguments), sweep)


def _run_command(
    command: str,
    call: Callable[[Any], Path | str],
    arguments: list[str],
    sweep: type[Sweep] | None,
) -> int:
    debug = _take_flag(arguments, "--debug")
    _prepare_process(debug)
    try:
        with _terminated_as_interrupted():
            return _print(_run(command, call, arguments, sweep))
    except UserError as error:
        return _fail(f"error: {_single_line(error)}", error.exit_code, debug)
    except (Interrupted, KeyboardInterrupt) as error:
        return _fail(f"interrupted: {_single_line(error) or f'stopped; {what_again(command)}'}", INTERRUPTED, debug)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or (error.errno == errno.EROFS and error.filename is None):
            return _fail(f"error: {_told_full(error)}", USER_CAN_MEND, debug)
        if is_out_of_memory(error):
            return _fail(_OUT_OF_MEMORY, USER_CAN_MEND, debug)
        if error.errno in _ABOUT_NAMES and error.filename is not None:
            name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else error.filename
            return _fail(f"error: {name}: {os.strerror(error.errno).lower()}", USER_CAN_MEND, debug)
        return _fail(_bug_line(error), BUG, debug)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (told := missing_package(error, command)):
            return _fail(f"error: {told}", USER_CAN_MEND, debug)
        if is_out_of_memory(error):
            return _fail(_OUT_OF_MEMORY, USER_CAN_MEND, debug)
        return _fail(_bug_line(error), BUG, debug)


def what_again(command: str) -> str:
    """What the same command does after a stop."""
    from faceswap.config.schema import GO_ON

    return "the same command goes on where it was" if command in GO_ON else "the same command begins anew"


def _run(command: str, call: Callable[[Any], Path | str], arguments: list[str], sweep: type[Sweep] | None) -> str:
    """What is to be printed: the help, the settings, or the path of what was made."""
    line = take_flags(arguments)
    if "--version" in line.ours:
        return f"faceswap {__version__}\n"
    if "--help" in line.ours:
        from faceswap.cli.help import command_help

        return command_help(command)
    check_memory_limit()
    from faceswap.cli.composing.compose import compose_overrides, read_arguments
    from faceswap.cli.hydra_app import Application
    from faceswap.config.build import to_yaml

    folder, sweeps = line.folder, "--multirun" in line.hydra
    is_completion = "--shell-completion" in line.hydra
    said = read_arguments(command, [] if is_completion else line.arguments, folder, sweeps=sweeps)
    application = Application(command, line, said, call)
    if not sweeps:
        if "--show-config" in line.ours:
            return to_yaml(compose_overrides(command, said, folder, name=application.name))
        return "".join(f"{result}\n" for result in application.run())
    from faceswap.cli.sweep import Sweep, compose_combinations
    from faceswap.cli.sweep_callback import SweepCallback

    logging.getLogger("hydra").setLevel(logging.WARNING)  # its sweeper's lines; ours tell the same
    with warned_once():
        found = compose_combinations(command, said, folder, application.name)
        if "--show-config" in line.ours:
            return "".join(f"--- # {one}\n{to_yaml(one.request)}" for one in found)
        SweepCallback.sweep = jobs = (sweep or Sweep)(command, found)
        try:
            return jobs.finish(application.run(jobs))
        finally:
            SweepCallback.sweep = None


def _print(text: str) -> int:
    """Writes to stdout; a reader that is gone (`| head`) is no error of the command."""
    if sys.stdout is None:  # closed before Python began
        return OUTPUT_CLOSED
    if sys.stdout.isatty():
        text = printable_lines(text)
    try:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:  # a file name that is no text in this encoding: its bytes
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode(errors="surrogateescape"))
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in GONE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit would fail once more
        return OUTPUT_CLOSED
    return DONE


def _prepare_process(debug: bool) -> None:
    # Spinning OpenMP threads cost up to fifteen times on a busy machine; the variable counts only before torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # no look-up of the package index at import
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrintableFormatter("%(levelname)s: %(message)s"))
    level = logging.INFO if os.environ.get("RANK", "0") == "0" else logging.ERROR  # of torchrun's team the first speaks
    logging.basicConfig(level=logging.DEBUG if debug else level, handlers=[handler])
    for noisy in ("PIL", "matplotlib", "numba", "libav", "h5py", "torch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM and SIGHUP (a closed terminal) end a command as Ctrl-C does; who called it gets the old handlers back."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers: the caller's count
        return
    asked = [signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) != signal.SIG_IGN:  # nohup means it
        asked.append(hang_up)
    before = {number: signal.signal(number, _raise_interrupt) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _take_flag(arguments: list[str], flag: str) -> bool:
    found = flag in arguments
    while flag in arguments:
        arguments.remove(flag)
    return found


def _single_line(error: BaseException) -> str:
    return single_line(str(error))


def _told_full(error: OSError) -> str:
    """What is full: a disk, or the memory that processes share."""
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    shared = Path("/dev/shm")
    if name.startswith(f"{shared}/") or (not name and not _has_room(shared)):
        return "processes cannot share memory: /dev/shm is full or not there; give the container more, or say workers=0"
    return f"the disk is full ({single_line(name) or 'no space left'}); free some space"


def _has_room(folder: Path) -> bool:
    """Return whether a process can make a megabyte in a folder."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= MIB


def _bug_line(error: Exception) -> str:
    return f"bug: {type(error).__name__}: {_single_line(error)} (--debug shows where)"


def _fail(line: str, code: int, debug: bool) -> int:
    if debug:
        print(printable_lines(traceback.format_exc()), file=sys.stderr, end="")
    print(single_line(line), file=sys.stderr, flush=True)
    return code
