"""Who becomes whom in convert: the people that map= and only= name, and the runs that draw them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from faceswap.commands.converting.swappers import chosen_model
from faceswap.compositing.face_sources.coverage import ranges
from faceswap.compositing.face_sources.matching import part_of
from faceswap.core.face_set import FaceSet
from faceswap.curation.film_people import FilmPeople
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.extraction.identity import face_on_photo
from faceswap.utils.errors import UserError
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.limits import SETTING_CHARACTERS, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from faceswap.commands.converting.swappers import Model
    from faceswap.compositing.casting import Cast
    from faceswap.config.swapping import ConvertRequest
    from faceswap.core.face_set import FaceSet
    from faceswap.curation.film_people import FilmPeople
    from faceswap.media.sources import SourceInfo
    from faceswap.utils.files.workspace import Workspace

_HOW = "say map='{PHOTO: RUN, NUMBER: RUN}', in quotes"
_PAIR = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([^\s,"'{}][^,"'{}]*?))\s*:\s*([^\s,:{}]+)\s*(?:,|$)""")
_LONGEST_PART = 60  # characters of a result's name


class Asked(NamedTuple):
    """A person of the film, by a photo or a number, and the run that draws them (empty: the only one)."""

    person: str
    run: str = ""

    @property
    def number(self) -> int | None:
        """The number of faceswap.people; None for a photo."""
        return int(self.person) if self.person.isdecimal() and len(self.person) < 10 else None


def people_asked(request: ConvertRequest) -> list[Asked]:
    """Who is to be swapped by map= or only=; none: everybody. Raises UserError for what cannot be meant."""
    if not request.map and not request.only:
        return []
    name = "map" if request.map else "only"
    if request.map and request.only:
        raise UserError("map= and only= both say who is swapped: leave one of them out")
    if request.tracks is not None or request.finder:
        other = "tracks" if request.tracks is not None else "finder"
        raise UserError(f"{name}= goes by the people of the film's face set: leave {other}= out")
    asked = _pairs(request.map) if request.map else [Asked(request.only)]
    others = (request.run, request.onnx, request.dfm, request.photo, request.pair.name, request.pair.a)
    if request.map and any(others):
        raise UserError("map= names the runs itself: leave pair=, run=, onnx=, dfm= and photo= out")
    for one in asked:
        if one.number is None and not os.path.isfile(one.person):
            raise UserError(f"{name}: {one.person} is no photo that is there and no number of faceswap.people; {_HOW}")
        is_there = request.out and one.number is None and os.path.exists(request.out)
        if is_there and os.path.samefile(request.out, one.person):
            raise UserError(f"cannot write {request.out}: it is a photo of {name}=; name another place with out=")
    return asked


def _pairs(text: str) -> list[Asked]:
    check_size("map=", len(text), SETTING_CHARACTERS, "characters")
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")) or not inner[1:-1].strip():
        raise UserError(f"map={text[:60]}: {_HOW}")
    inner, place, asked = inner[1:-1].strip(), 0, list[Asked]()
    while place < len(inner):
        found = _PAIR.match(inner, place)
        if found is None:
            raise UserError(f"map: cannot read '{inner[place:][:60]}'; {_HOW}")
        person = next(filter(None, found.groups()[:3]))
        asked.append(Asked(os.path.expanduser(person), found[4]))
        place = found.end()
    persons = [one.person for one in asked]
    if double := next((person for person in persons if persons.count(person) > 1), ""):
        raise UserError(f"map names {double} twice: each person becomes one other")
    return asked


def models_for(asked: Sequence[Asked], request: ConvertRequest, workspace: Workspace) -> list[Model]:
    """The models that draw, one for each run that is named. Raises UserError for one that is not there."""
    return [chosen_model(replace(request, run=run or request.run), workspace) for run in _runs(asked)]


def _runs(asked: Sequence[Asked]) -> list[str]:
    return list(dict.fromkeys(one.run for one in asked)) or [""]


