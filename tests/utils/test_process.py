import subprocess
import sys

import cv2
import numpy as np
import pytest

from faceswap.utils.process import _openblas, few_library_threads, library_threads

PROGRAM = """
import resource, sys
import numpy as np
from faceswap.utils.process import reuse_freed_memory
if sys.argv[1] == "yes":
    reuse_freed_memory()
def work():
    for _ in range(50):
        frames = [np.ones(700_000, np.uint8) for _ in range(8)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_memory_of_frames_is_used_again() -> None:
    faults = [
        int(subprocess.run([sys.executable, "-c", PROGRAM, say], check=True, capture_output=True, text=True).stdout)
        for say in ("no", "yes")
    ]
    assert faults[1] < 0.2 * max(faults[0], 500)


@pytest.fixture
def eight_threads(monkeypatch):
    """Libraries that take eight threads each, whatever the machine has."""
    before = library_threads()
    cv2.setNumThreads(8)
    if _openblas() is not None:
        _openblas().set(8)
    yield
    cv2.setNumThreads(before.opencv)
    if _openblas() is not None:
        _openblas().set(before.algebra)


def built_with_openblas() -> bool:
    return "openblas" in np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]


def test_a_pipeline_leaves_the_cores_to_its_stages(eight_threads):
    with few_library_threads():
        assert library_threads() == (2, 1)
    assert library_threads().opencv == 8


@pytest.mark.skipif(not built_with_openblas(), reason="this numpy is built with another library")
def test_the_linear_algebra_of_numpy_is_found(eight_threads):
    assert library_threads().algebra > 1
    with few_library_threads():
        assert library_threads().algebra == 1
    assert library_threads().algebra > 1


def test_the_last_of_several_pipelines_gives_the_threads_back(eight_threads):
    before = library_threads()
    first, second = few_library_threads(), few_library_threads()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert library_threads() == (2, 1)
    second.__exit__(None, None, None)
    assert library_threads() == before


def test_threads_are_given_back_after_an_error(eight_threads):
    before = library_threads()
    with pytest.raises(ValueError, match="broken"), few_library_threads():
        raise ValueError("broken")
    assert library_threads() == before
