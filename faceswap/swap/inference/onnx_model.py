"""An exported swap at work, on onnxruntime: what inference.py does from trained weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Decoded
from faceswap.swap.inference.onnx_graph import check, optional_package, parse
from faceswap.swap.inference.onnx_metadata import INPUT, KEY, ExportMetadata
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError
from faceswap.utils.limits import ONNX_BYTES


@dataclass(frozen=True, eq=False)
class OnnxSwapper:
    """A file of `python -m faceswap.export`, ready to swap; it draws one face only, that of `about.side`."""

    about: ExportMetadata
    session: Any

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> OnnxSwapper:
        """Raises UserError for a file that is missing, damaged or not of this program's making, whatever is in it.

        `device`: cpu, cuda or cuda:N; auto takes a GPU that torch and the installed onnxruntime both see.
        """
        data = read_onnx(path, "make one with python -m faceswap.export")
        try:
            model = parse(data)
            about = _metadata(model)
            check(model, about)
        except ValueError as error:
            raise UserError(f"{path} cannot be used: {error}; make it with python -m faceswap.export") from error
        del model  # as large as the file
        return cls(about, open_session(path, data, device))

    @property
    def resolution(self) -> int:
        """Side of the views and of what comes back, px."""
        return self.about.resolution

    @property
    def coverage(self) -> float:
        """Share of the aligned crop's side that a view shows."""
        return self.about.coverage

    @property
    def description(self) -> dict[str, Any]:
        """For the result's metadata."""
        return {**self.about.description, "sha256": self.about.weights_sha256}

    def swap(self, views: NDArray[np.uint8], to: str = "a") -> Decoded:
        """(N, R, R, 3) uint8 RGB views of one face -> the same expressions on the face of side `to`, the file's own.

        Masks are None from a model that has learned none. Raises ValueError for views of another shape or the other
        side.
        """
        expected = (self.resolution, self.resolution, 3)
        if views.dtype != np.uint8 or views.ndim != 4 or views.shape[1:] != expected:
            raise ValueError(f"views must be (N, *{expected}) uint8, not {views.shape} {views.dtype}")
        if to != self.about.side:
            raise ValueError(f"this file draws side {self.about.side}, not {to}")
        faces = np.ascontiguousarray(views.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
        image, *mask = self._run(faces)
        return Decoded(np.ascontiguousarray(image.transpose(0, 2, 3, 1)), mask[0][:, 0] if mask else None)

    def _run(self, faces: NDArray[Any]) -> list[NDArray[np.float32]]:
        """What the graph gives for any number of faces, also where other tools have fixed how many it takes at once."""
        size = self.session.get_inputs()[0].shape[0]
        if not isinstance(size, int) or size < 1 or size == len(faces):
            return self.session.run(None, {INPUT: faces})
        missing = -len(faces) % size
        padded = np.concatenate([faces, np.zeros((missing, *faces.shape[1:]), np.float32)])
        parts = [self.session.run(None, {INPUT: part}) for part in np.split(padded, len(padded) // size)]
        return [np.concatenate(several)[: len(faces)] for several in zip(*parts, strict=True)]


def read_onnx(path: Path, otherwise: str) -> bytes:
    """Returns a file's bytes. Raises UserError for one that is missing (`otherwise`: what to do) or too large."""
    if not path.is_file():
        raise UserError(f"there is no file {path}; {otherwise}")
    with open(path, "rb") as file:
        data = file.read(ONNX_BYTES + 1)
    if len(data) > ONNX_BYTES:
        raise UserError(f"{path} cannot be used: it is larger than the 2 GB that an ONNX file can have")
    return data


def open_session(path: Path, data: bytes, device: str) -> Any:
    """Returns the onnxruntime session of a graph that was checked. Raises UserError where it is refused.

    `device`: as of `OnnxSwapper.load`.
    """
    runtime = optional_package("onnxruntime")
    providers = _providers(device, runtime.get_available_providers())
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    # Waiting threads that spin cost other programs, and the other stages of a conversion, a whole core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return runtime.InferenceSession(data, options, providers=providers)
    except Exception as error:  # of a dozen classes without a common one
        raise UserError(f"{path} cannot be used: onnxruntime refuses it ({_first_line(error)})") from error


def _metadata(model: Any) -> ExportMetadata:
    told = [entry.value for entry in model.metadata_props if entry.key == KEY]
    if len(told) != 1:
        raise ValueError("it was not exported by faceswap (its metadata do not say how faces go in)")
    return ExportMetadata.from_json(told[0])


def _providers(device: str, available: list[str]) -> list[Any]:
    """Onnxruntime's names for a device. Raises UserError for one that is not there."""
    place = choose_device(device)
    if place.type == "cuda" and "CUDAExecutionProvider" in available:
        # Its own default multiplies with ten bits of precision where the card can.
        gpu = ("CUDAExecutionProvider", {"device_id": place.index or 0, "use_tf32": "0"})
        return [gpu, "CPUExecutionProvider"]
    if place.type == "cuda" and device != "auto":
        raise UserError(
            f"device={device}: the onnxruntime that is installed has no CUDA; install onnxruntime-gpu in its place, or "
            "use device=cpu"
        )
    return ["CPUExecutionProvider"]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
