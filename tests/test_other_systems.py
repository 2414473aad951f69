"""Nothing here needs what only POSIX systems have: every module imports, and a clip is extracted, without it."""

import os
import subprocess
import sys

# Our modules get os, signal and sys as Windows has them; libraries and Python itself keep the real ones.
AS_ON_WINDOWS = """
import builtins, fcntl, importlib, os, pkgutil, signal, sys, types

POSIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog"}
WINDOWS_SIGNALS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN"}
POSIX_NAMES = {
    "os": {"O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "O_PATH", "posix_fallocate", "posix_fadvise",
           "sysconf", "statvfs", "mkfifo", "fork", "register_at_fork", "sched_getaffinity", "getuid", "geteuid",
           "getloadavg", "nice", "setsid", "killpg", "getpgid", "uname", "openpty", "wait", "chown", "fchmod", "kill"},
    "signal": {name for name in dir(signal) if name.startswith("SIG") and name not in WINDOWS_SIGNALS}
              | {"pthread_sigmask", "setitimer", "alarm", "pause", "sigwait"},
    "sys": set(),
}


def without_dir_fd(call):
    def wrapped(*arguments, **named):
        if any(value is not None for name, value in named.items() if name.endswith("dir_fd")):
            raise NotImplementedError("dir_fd unavailable on this platform")
        return call(*arguments, **named)

    return wrapped


IN_PLACE = {
    "os": {"name": "nt", "supports_dir_fd": set()}
          | {name: without_dir_fd(getattr(os, name)) for name in ("open", "stat", "unlink", "replace")},
    "signal": {},
    "sys": {"platform": "win32"},
}


class AsOnWindows(types.ModuleType):
    def __init__(self, name):
        super().__init__(name)
        self.__dict__.update(real=sys.modules[name], lacks=POSIX_NAMES[name], instead=IN_PLACE[name])

    def __getattr__(self, name):
        if name in self.lacks:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self.instead[name] if name in self.instead else getattr(self.real, name)

    def __setattr__(self, name, value):
        setattr(self.real, name, value)


def locking(file, mode, count):
    assert mode == 2 and os.lseek(file, 0, os.SEEK_CUR) > 1 << 20, "what stands in the file is locked, too"
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError from error


WINDOWS = {"msvcrt": types.SimpleNamespace(LK_NBLCK=2, locking=locking), **{n: AsOnWindows(n) for n in POSIX_NAMES}}
real_import = builtins.__import__


def import_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if importer.split(".")[0] == "faceswap" and level == 0:
        if name in POSIX_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in WINDOWS:
            return WINDOWS[name]
    return real_import(name, globals, locals, fromlist, level)


builtins.__import__ = import_as_on_windows
import faceswap
"""

IMPORT_ALL = """
for module in pkgutil.walk_packages(faceswap.__path__, "faceswap."):
    if not module.name.endswith("migrations.env"):  # a script of alembic's, run by it alone
        importlib.import_module(module.name)
        print(module.name)
"""

EXTRACT = """
from pathlib import Path
from faceswap.cli.runner import run_command
from faceswap.extract import extract
from faceswap.utils.errors import UserError
from faceswap.utils.files.locks import locked

assert run_command("extract", extract, sys.argv[1:]) == 0
folder = Path(sys.argv[2].partition("=")[2]) / "faces" / "tiny"
with locked(folder, "training"):
    try:
        with locked(folder, "training"):
            raise AssertionError("held twice")
    except UserError as error:
        assert f"another process ({os.getpid()} on " in str(error), error
(folder / "link").symlink_to("/")
try:
    with locked(folder, "training"):
        raise AssertionError("a link was not seen")
except UserError as error:
    assert "is a link" in str(error), error
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", AS_ON_WINDOWS + code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_imports_without_posix():
    assert len(run(IMPORT_ALL).splitlines()) > 200


def test_a_clip_is_extracted_without_posix(tiny_clip, tmp_path):
    found = ("finder=landmarks", f"finder.path={tiny_clip.landmarks}")
    made = run(EXTRACT, f"video={tiny_clip.video}", f"workspace={tmp_path}", *found).splitlines()[0]
    assert any(name.endswith(".jpg") for name in os.listdir(made)) and not list(tmp_path.rglob("*.part*"))
