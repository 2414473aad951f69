"""Networks of the package face-alignment: which exist, where their weights lie, running them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import FLIP_68
from faceswap.detect.downloads import WeightsFile, find_weights, loaded
from faceswap.utils.devices import choose_device, multiplies_bf16
from faceswap.utils.errors import UserError

_FAN = "https://www.adrianbulat.com/downloads/python-fan/"
_BLAZE = "https://github.com/hollance/BlazeFace-PyTorch/raw/master/"


@dataclass(frozen=True)
class DetectorSpec:
    """A detector of the package.

    `module`; `files`, its weights, and `paths`, the arguments they go to; `score`, the argument of its threshold;
    `needs`: a package that is not among this project's; `square`: it sees the central square of a picture only.
    """

    module: str
    files: tuple[WeightsFile, ...]
    score: str
    paths: tuple[str, ...] = ("path_to_detector",)
    options: tuple[tuple[str, Any], ...] = ()
    needs: str = ""
    on_gpu: bool = False
    square: bool = False


DETECTORS = {
    "sfd": DetectorSpec(
        "sfd",
        (WeightsFile("s3fd-619a316812.pth", _FAN + "s3fd-619a316812.pth"),),
        "filter_threshold",
        on_gpu=True,
    ),
    "blazeface": DetectorSpec(
        "blazeface",
        (WeightsFile("blazeface.pth", _BLAZE + "blazeface.pth"), WeightsFile("anchors.npy", _BLAZE + "anchors.npy")),
        "min_score_thresh",
        paths=("path_to_detector", "path_to_anchor"),
        square=True,
    ),
    "blazeface_back": DetectorSpec(
        "blazeface",
        (
            WeightsFile("blazefaceback.pth", _BLAZE + "blazefaceback.pth"),
            WeightsFile("anchorsback.npy", _BLAZE + "anchorsback.npy"),
        ),
        "min_score_thresh",
        paths=("path_to_detector", "path_to_anchor"),
        options=(("back_model", True),),
        square=True,
    ),
    "yunet": DetectorSpec(
        "yunet",
        (
            WeightsFile(
                "face_detection_yunet_2023mar.onnx",
                "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
                "face_detection_yunet_2023mar.onnx",
            ),
        ),
        "score_threshold",
    ),
    "scrfd": DetectorSpec(
        "scrfd",
        (
            WeightsFile(
                "scrfd_2.5g_bnkps.onnx",
                "https://github.com/yakhyo/facial-analysis/releases/download/v0.0.1/det_2.5g.onnx",
            ),
        ),
        "confidence_threshold",
        needs="onnxruntime",
    ),
    "retinaface": DetectorSpec(
        "retinaface",
        (WeightsFile("retinaface_mobilenet0.25.pth", _FAN + "retinaface_mobilenet0.25.pth"),),
        "confidence_threshold",
        needs="torchvision",
        on_gpu=True,
    ),
}
NETWORKS = {
    "2d": WeightsFile("2DFAN4-11f355bf06.pth.tar", _FAN + "2DFAN4-11f355bf06.pth.tar"),
    "3d": WeightsFile("3DFAN4-7835d9f11d.pth.tar", _FAN + "3DFAN4-7835d9f11d.pth.tar"),
}


def check_parts(detector: str, network: str, folder: Path) -> None:
    """Make sure that all parts are there, downloading weights that are not. Raises UserError."""
    needed = DETECTORS[detector].needs
    try:
        if needed:
            importlib.import_module(needed)
    except (ImportError, RuntimeError, AttributeError, OSError) as error:  # also an installed one that does not fit
        raise UserError(f"finder.detector={detector} needs the package {needed}: install it, or use sfd") from error
    find_weights([*DETECTORS[detector].files, NETWORKS[network]], folder)


class FaceAlignmentNetworks:
    """The loaded detector and landmark network.

    `device`: auto, cpu, cuda or cuda:N; `precision`: fp32, bf16, or auto (bf16 where the hardware multiplies it).
    """

    def __init__(self, detector: str, network: str, folder: Path, score: float, device: str, precision: str) -> None:
        chosen = DETECTORS[detector]
        paths = [folder / file.name for file in chosen.files]
        landmarks = folder / NETWORKS[network].name
        self.device = choose_device(device, "finder.device")
        self.bf16 = multiplies_bf16(self.device) if precision == "auto" else precision == "bf16"
        self.square = chosen.square
        self._detector = loaded(lambda: self._load_detector(chosen, paths, score), paths)
        self._fan = loaded(lambda: self._load_fan(landmarks), [landmarks])
        self.reference_scale = float(self._detector.reference_scale)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Return boxes (N, 5) of pictures (H, W, 3) of one size."""
        import torch

        batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
        with torch.inference_mode():
            found = self._detector.detect_from_batch(batch)
        return [np.asarray(boxes, np.float32).reshape(-1, 5) for boxes in found]

    def heatmaps(self, crops: NDArray[np.uint8], flip: bool) -> NDArray[np.float32]:
        """Return (N, 68, 64, 64) of crops (N, 256, 256, 3) uint8 RGB."""
        import torch

        from faceswap.utils.images import to_unit_range

        batch = to_unit_range(crops, self.device)
        with torch.inference_mode(), self._autocast():
            heatmaps = self._fan(batch)[-1].float()
            if flip:
                mirrored = self._fan(batch.flip(3))[-1].float()
                heatmaps = (heatmaps + mirrored.flip(3)[:, torch.from_numpy(FLIP_68)]) / 2
        return heatmaps.cpu().numpy()

    def _load_detector(self, chosen: DetectorSpec, paths: Sequence[Path], score: float) -> Any:
        from faceswap.utils.untrusted.torch_files import read_torch_file

        module = importlib.import_module(f"face_alignment.detection.{chosen.module}")
        for path in paths:
            if path.suffix == ".pth":  # refused before torch gets it, which unpacks what is packed and trusts sizes
                read_torch_file(path)
        arguments = dict(zip(chosen.paths, map(str, paths), strict=True)) | dict(chosen.options)
        try:
            # Given a path, the package's detectors load with weights_only=True: nothing in the file can run.
            detector = module.FaceDetector(
                device=str(self.device) if chosen.on_gpu else "cpu", **arguments, **{chosen.score: score}
            )
        except cv2.error as error:
            raise ValueError("OpenCV cannot read it") from error
        if chosen.on_gpu:
            net = self._placed(detector.face_detector)
            detector.face_detector = lambda batch: self._in_float32(net, batch)
        return detector

    def _in_float32(self, net: Any, batch: Any) -> list:
        """Return the outputs of a net run in mixed precision, as the package's own code takes them."""
        with self._autocast():
            outputs = net(batch)
        return [output.float() for output in outputs]

    def _load_fan(self, path: Path) -> Any:
        import torch
        from face_alignment.models import FAN

        from faceswap.utils.untrusted.torch_files import read_torch_file

        read_torch_file(path)  # as above
        net = FAN(4)
        net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        return self._placed(net.eval())

    def _placed(self, net: Any) -> Any:
        import torch

        layout = torch.channels_last if self.bf16 or self.device.type == "cuda" else torch.preserve_format
        return net.to(self.device, memory_format=layout)

    def _autocast(self) -> AbstractContextManager:
        import torch

        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)
