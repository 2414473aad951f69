"""What the commands import, for the process that is forked to run them (conftest.run)."""

import importlib
import pkgutil

import torch

import faceswap

torch.set_num_threads(1)
for room in pkgutil.iter_modules(faceswap.__path__, "faceswap."):
    if room.ispkg:
        package = importlib.import_module(room.name)
        for found in pkgutil.walk_packages(package.__path__, f"{room.name}."):
            if found.name.rpartition(".")[2] not in ("__main__", "train", "env"):  # run, not imported
                importlib.import_module(found.name)
