"""What a move changes beside what it is for, read off the drawings, and the moves without it.

Fitted one beside the other, moves still take things along: a smile narrows the eyes. A reader that is fitted to the
true pairs tells of each drawing how far every factor was moved; what a move brings of the others is taken out of it as
moves of theirs, which are at hand.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.stylegan.directions.pair_pictures import SeenPairs
from faceswap.stylegan.directions.step_reader import StepReader
from faceswap.stylegan.inversion.config import InversionWeights
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.networks.generator import Generator

FITTED = 120  # pairs of each factor by which the reader is fitted: as many unknowns as pairs
PROBES = 40  # faces that each factor's move is tried on
TAKEN = 0.7  # of what was read, a round: faces are no straight matter
LEAST_PAIRS = 30  # of each factor; fewer tell the reader too little
LEAST_OWN, MOST_MIXED = 0.4, 0.5  # a move that hardly shows undoes nothing; none may be made of another

log = logging.getLogger(__name__)


def uncrossed(generator: Generator, seen: SeenPairs, usual: NDArray, moves: Tensor, rounds: int) -> Tensor:
    """Return the moves (K, rows, w_size) by usual steps, each with less of the others' factors in its drawings.

    With less than `LEAST_PAIRS` of a factor they stay as they are.
    """
    if not rounds or len(moves) < 2 or (seen.pairs.steps != 0).sum(0).min() < LEAST_PAIRS:
        return moves
    reader = reader_of(seen, usual)
    for _ in range(rounds):
        told = crossing(generator, reader, seen, usual, moves)
        own = told.diagonal().clamp(min=LEAST_OWN)
        mixed = (told / own * TAKEN).clamp(-MOST_MIXED, MOST_MIXED).fill_diagonal_(0.0)
        log.info("moves bring up to %.0f %% of another's", 100 * float((told - told.diagonal().diag()).abs().max()))
        moves = moves - torch.einsum("ij,jrw->irw", mixed.to(moves), moves)
    return moves


@torch.inference_mode()
def crossing(generator: Generator, reader: StepReader, seen: SeenPairs, usual: NDArray, moves: Tensor) -> Tensor:
    """Return (K, K): by which share of its usual step factor j is moved in drawings that i is moved in."""
    table = torch.zeros(len(moves), len(moves))
    for number, move in enumerate(moves):
        chosen = np.flatnonzero(seen.pairs.steps[:, number])[-PROBES:]
        steps = torch.from_numpy((seen.pairs.steps[chosen, number] / usual[number]).astype(np.float32)).to(seen.rows)
        rows = seen.rows[seen.pairs.before[chosen]]
        before, after = (
            generator.synthesis(each, noise="none").float().clamp(-1, 1)
            for each in (rows, rows + steps[:, None, None] * move)
        )
        read = reader.read(before, after).to(steps) * steps.sign()[:, None]
        table[number] = (read.mean(0) / steps.abs().mean()).cpu()
    return table


def reader_of(seen: SeenPairs, usual: NDArray) -> StepReader:
    """Return a reader that is fitted to the first pairs of each factor, in usual steps."""
    moved = seen.pairs.steps != 0
    kept = np.flatnonzero((moved & (np.cumsum(moved, 0) <= FITTED)).any(1))
    loss = inversion_loss(InversionWeights(), device=str(seen.rows.device))
    before, after = seen.images[seen.pairs.before[kept]], seen.images[seen.pairs.after[kept]]
    steps = torch.from_numpy((seen.pairs.steps[kept] / usual).astype(np.float32)).to(seen.rows)
    return StepReader.fit(lambda faces: loss.target(faces).stages, before, after, steps)
