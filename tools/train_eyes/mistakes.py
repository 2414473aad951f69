"""Collects what a detector takes for a face and is none: the windows that the landmark network must refuse.

    python -m tools.train_eyes.mistakes DATA OUT

Runs OUT's detector with a low threshold on scenes of clutter, hands and people with spoilt faces, and keeps the places
that lie on no face (DATA/mistakes.npy). The landmark task shows them as windows without a face.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.boxes import iou
from faceswap.core.geometry import warp_crop
from faceswap.facenets.detector import FaceDetector
from faceswap.facenets.detector_net import DetectorNet
from faceswap.facenets.layers import folded
from faceswap.facenets.windows import window_of_box
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.progress import Progress
from tools.train_eyes.augment import photometric
from tools.train_eyes.data import MISTAKES, MISTAKES_PX, Faces
from tools.train_eyes.scenes import Scene, SceneMaker
from tools.train_eyes.training import exported

SCENE_PX = 448
LEAST_SCORE = 0.12
FARTHEST_OVERLAP = 0.1  # with a face: what lies half on one is neither
MOST_OF_A_SCENE = 6


def main(argv: list[str]) -> Path:
    """Write DATA/mistakes.npy (n, 128, 128, 3) uint8 and return it."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_eyes.mistakes", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="a set written by python -m tools.people dataset")
    parser.add_argument("out", type=Path, help="folder of eyes-detector.safetensors")
    parser.add_argument("--scenes", type=int, default=3000)
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    network = folded(exported(options.out / "eyes-detector.safetensors", DetectorNet))
    detector = FaceDetector(side_px=SCENE_PX, minimum_score=LEAST_SCORE, network=network)
    faces = Faces(options.data)
    maker = SceneMaker(faces, faces.training, SCENE_PX)
    windows: list[NDArray[np.uint8]] = []
    with Progress(options.scenes, "look", "scene") as progress:
        for number in range(options.scenes):
            rng = np.random.default_rng((7, number))
            scene = maker.make(rng)
            image = scene.framed(photometric(scene.image[None], rng, strength=0.65)[0])
            windows += [warp_crop(image, look, MISTAKES_PX) for look in wrong_looks(scene, detector.detect([image])[0])]
            progress.advance()
    path = options.data / MISTAKES
    with atomic_path(path) as temp, temp.open("wb") as file:
        np.save(file, np.stack(windows))
    print(f"{len(windows)} mistakes in {path}")
    return path


def wrong_looks(scene: Scene, detections: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """Return the windows (2, 3) of the surest detections that lie on no face, known or ignored."""
    wrong = [row for row in detections if all(iou(row, box) < FARTHEST_OVERLAP for box in scene.boxes)]
    return [window_of_box(row[:4], float(row[5]), MISTAKES_PX) for row in wrong[:MOST_OF_A_SCENE]]


if __name__ == "__main__":
    main(sys.argv[1:])