def name_of(asked: Sequence[Asked]) -> str:
    """What the name of a result says of the people asked for."""
    if not asked:
        return ""
    text = ("_map_" if asked[0].run else "_only_") + "+".join(Path(one.person).stem for one in asked)
    cut = hashlib.sha256(text.encode()).hexdigest()[:8]
    return text if len(text) <= _LONGEST_PART else f"{text[: _LONGEST_PART - 9]}_{cut}"


class People(NamedTuple):
    """The face set of a film with each track one person's, the role of those that have one, and what reports tell."""

    faces: FaceSet
    role_of: dict[int, int]
    told: list[dict[str, Any]]


def found_people(asked: Sequence[Asked], folder: Path, info: SourceInfo, device: str) -> People:
    """Find those asked for among the faces of a film.

    Raises:
        UserError: Somebody is not in it, or two photos or numbers are of one person.
    """
    from faceswap.facenets.embedder import FaceEmbedder

    embedder = FaceEmbedder(device)
    people = FilmPeople.read(folder, embedder)
    found = [_persons(one, people, embedder, device) for one in asked]
    numbers = _shared_out(asked, found, info)
    part = part_of(FaceSet.open(folder, with_deleted=True), info)
    persons = {number: place for place, each in enumerate(numbers) for number in each}
    tracks, person_of = people.with_tracks_of(persons, part.records)
    records = [replace(record, track=track) for record, track in zip(part.records, tracks, strict=True)]
    told = []
    for place, (one, each) in enumerate(zip(asked, numbers, strict=True)):
        frames = [record.frame for record in records if person_of.get(record.track) == place]
        if not frames:
            raise UserError(f"{one.person} is not in {info.path}; who is: python -m faceswap.people video={info.path}")
        checksum = {} if one.number else {"photo_sha256": sha256_of(one.person)}
        told.append({"who": one.person, **checksum, "people": sorted(each), "run": one.run, "faces": len(frames),
                     "frames": ranges(sorted(set(frames)))})  # fmt: skip
    runs = _runs(asked)
    role_of = {track: runs.index(asked[place].run) for track, place in person_of.items()}
    return People(replace(part, records=records), role_of, told)


def _persons(asked: Asked, people: FilmPeople, embedder: Any, device: str) -> list[tuple[int, float]]:
    """The numbers of somebody in a film, the surest first, and how alike each is."""
    if asked.number is not None:
        return [(people.numbered(asked.number).number, 1.0)]
    embedding: NDArray
    embedding, _ = face_on_photo(Path(asked.person), BuiltinFinder(device=device), embedder, "")
    return [(person.number, alike) for person, alike in people.like(embedding, asked.person)]


def _shared_out(
    asked: Sequence[Asked], found: Sequence[Sequence[tuple[int, float]]], info: SourceInfo
) -> list[set[int]]:
    """The people's numbers of each one asked for; one that several photos resemble is the most alike one's."""
    owner: dict[int, int] = {}
    for place, ((number, _), *_) in enumerate(found):
        if number in owner:
            raise UserError(
                f"{asked[owner[number]].person} and {asked[place].person} are one person (number {number}) of "
                f"{info.path}: name each person once"
            )
        owner[number] = place
    others = [(-alike, number, place) for place, each in enumerate(found) for number, alike in each[1:]]
    for _, number, place in sorted(others):
        owner.setdefault(number, place)
    return [{number for number, at in owner.items() if at == place} for place in range(len(asked))]


def load_cast(
    models: Sequence[Model],
    request: ConvertRequest,
    info: SourceInfo,
    people: People | None,
    kept: dict[Any, Any] | None = None,
) -> Cast:
    """The models of a film, loaded; who plays which role is left out without `people`. What sharpens follows later.

    Args:
        models: One a role.
        request: The checkpoint, and which side is shown.
        info: The film.
        people: Who plays which role.
        kept: Models that were loaded before; what is loaded now joins them.
    """
    from faceswap.compositing.casting import Cast, Role

    kept = {} if kept is None else kept
    roles = []
    for model in models:
        key = (model.source, model.variant, request.checkpoint, request.photo_model, info.path)
        if key not in kept:
            kept[key] = model.load(info)
        roles.append(Role(kept[key], request.to))
    return Cast(roles, None if people is None else people.role_of)
