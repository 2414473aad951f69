"""Face swapping for video: find and align faces, train a shared encoder with two decoders, blend the result back."""

import os
import sys

__version__ = "0.1.0"

# Both are read when torch is first imported. Spinning OpenMP threads are ruinous as soon as the machine does anything
# else; large pages save a training step on a CPU a quarter of a million page faults (6 % of `original`'s time).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def _leave_out_current_folder() -> None:
    """Keep `python -m faceswap.COMMAND` from importing what lies where it is typed.

    Python puts that folder first on the import path: a yaml.py, a torch.py or Hydra plugins among films of others would
    be run. In a checkout it holds this very package and stays.
    """
    here = os.path.realpath(sys.path[0] or os.curdir)
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    if sys.argv[:1] == ["-m"] and here == os.path.realpath(os.curdir) != home:
        del sys.path[0]
        os.environ["PYTHONSAFEPATH"] = "1"  # likewise in the processes that a command starts


if sys.path:
    _leave_out_current_folder()
