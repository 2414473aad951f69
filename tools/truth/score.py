"""A converted test clip, frame by frame, against the true swap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import face_size, landmark_error_percent
from faceswap.core.landmarks import INNER
from faceswap.core.values import Frame
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import VideoWriter
from faceswap.stylegan.metrics.frechet import frechet_distance
from tools.truth import field, metrics, sharpness
from tools.truth.eyes import Eyes, identity_scores

MEASURES = {
    "psnr_db": "dB inside the face, higher is nearer",
    "ssim": "structure inside the face, 1 is equal",
    "gmsd": "perceptual distance inside the face, 0 is equal",
    "identity": "cosine to A minus cosine to B, above 0: nearer to A",
    "identity_of_truth": "what the truth itself gets",
    "nearer_a_share": "share of frames nearer to A than to B",
    "landmark_error_percent": "of the face's size, inner 51 points as read",
    "colour_error_de": "CIE Lab distance of mean colours",
    "seam_error": "grey levels a pixel in a ring round the face's edge",
    "flicker": "change beyond the truth's own motion, as a share of it",
    "octave_1": "detail from brows to mouth at the film's finest octave, RMS over the truth's, 1: as much",
    "octave_2": "the same, an octave coarser",
    "octave_3": "the same, two octaves coarser",
    "octave_4": "the same, three octaves coarser",
    "texture_distance": "by fixed filters, forgives a pixel or two; 0 is equal, 1 nothing in common",
    "pose_error_degrees": "length of the difference of yaw, pitch and roll",
    "expression_error_percent": "landmark error without turn, shift and size",
    "frechet_distance": "between the clouds of the parser's features of all frames, 0 is equal",
    "retrieval_share": "share of frames whose nearest in a gallery of 200 people and more, B among them, is A",
    "retrieval_of_truth": "what the truth itself gets",
}


@dataclass(frozen=True, eq=False)
class Gallery:
    """Whom a face may be: A and B (128,), as their training clips show them, and `strangers` (N, 128)."""

    a: NDArray[np.float32]
    b: NDArray[np.float32]
    strangers: NDArray[np.float32]

    def share(self, embeddings: NDArray) -> float:
        """Return of faces (F, 128), those that are nearest to A."""
        return field.retrieval_share(embeddings, self.a, self.b, self.strangers)


def score_clip(
    swap: Path,
    truth: Path,
    original: Path,
    points: NDArray,
    eyes: Eyes,
    parser: field.ParserFeatures | None = None,
    gallery: Gallery | None = None,
) -> dict[str, float]:
    """Return means over all frames of `swap` against `truth`.

    `original` is B's clip, `points` (F, 68, 2) its landmarks.

    What needs a parser or a gallery is left out where there is none.

    Raises:
        ValueError: The clips differ in length or size.
    """
    rows, embeddings, features, flicker, octaves = [], [], [], metrics.Flicker(), sharpness.Octaves()
    frames = zip(read_frames(swap), read_frames(truth), read_frames(original), points, strict=True)
    for a, b, c, where in frames:
        if not a.image.shape == b.image.shape == c.image.shape:
            raise ValueError(f"the clips differ in size: {a.image.shape}, {b.image.shape}, {c.image.shape}")
        size_px = face_size(where)
        mask = metrics.face_mask(where, b.image.shape)
        ring = metrics.edge_ring(mask, size_px)
        box = sharpness.face_box(where[INNER], b.image.shape)  # all of it is drawn, none is B's own hair or jaw
        sights = eyes.look([a.image, b.image, c.image], where)
        read = [sight.points for sight in sights]
        rows.append(
            {
                "psnr_db": metrics.psnr_db(a.image, b.image, mask),
                "ssim": metrics.ssim(a.image, b.image, mask),
                "gmsd": metrics.gmsd(a.image, b.image, mask),
                "landmark_error_percent": landmark_error_percent(read[0], read[1], size_px),
                "colour_error_de": metrics.colour_error(a.image, b.image, mask),
                "seam_error": metrics.seam_error(a.image, b.image, ring),
                "texture_distance": sharpness.texture_distance(a.image, b.image, box),
                "pose_error_degrees": field.pose_error_degrees(read[0], read[1]),
                "expression_error_percent": field.expression_error_percent(read[0], read[1], size_px),
            }
        )
        embeddings.append([sight.embedding for sight in sights])
        if parser is not None:
            features.append(parser.features([a.image, b.image], [where, where]))
        octaves.add(a.image, b.image, box)
        flicker.add(a.image, b.image, mask)
    scores = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    people = np.array(embeddings).swapaxes(0, 1)
    scores |= identity_scores(*people)
    scores["flicker"] = flicker.ratio
    scores |= {f"octave_{number}": float(ratio) for number, ratio in enumerate(octaves.ratios, 1)}
    if parser is not None:
        scores["frechet_distance"] = frechet_distance(*np.array(features, np.float64).swapaxes(0, 1))
    if gallery is not None:
        scores |= {"retrieval_share": gallery.share(people[0]), "retrieval_of_truth": gallery.share(people[1])}
    return {name: round(scores[name], 4) for name in MEASURES if name in scores}


def write_comparison(swap: Path, truth: Path, original: Path, out: Path) -> Path:
    """Return a film of B | swap | truth | their difference (doubled, around grey)."""
    info = probe(original)
    with VideoWriter(out, info, size=(4 * info.width, info.height)) as writer:
        for b, a, t in zip(read_frames(original), read_frames(swap), read_frames(truth), strict=True):
            difference = np.clip(128 + 2 * (a.image.astype(np.int16) - t.image), 0, 255).astype(np.uint8)
            writer.write(Frame(np.hstack([b.image, a.image, t.image, difference]), b.index, b.seconds))
    return out


def table(scores: dict[str, dict[str, float]]) -> str:
    """Return the scores as a Markdown table: one row a measure, one column a clip."""
    columns = list(scores)
    lines = [f"| measure | {' | '.join(columns)} | what it is |", "|---|" + "---:|" * len(columns) + "---|"]
    for name, meaning in MEASURES.items():
        lines.append(f"| {name} | {' | '.join(_shown(scores[c], name) for c in columns)} | {meaning} |")
    return "\n".join(lines)


def _shown(scores: dict[str, float], name: str) -> str:
    return f"{scores[name]:.3f}" if name in scores else ""
