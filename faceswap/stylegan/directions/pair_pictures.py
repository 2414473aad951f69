"""The pictures of a folder of pairs as a generator sees them: aligned, encoded, what does not fit together left out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.geometry import head_pose
from faceswap.core.values import AlignedFace, Face, Frame
from faceswap.detect.protocol import Finder, find_in_batches
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.parser import FaceParser
from faceswap.media.pictures.images import read_image
from faceswap.media.sources import probe
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.data.packed import TARGETS_FILE, open_pictures
from faceswap.stylegan.data.pairs import Pairs
from faceswap.stylegan.data.portraits import as_input, choose, head_masks
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.errors import UserError
from faceswap.utils.images import to_signed_range
from faceswap.utils.progress import Progress

BATCH = 32
TURNS = ("yaw", "pitch", "roll")  # factors that turn a head
MOST_TURN = 15.0  # degrees between the two faces of a pair that is not about turning
LEAST_LIKENESS = 0.25  # cosine of the embedder's vectors; two people have about 0

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class SeenPairs:
    """Pairs and their M pictures: `images` (M, 3, R, R) in [-1, 1] that should be drawn, `masks` (M, 1, R, R) of heads.

    `rows` (M, rows, w_size): the encoder's codes.
    """

    pairs: Pairs
    images: Tensor
    masks: Tensor
    rows: Tensor


def see_pairs(pairs: Pairs, generator: Generator, encoder: Encoder, finder: Finder | None) -> SeenPairs:
    """Return the pairs with their pictures and codes; packed crops need no `finder`.

    Pairs whose two faces are not one person's or are turned differently are left out with a warning.

    Raises:
        UserError: A picture cannot be read or shows no face, or what is left is too little (see `Pairs.check`).
    """
    if pairs.packed:
        seen, images = _packed(pairs, generator.resolution)
        masks = torch.ones(len(images), 1, 1, 1).expand(-1, -1, *images.shape[2:])
    else:
        assert finder is not None
        pairs, seen, masks = _found(pairs, generator.resolution, finder)
        images = seen
    place = generator.average.device
    with torch.inference_mode():
        rows = torch.cat([encoder(part.to(place)) for part in seen.split(BATCH)])
    return SeenPairs(pairs, images.to(place), masks.to(place), rows.clone())


def _packed(pairs: Pairs, side_px: int) -> tuple[Tensor, Tensor]:
    rows = np.array([int(name) for name in pairs.pictures])
    has_targets = (pairs.folder / TARGETS_FILE).is_file()
    crops = open_pictures(pairs.folder if has_targets else pairs.folder / "seen.npy", side_px, pairs.folder, "pairs")
    if rows.max() >= len(crops):
        raise UserError(f"pairs={pairs.folder}: the table names row {rows.max()}, there are {len(crops)} crops")
    return to_signed_range(crops.seen[rows]), to_signed_range(crops.targets[rows])


def _found(pairs: Pairs, side_px: int, finder: Finder) -> tuple[Pairs, Tensor, Tensor]:
    """Return the pairs that fit together, the aligned faces of all pictures and the masks of their heads."""
    paths = [pairs.folder / name for name in pairs.pictures]
    finder.prepare(probe(paths[0]))
    frames = (Frame(read_image(path), index, float(index)) for index, path in enumerate(paths))
    faces: list[Face] = []
    aligned: list[AlignedFace] = []
    vectors, masks = [], []
    embedder, parser = FaceEmbedder(), FaceParser()
    with Progress(len(paths), "align pairs", "picture") as progress:
        for frame, found in find_in_batches(finder, frames):
            face = choose(found, "largest", str(paths[frame.index]))
            faces.append(face)
            aligned.append(align_style(frame, face, side_px))
            vectors.append(embedder.embed([frame.image], [face.points])[0])
            masks.append(head_masks(parser, [frame], [face.points], aligned[-1:])[0])
            progress.advance()
    fit = _fitting(pairs, faces, np.stack(vectors))
    return pairs.chosen(fit).check(), as_input(aligned), torch.from_numpy(np.stack(masks))[:, None]


def _fitting(pairs: Pairs, faces: list[Face], vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pairs (N,) show one person, turned alike unless turning is what is moved; tells of the others."""
    poses = np.array([(pose.yaw, pose.pitch) for pose in (head_pose(face.points) for face in faces)])
    turns = np.abs(poses[pairs.after] - poses[pairs.before]).max(1)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = (units[pairs.before] * units[pairs.after]).sum(1)
    turning = [number for number, name in enumerate(pairs.names) if name in TURNS]
    turned = (pairs.steps[:, turning] != 0).any(1)
    for place in range(len(pairs)):
        names = f"{pairs.pictures[pairs.before[place]]} and {pairs.pictures[pairs.after[place]]}"
        if alike[place] < LEAST_LIKENESS:
            log.warning("left out: %s do not show one person (likeness %.2f)", names, alike[place])
        elif turns[place] > MOST_TURN and not turned[place]:
            log.warning("left out: the heads in %s are %.0f degrees apart", names, turns[place])
    fit: NDArray[np.bool_] = (alike >= LEAST_LIKENESS) & ((turns <= MOST_TURN) | turned)
    if not fit.any():
        raise UserError(f"pairs={pairs.folder}: no pair shows one person, turned alike, before and after")
    return fit


def part_of(seen: SeenPairs, kept: NDArray) -> SeenPairs:
    """Return some of the pairs (a mask or indices), with the same pictures."""
    return replace(seen, pairs=seen.pairs.chosen(kept))
