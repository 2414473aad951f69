"""Who is in a film: the faces of its face set by person, told apart by track and embedding, never by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import likeness, mean_of
from faceswap.core.face_record import FaceRecord
from faceswap.curation.clusters import people_of
from faceswap.curation.config import Limits
from faceswap.curation.inventory import FaceInventory
from faceswap.curation.measures import measure
from faceswap.facenets.protocol import Embedder
from faceswap.track.tracker import SAME
from faceswap.utils.errors import UserError
from faceswap.utils.files.locks import locked


@dataclass(frozen=True, eq=False)
class FilmPerson:
    """Somebody in a film: `number` from 1, the one seen most first, and what is known of them.

    `faces` (F,) count within the inventory; `embedding` (128,) is a unit vector; `picture` is the clearest face, one of
    `faces`.
    """

    number: int
    faces: NDArray[np.intp]
    embedding: NDArray[np.float32]
    picture: int


@dataclass(frozen=True, eq=False)
class FilmPeople:
    """All people of the film, or films, that a face set was made from."""

    inventory: FaceInventory
    people: tuple[FilmPerson, ...]

    @classmethod
    def read(cls, folder: Path, embedder: Embedder) -> FilmPeople:
        """Tell apart the people of the face set in `folder`; those that were taken out of it count too.

        The same set gives the same numbers. Raises UserError.
        """
        with locked(folder, "telling its people apart"):
            inventory = FaceInventory.open(folder)
            embeddings = measure(inventory, embedder).embeddings
        assert embeddings is not None
        numbers = people_of(inventory.records, embeddings, Limits.likeness)
        people = []
        for number in range(1, int(numbers.max()) + 1):
            faces = np.flatnonzero(numbers == number)
            people.append(FilmPerson(number, faces, mean_of(embeddings[faces]), _clearest(inventory, faces)))
        return cls(inventory, tuple(people))

    def frames(self, person: FilmPerson) -> list[tuple[int, int]]:
        """Return where somebody is seen, ascending: the film, from 0, and the frame."""
        records = self.inventory.records
        return sorted({(records[face].source, records[face].frame) for face in person.faces})

    def numbered(self, number: int) -> FilmPerson:
        """Return the person of a number. Raises UserError when there is none."""
        if not 1 <= number <= len(self.people):
            count = len(self.people)
            raise UserError(
                f"there is no person {number} in {self.inventory.name}: it has "
                f"{'person 1 alone' if count == 1 else f'1 to {count}'}; see python -m faceswap.people"
            )
        return self.people[number - 1]

    def like(self, embedding: NDArray[np.float32], what: str) -> list[tuple[FilmPerson, float]]:
        """Return who looks like an embedding (128,) and how much: the most alike, and who may be the same person.

        One person may count as two, where turned heads or another light came between. Who is seen beside the most alike
        one is somebody else.

        Args:
            what: The photo, for the message.

        Raises:
            UserError: Nobody does.
        """
        alike = sorted(
            ((person, likeness(person.embedding, embedding)) for person in self.people), key=lambda pair: -pair[1]
        )
        best, most = alike[0]
        if most < SAME:
            raise UserError(
                f"{what}: this person is not in {self.inventory.name}; the most alike is person {best.number}, with a "
                f"likeness of {most:.2f} where {SAME:g} is needed; take another photo, or the number from "
                "python -m faceswap.people"
            )
        seen = set(self.frames(best))
        others = [(person, value) for person, value in alike[1:] if value >= SAME]
        return [alike[0], *((person, value) for person, value in others if seen.isdisjoint(self.frames(person)))]

    def with_tracks_of(
        self, roles: Mapping[int, int], records: Sequence[FaceRecord]
    ) -> tuple[list[int], dict[int, int]]:
        """Return the tracks of records so that each is one person's, and the role of each track that has one.

        A track that goes over from one person to another is parted. A face whose crop was deleted is of the person
        that its track shows most.

        Args:
            roles: By a person's number the number of what they become; others are left out.
            records: Of the whole set or a part of it.
        """
        number_of = {self.inventory.files[face]: person.number for person in self.people for face in person.faces}
        votes: dict[tuple[int, int], int] = {}
        for record in records:
            if (number := number_of.get(record.file)) is not None:
                votes[record.track, number] = votes.get((record.track, number), 0) + 1
        main: dict[int, int] = {}
        for (track, number), _ in sorted(votes.items(), key=lambda vote: vote[1]):
            main[track] = number
        tracks: list[int] = []
        numbered: dict[tuple[int, int], int] = {}
        role_of: dict[int, int] = {}
        free = max((record.track for record in records), default=-1) + 1
        for record in records:
            number = number_of.get(record.file, main.get(record.track, 0) if record.track >= 0 else 0)
            if number == main.get(record.track) and record.track >= 0:
                track = record.track
            else:
                key = (record.track, number)
                if key not in numbered:
                    numbered[key] = free
                    free += 1
                track = numbered[key]
            tracks.append(track)
            if number in roles:
                role_of[track] = roles[number]
        return tracks, role_of


def _clearest(inventory: FaceInventory, faces: NDArray[np.intp]) -> int:
    """Return the face that shows somebody best: sharp, from the front and large."""
    records = inventory.records
    largest = max(float(np.ptp(records[face].box[1::2])) for face in faces)

    def lack(face: int) -> float:
        record = records[face]
        small = 1 - float(np.ptp(record.box[1::2])) / max(largest, 1e-6)
        return record.blur + abs(record.yaw) / 45 + abs(record.pitch) / 45 + small

    return min(map(int, faces), key=lack)
