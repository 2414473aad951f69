"""Models, losses, warps, batches and the training loop: everything that learns a pair of faces."""

import os

# Set before torch starts its threads: spinning OpenMP threads are ruinous as soon as the machine does anything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
