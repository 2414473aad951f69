"""Face swapping for video: find and align faces, train a shared encoder with two decoders, blend the result back."""

import os

__version__ = "0.1.0"

# Both are read when torch is first imported. Spinning OpenMP threads are ruinous as soon as the machine does anything
# else; large pages save a training step on a CPU a quarter of a million page faults (6 % of `original`'s time).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
