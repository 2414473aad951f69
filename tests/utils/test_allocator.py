import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from faceswap.utils.allocator import reuse_freed_memory
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
