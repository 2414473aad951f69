"""Face swapping for video: find and align faces, train a shared encoder with two decoders, blend the result back.

    import faceswap as fs
    faces = fs.detect("photo.jpg")
    fs.extract("craig.mp4", "faces/craig")
    fs.Trainer("faces/craig", "faces/brosnan", model="lite").fit(steps=2000)
    swapper = fs.Swapper.load("runs/craig_brosnan")
    picture = swapper.swap_image("photo.jpg")
    fs.convert("brosnan.mp4", swapper, "out.mp4")

Pictures are (height, width, 3) arrays of uint8, RGB; paths are texts or pathlib's. What you can mend is an `Error`.
Nothing heavy is loaded before it is used.
"""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faceswap.api.faces import ParsedFace, align, detect, embed, parse
    from faceswap.api.images import read_frames
    from faceswap.api.stylegan import InvertedFace, edit, generate, invert
    from faceswap.api.swapping import Swapper, convert, extract
    from faceswap.core.face_set import FaceSet
    from faceswap.core.values import AlignedFace, Face
    from faceswap.engine.callbacks import Callback
    from faceswap.swap.training.train_config import TrainConfig
    from faceswap.swap.training.trainer import Trainer
    from faceswap.utils.errors import Interrupted
    from faceswap.utils.errors import UserError as Error

__version__ = "0.1.0"

__all__ = [
    "AlignedFace",
    "Callback",
    "Error",
    "Face",
    "FaceSet",
    "Interrupted",
    "InvertedFace",
    "ParsedFace",
    "Swapper",
    "TrainConfig",
    "Trainer",
    "align",
    "convert",
    "detect",
    "edit",
    "embed",
    "extract",
    "generate",
    "invert",
    "parse",
    "read_frames",
]

_HOMES = {
    **dict.fromkeys(("ParsedFace", "align", "detect", "embed", "parse"), "faceswap.api.faces"),
    **dict.fromkeys(("InvertedFace", "edit", "generate", "invert"), "faceswap.api.stylegan"),
    **dict.fromkeys(("Swapper", "convert", "extract"), "faceswap.api.swapping"),
    **dict.fromkeys(("AlignedFace", "Face"), "faceswap.core.values"),
    **dict.fromkeys(("Error", "Interrupted"), "faceswap.utils.errors"),
    "read_frames": "faceswap.api.images",
    "FaceSet": "faceswap.core.face_set",
    "Callback": "faceswap.engine.callbacks",
    "TrainConfig": "faceswap.swap.training.train_config",
    "Trainer": "faceswap.swap.training.trainer",
}

# Both are read when torch is first imported. Spinning OpenMP threads are ruinous as soon as the machine does anything
# else; large pages save a training step on a CPU a quarter of a million page faults (6 % of `original`'s time).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'faceswap' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), "UserError" if name == "Error" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps functions where modules have their names: faceswap/extract.py is the command, `faceswap.extract` is not."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and name in _HOMES):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


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
