"""Flag faces to reject (blurred, duplicate, misaligned, damaged), with the reason for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap.curation.alignment import expressions, jumps, shape_errors
from faceswap.curation.clusters import people_of
from faceswap.curation.config import Limits
from faceswap.curation.duplicates import duplicates_of
from faceswap.curation.inventory import FaceInventory
from faceswap.curation.measures import Measures
from faceswap.utils.errors import UserError

REASONS = ("blur", "duplicates", "misaligned", "damaged")
_LARGEST_ERROR = 9.99  # what stands for "no face at all" in reports


@dataclass(frozen=True, eq=False)
class Flags:
    """Flags of N faces: `columns` of numbers (N,) to sort by, `person` (N,) from 1, and the reasons against each.

    `against` gives for each of REASONS which faces (N,) bool; `same_as` (N,) the face that one repeats, -1 for none;
    `details` one short text a face.
    """

    columns: dict[str, NDArray]
    person: NDArray[np.intp]
    against: dict[str, NDArray[np.bool_]]
    same_as: NDArray[np.intp]
    details: list[str]

    def order(self, by: str) -> NDArray[np.intp]:
        """Return the faces (N,) sorted.

        The best first by blur, size, score, likeness and shape, the least first by others.
        """
        if by == "person":
            return np.lexsort((self.columns["frame"], self.person))
        downwards = by in ("size", "score", "likeness")
        return np.argsort(-self.columns[by] if downwards else self.columns[by], kind="stable")


def flag_faces(inventory: FaceInventory, measures: Measures, limits: Limits, like: str = "") -> Flags:
    """Flag every face of an inventory; faces that were removed before get no flag.

    Args:
        inventory: All faces of a set.
        measures: Their measurements.
        limits: The thresholds.
        like: File name of the face that likeness is measured to; empty: the mean of each face's own person.

    Raises:
        UserError: `like` names no face of the set, or faces cannot be compared without an embedder.
    """
    records, used = inventory.records, ~inventory.removed
    person = people_of(records, measures.embeddings, limits.likeness)
    blur = np.array([record.blur for record in records], np.float32)
    score = np.array([record.score for record in records], np.float32)
    shape = np.minimum(shape_errors(np.stack([record.crop_points for record in records])), _LARGEST_ERROR)
    jump = np.minimum(jumps(records), _LARGEST_ERROR)
    misaligned = (shape > limits.shape_error) | (jump > limits.jump) | (score < limits.score)
    # A face that is flagged for another reason is no better version of a duplicate.
    sound = used & measures.readable & ~misaligned & (blur <= limits.blur)
    same_as = duplicates_of(measures.thumbnails, expressions(records), blur, sound, limits.difference)
    against = {
        "blur": used & (blur > limits.blur),
        "duplicates": same_as >= 0,
        "misaligned": used & misaligned,
        "damaged": used & ~measures.readable,
    }
    columns = {
        "frame": np.array([record.frame for record in records]),
        "blur": blur,
        "yaw": np.array([record.yaw for record in records], np.float32),
        "pitch": np.array([record.pitch for record in records], np.float32),
        "roll": np.array([record.roll for record in records], np.float32),
        "brightness": measures.brightness,
        "size": np.array([(record.box[2:] - record.box[:2]).max() for record in records], np.float32),
        "score": score,
        "likeness": _likeness(inventory, measures, person, like),
        "shape": shape,
        "jump": jump,
        "track": np.array([record.track for record in records]),
    }
    details = [
        _detail(index, columns, against, same_as, limits, inventory.files) if used[index] else ""
        for index in range(len(inventory))
    ]
    return Flags(columns, person, against, same_as, details)


def _likeness(inventory: FaceInventory, measures: Measures, person: NDArray, like: str) -> NDArray[np.float32]:
    """Return the cosine (N,) of each face to the face named `like`, or to the mean of its person.

    0 without embeddings.
    """
    if like and like not in inventory.files:
        raise UserError(f"like={like}: the face set {inventory.name} has no such face; name one of its image files")
    if measures.embeddings is None:
        if like:
            raise UserError(f"like={like}: faces cannot be compared without the built-in embedder")
        return np.zeros(len(inventory), np.float32)
    if like:
        return measures.embeddings @ measures.embeddings[inventory.files.index(like)]
    means = np.zeros((person.max() + 1, measures.embeddings.shape[1]), np.float32)
    np.add.at(means, person, measures.embeddings)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    return (measures.embeddings * means[person]).sum(1)


def _detail(index: int, columns: dict, against: dict, same_as: NDArray, limits: Limits, files: list[str]) -> str:
    """Return why a face is rejected, in words and numbers; empty when it is not."""
    words = []
    if against["damaged"][index]:
        words.append("the picture cannot be read, or is not square as crops are")
    if against["blur"][index]:
        words.append(f"blurred: {columns['blur'][index]:.2f}, more than {limits.blur:g}")
    if against["duplicates"][index]:
        words.append(f"repeats {files[same_as[index]]}")
    if against["misaligned"][index]:
        if columns["shape"][index] > limits.shape_error:
            words.append(f"points unlike a face: {columns['shape'][index]:.2f}, more than {limits.shape_error:g}")
        if columns["jump"][index] > limits.jump:
            words.append(f"jumps away from its track: {columns['jump'][index]:.2f}, more than {limits.jump:g}")
        if columns["score"][index] < limits.score:
            words.append(f"the finder doubts: {columns['score'][index]:.2f}, less than {limits.score:g}")
    return "; ".join(words)
