"""A converted test clip, frame by frame, against the true swap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import face_size, landmark_error_percent
from faceswap.core.values import Frame
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import VideoWriter
from tools.truth import metrics
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
}


def score_clip(swap: Path, truth: Path, original: Path, points: NDArray, eyes: Eyes) -> dict[str, float]:
    """Means over all frames of `swap` against `truth`; `original` is B's clip, `points` (F, 68, 2) its landmarks.

    Raises ValueError when the clips differ in length or size.
    """
    rows, embeddings, flicker = [], [], metrics.Flicker()
    frames = zip(read_frames(swap), read_frames(truth), read_frames(original), points, strict=True)
    for a, b, c, where in frames:
        if not a.image.shape == b.image.shape == c.image.shape:
            raise ValueError(f"the clips differ in size: {a.image.shape}, {b.image.shape}, {c.image.shape}")
        size_px = face_size(where)
        mask = metrics.face_mask(where, b.image.shape)
        ring = metrics.edge_ring(mask, size_px)
        sights = eyes.look([a.image, b.image, c.image], where)
        rows.append(
            {
                "psnr_db": metrics.psnr_db(a.image, b.image, mask),
                "ssim": metrics.ssim(a.image, b.image, mask),
                "gmsd": metrics.gmsd(a.image, b.image, mask),
                "landmark_error_percent": landmark_error_percent(sights[0].points, sights[1].points, size_px),
                "colour_error_de": metrics.colour_error(a.image, b.image, mask),
                "seam_error": metrics.seam_error(a.image, b.image, ring),
            }
        )
        embeddings.append([sight.embedding for sight in sights])
        flicker.add(a.image, b.image, mask)
    scores = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    scores |= identity_scores(*np.array(embeddings).swapaxes(0, 1))
    scores["flicker"] = flicker.ratio
    return {name: round(scores[name], 4) for name in MEASURES}


def write_comparison(swap: Path, truth: Path, original: Path, out: Path) -> Path:
    """A film of B | swap | truth | their difference (doubled, around grey)."""
    info = probe(original)
    with VideoWriter(out, info, size=(4 * info.width, info.height)) as writer:
        for b, a, t in zip(read_frames(original), read_frames(swap), read_frames(truth), strict=True):
            difference = np.clip(128 + 2 * (a.image.astype(np.int16) - t.image), 0, 255).astype(np.uint8)
            writer.write(Frame(np.hstack([b.image, a.image, t.image, difference]), b.index, b.seconds))
    return out


def table(scores: dict[str, dict[str, float]]) -> str:
    """The scores as a Markdown table: one row a measure, one column a clip."""
    columns = list(scores)
    lines = [f"| measure | {' | '.join(columns)} | what it is |", "|---|" + "---:|" * len(columns) + "---|"]
    for name, meaning in MEASURES.items():
        lines.append(f"| {name} | {' | '.join(f'{scores[c][name]:.3f}' for c in columns)} | {meaning} |")
    return "\n".join(lines)
