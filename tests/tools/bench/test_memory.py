import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import numpy as np
from tools.bench.memory import peak_mib
before = peak_mib()
held = np.ones(100 << 20, np.uint8)
del held
print(before, peak_mib())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the status of a process is Linux's")
def test_peak_is_the_programs_own() -> None:
    held = np.ones(400 << 20, np.uint8)  # by the one that starts it
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    before, after = map(float, done.stdout.split())
    assert before < held.nbytes / 2**20 / 2
    assert 95 < after - before < 130
