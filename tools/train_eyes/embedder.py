"""The embedder task: tell thousands of rendered people apart by their faces alone, whatever the camera does to them."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.core.landmarks import INNER
from faceswap.facenets.embedder import COVERAGE, RESOLUTION_PX, EmbedderNet
from faceswap.utils.images import to_signed_range
from tools.people.labels import Label
from tools.train_eyes.augment import photometric
from tools.train_eyes.backdrop import Backdrop, warp_with_border
from tools.train_eyes.data import Faces
from tools.train_eyes.views import jittered_view

LARGEST_YAW = 75.0  # degrees; beyond, half of the face is the other half's
FEWEST_SEEN = 0.3  # share of the inner points
WEATHER = 0.7  # of `photometric`: what is left must still tell thousands of people apart
KNOWN = 0.5  # the cosine at which the margin is whole
NOT_THE_FACE = (Label.BACKGROUND, Label.HAIR, Label.CLOTH, Label.NECK)


class Recogniser(nn.Module):
    """An embedder and the directions of all training people, which only training needs (`exported` is what is kept)."""

    def __init__(self, people: int) -> None:
        super().__init__()
        self.exported = EmbedderNet()
        self.people = nn.Parameter(0.1 * torch.randn(people, self.exported.size))

    def forward(self, images: Tensor) -> Tensor:
        return self.exported(images)


class EmbedderTask:
    """`margin`, `scale`: of the cosine loss.

    `together`, `warmth`: weight and scale of the loss between the views of a batch; `replaced`: share of views whose
    hair, clothes and background change.
    """

    name = "embedder"
    echoes = 2

    def __init__(
        self,
        faces: Faces,
        learning_rate: float = 3e-3,
        batch_size: int = 64,
        margin: float = 0.25,
        scale: float = 24.0,
        together: float = 1.0,
        warmth: float = 12.0,
        replaced: float = 0.6,
    ) -> None:
        self.faces, self.learning_rate, self.batch_size = faces, learning_rate, batch_size
        self.margin, self.scale, self.replaced = margin, scale, replaced
        self.together, self.warmth = together, warmth
        yaw = np.array([abs(float(row["attributes"]["yaw"])) for row in faces.rows])
        usable = (yaw <= LARGEST_YAW) & (faces.visible[:, INNER].mean(1) >= FEWEST_SEEN)
        self.training, self.validation = (part[usable[part]] for part in (faces.training, faces.validation))
        self.classes = {person: number for number, person in enumerate(np.unique(faces.person[self.training]))}
        order = self.training[np.argsort(faces.person[self.training], kind="stable")]
        starts = np.flatnonzero(np.diff(faces.person[order])) + 1
        self.pictures = [part for part in np.split(order, starts) if len(part) > 1]  # of each person, two or more
        self.backdrop = Backdrop(faces)

    def network(self) -> Recogniser:
        return Recogniser(len(self.classes))

    # ---- examples

    def batch(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return images (N, 3, 96, 96) in [-1, 1] and classes (N,) of the people in them.

        Two pictures of each in a row.
        """
        people = rng.choice(len(self.pictures), self.batch_size // 2, replace=False)
        chosen = np.concatenate([rng.choice(self.pictures[person], 2, replace=False) for person in people])
        views = np.stack([self.example(int(index), rng) for index in chosen])
        classes = [self.classes[person] for person in self.faces.person[chosen]]
        weathered = photometric(views, rng, WEATHER * rng.uniform(0.3, 1.0))  # some cameras are good ones
        return {"images": to_signed_range(weathered), "classes": torch.tensor(classes)}

    def example(self, index: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return a view (96, 96, 3) before any weather."""
        image, labels, points = self.faces.images[index], self.faces.labels[index], self.faces.points[index]
        matrix = jittered_view(points, COVERAGE, RESOLUTION_PX, rng)
        view = warp_with_border(image, matrix, RESOLUTION_PX, rng)
        if rng.random() < self.replaced:
            view = self._before_another_scene(view, np.asarray(labels), matrix, rng)
        return np.ascontiguousarray(view[:, ::-1] if rng.random() < 0.5 else view)

    def _before_another_scene(
        self, view: NDArray[np.uint8], labels: NDArray[np.uint8], matrix: NDArray, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return the face without what surrounds it.

        Hair and clothes tell rendered people apart, and people change them.
        """
        kept = [label for label in NOT_THE_FACE if label != Label.HAIR or rng.random() < 0.7]
        outside = np.isin(labels, kept).astype(np.float32)
        size = (RESOLUTION_PX, RESOLUTION_PX)
        share = cv2.warpAffine(outside, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[
            ..., None
        ]
        scene = np.full_like(view, rng.integers(0, 256, 3)) if rng.random() < 0.4 else self.backdrop.scene(size[0], rng)
        return (view * (1 - share) + scene * share).astype(np.uint8)

    # ---- learning

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return cross-entropy over cosines, the right one made smaller by a margin (CosFace, Wang et al. 2018, eq. 4).

        The margin grows with the cosine it is taken from: at first, when nobody is known yet, it would only disturb.
        Beside it, every view must find its partner among the batch's (NT-Xent, Chen et al. 2020): with a few pictures
        of each of thousands of people, that is learned long before their directions are.
        """
        recogniser, classes = cast(Recogniser, network), batch["classes"]
        vectors = recogniser(batch["images"])
        with torch.autocast(vectors.device.type, enabled=False):
            units = functional.normalize(vectors.float(), dim=1)
            cosines = units @ functional.normalize(recogniser.people, dim=1).t()
            own = functional.one_hot(classes, cosines.shape[1]) * cosines
            margin = self.margin * (own.detach() / KNOWN).clamp(0, 1)
            loss = functional.cross_entropy(self.scale * (cosines - margin), classes)
            alike = (units @ units.t()) - 2 * torch.eye(len(units), device=units.device)
            partner = torch.arange(len(units), device=units.device) ^ 1  # 1, 0, 3, 2, ...
            pairs = functional.cross_entropy(self.warmth * alike, partner)
        right = (cosines.argmax(1) == classes).float().mean()
        found = (alike.argmax(1) == partner).float().mean()
        parts = {"right_%": 100 * right.item(), "partner_%": 100 * found.item(), "own": own.sum(1).mean().item()}
        return loss + self.together * pairs, parts

    def score(self, network: nn.Module, pairs: int = 6000) -> dict[str, float]:
        """Return same or different, in % right over balanced pairs of people held out; plain and as training sees them.

        The threshold is the best one of half of the people's pairs and judged on the other half's.
        """
        rng = np.random.default_rng(0)
        vectors = {"plain": self._vectors(network, rng, False), "weathered": self._vectors(network, rng, True)}
        people = self.faces.person[self.validation]
        names = rng.permutation(np.unique(people))
        halves = [np.flatnonzero(np.isin(people, half)) for half in np.array_split(names, 2)]
        chosen = [_pairs(people, half, pairs // 2, rng) for half in halves]
        scores: dict[str, float] = {}
        for name, rows in vectors.items():
            similar = [((rows[first] * rows[second]).sum(1), same) for first, second, same in chosen]
            threshold = best_threshold(*similar[0])
            right = ((similar[1][0] > threshold) == similar[1][1]).mean()
            scores |= {f"{name}_%": round(100 * float(right), 2), f"{name}_threshold": round(threshold, 3)}
        return scores

    def _vectors(self, network: nn.Module, rng: np.random.Generator, weathered: bool) -> NDArray[np.float32]:
        device = next(network.parameters()).device
        parts = []
        for start in range(0, len(self.validation), 64):
            views = []
            for index in self.validation[start : start + 64]:
                matrix = jittered_view(self.faces.points[index], COVERAGE, RESOLUTION_PX, rng, mild=True)
                plain = cv2.warpAffine(np.asarray(self.faces.images[index]), matrix, (RESOLUTION_PX, RESOLUTION_PX))
                views.append(self.example(int(index), rng) if weathered else plain)
            images = photometric(np.stack(views), rng, WEATHER) if weathered else np.stack(views)
            with torch.inference_mode():
                parts.append(functional.normalize(network(to_signed_range(images, device)), dim=1).cpu().numpy())
        return np.concatenate(parts)


def best_threshold(similarity: NDArray, same: NDArray[np.bool_]) -> float:
    """Return the similarity above which to say "same" so that most pairs are judged rightly."""
    order = np.argsort(similarity)
    truth = same[order].astype(int)
    # everything up to a place is called different, everything after it the same
    right = np.concatenate([[0], np.cumsum(1 - truth)]) + truth.sum() - np.concatenate([[0], np.cumsum(truth)])
    place = int(right.argmax())
    edges = np.concatenate([[similarity[order[0]] - 1e-6], similarity[order], [similarity[order[-1]] + 1e-6]])
    return float((edges[place] + edges[place + 1]) / 2)


def _pairs(
    people: NDArray, rows: NDArray, count: int, rng: np.random.Generator
) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
    """Return (first, second, same): as many pairs of one person as of two."""
    first = rng.choice(rows, 8 * count)
    second = rng.choice(rows, 8 * count)
    different = np.flatnonzero(people[first] != people[second])[: count // 2]
    of_person = {person: rows[people[rows] == person] for person in np.unique(people[rows])}
    several = [members for members in of_person.values() if len(members) > 1]
    both = np.array([rng.choice(several[rng.integers(len(several))], 2, replace=False) for _ in range(count // 2)])
    return (
        np.concatenate([first[different], both[:, 0]]),
        np.concatenate([second[different], both[:, 1]]),
        np.concatenate([np.zeros(len(different), bool), np.ones(len(both), bool)]),
    )
