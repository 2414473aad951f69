"""Kills every command at a random write, gives it again, and compares with what an uninterrupted one leaves."""

import os

# Before torch is loaded: processes are forked here, and must not inherit threads of OpenMP.
for _name, _value in {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "NO_ALBUMENTATIONS_UPDATE": "1"}.items():
    os.environ.setdefault(_name, _value)
