"""What swaps are judged on: some frames of a film of B, and of a rendered one the same frames with A in B's place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.embeddings import mean_of
from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import face_size, frame_to_crop_for, landmark_error_percent, warp_crop
from faceswap.core.landmarks import INNER
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import Reinhard
from faceswap.media.pictures.images import read_image
from faceswap.media.reading import read_frames
from faceswap.swap.data.pair_data import split_by_time
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.utils.errors import UserError
from faceswap.utils.numbers import evenly_spread
from tools.truth import metrics
from tools.truth.eyes import Eyes

FRAMES = 20  # of a film that are judged, evenly spread
CROP_PX = 256
SHOWN_PX = 160
VALIDATION_SHARE = 0.05  # as training holds out
A_FACES = 32  # of A's set, whose mean is who A is
DEMO = Path(__file__).resolve().parents[2] / "demo"
REAL = ("A_d10.mp4", "B_d9.mp4")


@dataclass(frozen=True, eq=False)
class Scene:
    """`faces_a`, `faces_b`: face sets that train.

    `frames` of B and their `points` (n, 68, 2), which do not; `truth`: the same frames with A in them, where somebody
    knows.

    `a` (128,): who A is.
    """

    name: str
    faces_a: Path
    faces_b: Path
    frames: list[Frame]
    points: NDArray[np.float32]
    truth: list[NDArray[np.uint8]] | None
    a: NDArray[np.float32]

    def swapped(self, swapper: TrainedSwapper) -> list[NDArray[np.uint8]]:
        """Return the frames with A's face, blended as a conversion does by default, each frame for itself."""
        sizes = (CROP_PX, swapper.coverage, swapper.resolution)
        views = [
            view_of(frame, points, frame_to_crop_for(points, CROP_PX), *sizes)
            for frame, points in zip(self.frames, self.points, strict=True)
        ]
        decoded = swapper.swap(np.stack([view.image for view in views]))
        mask = HullMask() if decoded.masks is None else LearnedMask()
        how: dict[str, Any] = {"mask": mask, "colour": Reinhard(), "blender": AlphaBlender()}
        drawn = [
            Decoded(decoded.images[i : i + 1], None if decoded.masks is None else decoded.masks[i : i + 1])
            for i in range(len(views))
        ]
        return [
            blend(frame, [view], one, **how).image for frame, view, one in zip(self.frames, views, drawn, strict=True)
        ]

    def score(self, swapper: TrainedSwapper, eyes: Eyes) -> dict[str, float]:
        """Return means over the frames.

        With a truth: `psnr_db`, `ssim`, `gmsd` inside the face against it. Always: `identity`, cosine to A minus cosine
        to B, `nearer_a_share` of frames, `landmark_error_percent` of the face's size against the truth's points, else
        B's, as the built-in eyes read them, and `following_error_percent`: the same without each point's mean offset,
        because the points of two people differ also when they do the same.
        """
        rows, swaps, likes_a, likes_b, offsets = [], [], [], [], []
        for number, image in enumerate(self.swapped(swapper)):
            original, points = self.frames[number].image, self.points[number]
            wanted = original if self.truth is None else self.truth[number]
            seen = eyes.look([image, wanted, original], points)
            moved = landmark_error_percent(seen[0].points, seen[1].points, face_size(points))
            row = {"landmark_error_percent": moved}
            offsets.append((seen[0].points - seen[1].points)[INNER] / face_size(points))
            if self.truth is not None:
                mask = metrics.face_mask(points, wanted.shape)
                for name in ("psnr_db", "ssim", "gmsd"):
                    row[name] = getattr(metrics, name)(image, wanted, mask)
            rows.append(row)
            swaps.append(seen[0].embedding)
            likes_a.append(seen[1].embedding)
            likes_b.append(seen[2].embedding)
        a = self.a if self.truth is None else mean_of(np.stack(likes_a))
        identity = np.stack(swaps) @ (a - mean_of(np.stack(likes_b)))
        scores = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        scores |= {"identity": float(identity.mean()), "nearer_a_share": float((identity > 0).mean())}
        left = np.stack(offsets) - np.mean(offsets, 0)
        scores["following_error_percent"] = float(100 * np.linalg.norm(left, axis=2).mean())
        return {name: round(value, 4) for name, value in scores.items()}

    def shown(self, pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Return the face of the middle frame in some pictures of the frames, (160, 160, 3)."""
        middle = len(pictures) // 2
        return warp_crop(pictures[middle], frame_to_crop_for(self.points[middle], SHOWN_PX), SHOWN_PX)


def rendered_scene(pair: dict[str, str], workspace: Path, eyes: Eyes) -> Scene:
    """Return a pair of the demo's actors.

    Where skins differ, the truth is A in B's skin: what colour transfer aims at.
    """
    faces_a, faces_b = (extracted(DEMO / f"{pair[side]}.mp4", workspace) for side in ("a", "b"))
    truth = pair.get("truth_toned", pair["truth"])
    points = np.load(DEMO / f"{pair['test']}.landmarks.npz")["points"]
    chosen = evenly_spread(len(points), FRAMES)
    frames, true = (_frames(DEMO / f"{name}.mp4", set(chosen.tolist())) for name in (pair["test"], truth))
    pictures = [frame.image for frame in true]
    return Scene(pair["name"], faces_a, faces_b, frames, points[chosen], pictures, _who(faces_a, eyes))


def real_scene(folder: Path, workspace: Path, eyes: Eyes) -> Scene:
    """Return the pair of real films; judged on the frames of B that training holds out."""
    faces_a, faces_b = (extracted(film, workspace) for film in real_films(folder))
    records = FaceSet.open(faces_b).records
    held = split_by_time(len(records), VALIDATION_SHARE)[1]
    chosen = held[evenly_spread(len(held), FRAMES)]
    points = {records[i].frame: records[i].points for i in chosen}
    frames = _frames(folder / REAL[1], set(points))
    found = np.stack([points[frame.index] for frame in frames])
    return Scene("real", faces_a, faces_b, frames, found, None, _who(faces_a, eyes))


def rendered_pairs() -> dict[str, dict[str, str]]:
    """Return the demo's pairs by name."""
    return {pair["name"]: pair for pair in json.loads((DEMO / "pairs.json").read_text())["pairs"]}


def real_films(folder: Path) -> list[Path]:
    """Return the films of A and B.

    Raises:
        UserError: One is not there.
    """
    missing = [name for name in REAL if not (folder / name).is_file()]
    if missing:
        raise UserError(f"--real {folder}: {' and '.join(missing)} not there; say the folder that holds both films")
    return [folder / name for name in REAL]


def extracted(video: Path, workspace: Path) -> Path:
    """Return the film's face set in the workspace, made when it is not there; by its landmarks' file if it has one."""
    from faceswap.cli.composing.compose import compose_config
    from faceswap.extract import extract

    folder = workspace / "faces" / video.stem
    if not (folder / "report.json").is_file():
        points = video.with_suffix(".landmarks.npz")
        finder = ["finder=landmarks", f"finder.path={points}"] if points.is_file() else []
        extract(compose_config("extract", [f"video={video}", f"workspace={workspace}", *finder]))
    return folder


def _frames(film: Path, chosen: set[int]) -> list[Frame]:
    return [frame for frame in read_frames(film, threads=1) if frame.index in chosen]


def _who(folder: Path, eyes: Eyes) -> NDArray[np.float32]:
    faces = FaceSet.open(folder)
    chosen = evenly_spread(len(faces), A_FACES)
    seen = []
    for index in chosen:
        seen += eyes.look([read_image(faces.path(index))], faces.records[index].crop_points)
    return mean_of(np.stack([sight.embedding for sight in seen]))
