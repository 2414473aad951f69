"""The attribute task: what the renderer knows of a person and a moment, read back from the picture."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.geometry import head_pose
from faceswap.facenets.attributes import (
    COLOURS,
    COVERAGE,
    NUMBERS,
    OUTPUTS,
    RESOLUTION_PX,
    SHARES,
    AttributeNet,
    meaning,
)
from faceswap.facenets.views import roll_of
from faceswap.utils.images import to_signed_range
from tools.people.moment import random_moment
from tools.people.person import Person
from tools.train_eyes.augment import photometric
from tools.train_eyes.backdrop import Backdrop, warp_with_border
from tools.train_eyes.data import Faces
from tools.train_eyes.views import jittered_view

ROLL = list(NUMBERS).index("roll")
TURNED_BY_MIRROR = [list(NUMBERS).index(name) for name in ("yaw", "roll")]
HAIR = len(NUMBERS) + len(SHARES) + 3 * COLOURS.index("hair")
BALD = len(NUMBERS) + SHARES.index("bald")


class AttributeTask:
    """Labels are those of the picture; the roll that is learned is the one left over in the view."""

    name = "attributes"
    echoes = 3

    def __init__(self, faces: Faces, learning_rate: float = 3e-3, batch_size: int = 96) -> None:
        self.faces, self.learning_rate, self.batch_size = faces, learning_rate, batch_size
        self.labels = picture_labels(faces)
        self.backdrop = Backdrop(faces)

    def network(self) -> AttributeNet:
        return AttributeNet()

    # ---- examples

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return images (N, 3, 64, 64) in [-1, 1] and labels (N, OUTPUTS) in the units of `meaning`."""
        chosen = rng.choice(self.faces.training, self.batch_size, replace=False)
        views, labels = zip(*(self.example(int(index), rng) for index in chosen), strict=True)
        return {
            "images": to_signed_range(photometric(np.stack(views), rng)),
            "labels": torch.from_numpy(np.stack(labels)),
        }

    def example(self, index: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return a view (64, 64, 3) before any weather, and its labels (OUTPUTS,)."""
        matrix = jittered_view(self.faces.points[index], COVERAGE, RESOLUTION_PX, rng)
        image = self.faces.images[index]
        if rng.random() < 0.4:
            view = self.backdrop.warp(image, self.faces.labels[index], matrix, RESOLUTION_PX, rng)
        else:
            view = warp_with_border(image, matrix, RESOLUTION_PX, rng)
        labels = self.labels[index].copy()
        labels[ROLL] -= roll_of(matrix)
        if rng.random() < 0.5:
            view = view[:, ::-1]
            labels[TURNED_BY_MIRROR] *= -1
        return np.ascontiguousarray(view), labels

    # ---- learning

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return absolute errors of numbers in spreads and of colours, cross-entropy of shares."""
        values, labels = network(batch["images"]).float(), batch["labels"]
        spread = torch.tensor([spread for _, spread in NUMBERS.values()], device=values.device)
        numbers, _, colours = split(meaning(values))
        true_numbers, true_shares, true_colours = split(labels)
        number_loss = functional.smooth_l1_loss(numbers / spread, true_numbers / spread, beta=0.1)
        share_loss = functional.binary_cross_entropy_with_logits(split(values)[1], true_shares)
        colour_loss = functional.l1_loss(colours, true_colours)
        parts = {"numbers": number_loss.item(), "shares": share_loss.item(), "colours": colour_loss.item()}
        return 2 * number_loss + share_loss + 2 * colour_loss, parts

    def score(self, network: nn.Module) -> dict[str, float]:
        """Return over validation people.

        Mean absolute errors of numbers, smile and colours, accuracy in % of the others.
        """
        rng = np.random.default_rng(0)
        device = next(network.parameters()).device
        said, truth = [], []
        for start in range(0, len(self.faces.validation), 64):
            views = []
            for index in self.faces.validation[start : start + 64]:
                matrix = jittered_view(self.faces.points[index], COVERAGE, RESOLUTION_PX, rng, mild=True)
                views.append(
                    cv2.warpAffine(np.asarray(self.faces.images[index]), matrix, (RESOLUTION_PX, RESOLUTION_PX))
                )
                truth.append(self.labels[index].copy())
                truth[-1][ROLL] -= roll_of(matrix)
            with torch.inference_mode():
                said.append(meaning(network(to_signed_range(np.stack(views), device))).cpu().numpy())
        answers, labels = np.concatenate(said), np.stack(truth)
        error = np.abs(answers - labels).mean(0)
        right = ((answers > 0.5) == (labels > 0.5)).mean(0)
        scores = {f"{name}_error": float(error[place]) for place, name in enumerate(NUMBERS)}
        for place, name in enumerate(SHARES, len(NUMBERS)):
            scores |= (
                {"smile_error": float(error[place])} if name == "smile" else {f"{name}_%": 100 * float(right[place])}
            )
        colours = error[len(NUMBERS) + len(SHARES) :].reshape(len(COLOURS), 3).mean(1)
        scores |= {f"{name}_error": float(value) for name, value in zip(COLOURS, colours, strict=True)}
        return {name: round(value, 3) for name, value in scores.items()}


def split(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return numbers, shares and colours of outputs or labels (N, OUTPUTS)."""
    numbers, shares, colours = values.split([len(NUMBERS), len(SHARES), 3 * len(COLOURS)], 1)
    return numbers, shares, colours


def picture_labels(faces: Faces) -> NDArray[np.float32]:
    """Return (N, OUTPUTS): what the seeds say of every picture, in the units of `meaning`."""
    plan = json.loads((faces.folders[0] / "plan.json").read_text())
    people: dict[int, Person] = {}
    smiles: dict[int, float] = {}
    labels = np.zeros((len(faces), OUTPUTS), np.float32)
    for index, row in enumerate(faces.rows):
        person, moment = row["person"], row["moment"]
        if person not in people:
            people[person] = Person.from_seed(person)
        if moment not in smiles:
            drawn = random_moment(moment, yaw_limit=plan["yaw_limit"], occluded=plan["occluded"])
            smiles[moment] = min(1.0, drawn.expression.get("mouth-corner-puller", 0.0))
        labels[index] = _labels(row["attributes"], people[person], smiles[moment], head_pose(faces.points[index]).roll)
    return labels


def _labels(attributes: dict[str, Any], person: Person, smile: float, roll: float) -> NDArray[np.float32]:
    known = {  # the renderer's yaw is + to the picture's right, `geometry.Pose` says + to its left
        "age": person.age,
        "yaw": -attributes["yaw"],
        "pitch": attributes["pitch"],
        "roll": roll,
        "gender": person.gender,
        "smile": smile,
        "glasses": attributes["occluder"] in ("glasses", "sunglasses"),
        "sunglasses": attributes["occluder"] == "sunglasses",
        "beard": max(float(person.beard.length_dm > 0), float(np.clip((person.beard.stubble - 0.2) / 0.4, 0, 1))),
        "bald": person.hair.style == "bald",
    }
    hair = person.hair.brow_colour if person.hair.style == "bald" else person.hair.colour
    colours = [np.clip(np.array(colour), 0, 1) ** (1 / 2.2) for colour in (person.skin.tone, hair)]
    return np.concatenate([[known[name] for name in (*NUMBERS, *SHARES)], *colours]).astype(np.float32)
