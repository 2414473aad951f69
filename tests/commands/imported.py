"""What the commands import, for the process that is forked to run them (conftest.run)."""

import importlib
import pkgutil

import torch

import faceswap

# What they import where they first need it: a second here, at every command there. Not onnxruntime: it starts a
# thread, and a process with threads is not to be forked.
LIBRARIES = (
    "PIL.Image",
    "albumentations",
    "c2pa",
    "hydra._internal.core_plugins.basic_launcher",
    "hydra._internal.core_plugins.basic_sweeper",
    "hydra._internal.hydra",
    "moviepy",
    "pi_heif",
    "torch._dynamo",
)

torch.set_num_threads(1)
for library in LIBRARIES:
    importlib.import_module(library)
for room in pkgutil.iter_modules(faceswap.__path__, "faceswap."):
    if room.ispkg:
        package = importlib.import_module(room.name)
        for found in pkgutil.walk_packages(package.__path__, f"{room.name}."):
            if found.name.rpartition(".")[2] not in ("__main__", "train", "env"):  # run, not imported
                importlib.import_module(found.name)
