"""What all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.clips import Clip, make_clip

# Set before torch is imported: spinning OpenMP threads are ruinous on a busy two-core machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Trainings take as many threads as other programs leave; runs that are compared bit for bit must have the same count.
os.environ.setdefault("OMP_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

# Hundreds of processes start: where no bytecode is kept each compiles the package anew, for a second and more.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that starts the tests in the background has them ignore Ctrl-C, and their children too; some tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A property is true or false, not fast or slow: a busy machine must not fail it.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# Results are signed: with a certificate that is made for the tests, never with that of who runs them.
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="faceswap_tests_")
atexit.register(shutil.rmtree, os.environ["XDG_CONFIG_HOME"], ignore_errors=True)

SHARED_REAL = Path(__file__).resolve().parents[2] / "shared" / "real"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What a test printed may name files whose names are no text; reports travel between processes as text."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


# Measured: these take two thirds of the time. `make check` leaves them out, `make test` runs all.
SLOW = (
    "commands", "tools", "cli/test_results.py", "engine/test_process_group.py", "engine/test_update.py",
    "extraction/test_pipeline_real_clips.py", "extraction/test_pipeline_resuming.py", "media/sound",
    "media/test_reading_real_files.py", "stylegan/training/test_trainer.py", "swap/data/test_batches.py",
    "swap/initialisation", "swap/losses/test_latent.py", "swap/models", "swap/runs", "swap/training", "test_api.py",
    "test_examples.py", "test_other_systems.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks slow tests by where they lie."""
    here = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(here / place) for place in SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared_real() -> Path:
    """The folder of real clips and photos with reference landmarks, which is not part of the project."""
    if not SHARED_REAL.is_dir():
        pytest.skip("the real clips (../shared/real) are not beside this checkout")
    return SHARED_REAL


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Twelve frames of one cartoon face, 192 x 144, with sound."""
    return make_clip(tmp_path_factory.mktemp("clip"), "tiny")
