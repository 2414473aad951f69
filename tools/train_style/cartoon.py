"""python -m tools.train_style.cartoon OUT: trains the shipped generator on to draw cartoons, for layer swapping.

No cartoons are needed: what the generator draws is simplified (flat colours, dark outlines), and a copy of it learns to
draw that of the same styles. Then: python -m faceswap.morph make=cartoon a=0-7 cartoon=OUT
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from faceswap.stylegan.directions.discovery import styles_of
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import load_generator, save_generator
from faceswap.utils.images import from_signed_range, to_signed_range
from faceswap.utils.progress import Progress

LEVELS = 5  # of lightness
OUTLINE = 0.45  # how dark outlines are
SCALE, LARGE_PX = 4, 256  # pictures are simplified enlarged, to so much at most: thin outlines would flicker


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args()
    people = load_generator(options.generator)
    cartoons = trained_on(people, options.steps, options.rate)
    save_generator(cartoons, options.out, {"from": "python -m tools.train_style.cartoon", "steps": options.steps})
    print(options.out)


def trained_on(people: Generator, steps: int, rate: float, batch_size: int = 8) -> Generator:
    """Return a copy of a generator that draws its faces as cartoons; its mapping stays."""
    drawing = copy.deepcopy(people).requires_grad_(False)
    drawing.synthesis.requires_grad_(True)
    optimizer = torch.optim.Adam(drawing.synthesis.parameters(), lr=rate, betas=(0.5, 0.99))
    with Progress(steps, "draw cartoons", "step") as progress:
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = rate * min(1.0, 2 * (1 - step / steps))
            rows = people.spread(styles_of(people, range(step * batch_size, (step + 1) * batch_size), 0.9)).clone()
            with torch.no_grad():
                wanted = to_signed_range(
                    np.stack([simplified(face) for face in from_signed_range(people.synthesis(rows))])
                )
            optimizer.zero_grad()
            drawn = drawing.synthesis(rows)
            loss = functional.l1_loss(drawn, wanted) + functional.l1_loss(edges(drawn), edges(wanted))
            loss.backward()
            optimizer.step()
            progress.note(f"{float(loss.detach()):.4f}")
            progress.advance()
    return drawing.eval().requires_grad_(False)


def edges(images: torch.Tensor) -> torch.Tensor:
    """Return differences of neighbouring pixels, both ways: what makes an outline."""
    across = images[..., :-1, 1:] - images[..., :-1, :-1]
    down = images[..., 1:, :-1] - images[..., :-1, :-1]
    return torch.cat([across, down], 1)


def simplified(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture (S, S, 3) uint8 RGB as a cartoon: a few lightnesses, stronger colours, dark outlines."""
    size = image.shape[0]
    side = size * max(1, min(SCALE, LARGE_PX // size))
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    for _ in range(3):
        large = cv2.bilateralFilter(large, 9, 40, 9)
    hls = cv2.cvtColor(large, cv2.COLOR_RGB2HLS).astype(np.float32)
    steps = np.round(hls[..., 1] / 255 * LEVELS) / LEVELS * 255
    hls[..., 1] = 0.3 * hls[..., 1] + 0.7 * steps
    hls[..., 2] = np.clip(hls[..., 2] * 1.6, 0, 255)
    flat = cv2.cvtColor(hls.round().astype(np.uint8), cv2.COLOR_HLS2RGB).astype(np.float32)
    grey = cv2.GaussianBlur(cv2.cvtColor(large, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 2)
    around = cv2.GaussianBlur(grey, (0, 0), 6)
    dark = np.clip((around - grey) / 14, 0, 1)[..., None]  # darker than its surroundings: a line
    drawn = flat * (1 - (1 - OUTLINE) * dark)
    return np.asarray(
        cv2.resize(drawn.round().clip(0, 255).astype(np.uint8), (size, size), interpolation=cv2.INTER_AREA)
    )


if __name__ == "__main__":
    main()
