"""One film converted: what draws whom, where its faces come from, its name and record."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from faceswap.cli.results import is_done, result_of
from faceswap.commands.converting.engines import spreading_for
from faceswap.commands.converting.film_faces import finder_for, source_of, stored_for
from faceswap.commands.converting.order import made_with
from faceswap.commands.converting.roles import found_people, load_cast, models_for, name_of, people_asked
from faceswap.commands.pairs import with_consent
from faceswap.compositing.masks.film import film_mask
from faceswap.compositing.masks.painted import PaintedPictures
from faceswap.compositing.results import model_name
from faceswap.compositing.segments.order import Order
from faceswap.config.build import build
from faceswap.core.face_set import ALIGNMENTS, TOGETHER
from faceswap.media.pictures.sequence_names import split_pattern
from faceswap.media.sources import probe
from faceswap.media.targets import names_a_file, suffix_of
from faceswap.provenance.consent import consent_metadata, show_consent
from faceswap.utils.errors import UserError
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.files.workspace import Workspace

if TYPE_CHECKING:
    from faceswap.cli.results import Result
    from faceswap.commands.converting.roles import Asked
    from faceswap.commands.converting.swappers import Model
    from faceswap.compositing.casting import Cast
    from faceswap.compositing.config import ConversionConfig
    from faceswap.compositing.preview.frames import PreviewFrames
    from faceswap.compositing.segments.order import Spreading, Unit
    from faceswap.config.swapping import ConvertRequest
    from faceswap.detect.protocol import Finder
    from faceswap.media.sources import SourceInfo

log = logging.getLogger(__name__)


class Converted(NamedTuple):
    """A film that was made, now or (not `is_new`) by an earlier command, and the record of what with."""

    result: Result
    is_new: bool = True

    @property
    def path(self) -> Path:
        """Return where it is."""
        return self.result.path


class FilmInputs(NamedTuple):
    """What a film is made of.

    Attributes:
        workspace: Where face sets and runs are.
        info: The film.
        asked: Who becomes whom, where that was said.
        models: What draws.
        consents: To the swap of each model.
        shown: Whose face each model gives.
        stored: The film's face set.
        finder: What looks for faces where no set knows any.
    """

    workspace: Workspace
    info: SourceInfo
    asked: Sequence[Asked]
    models: Sequence[Model]
    consents: Sequence[dict[str, str]]
    shown: Sequence[str]
    stored: Path | None
    finder: Finder | None


@dataclass(frozen=True, eq=False)
class FilmConversion:
    """A conversion of one film; `run` makes it.

    Attributes:
        request: With one film.
        folder: Where the film goes without out= (None: out/ of the workspace).
        skip_done: Leave a film alone that was made from the same inputs with the same settings.
        preview: Takes a few frames in place of the film; nothing is written.
        named: The settings that a page of previews is called after, whatever this one's are.
        unit: Segments that are made for another process, which writes the film.
    """

    request: ConvertRequest
    folder: Path | None = None
    skip_done: bool = False
    preview: PreviewFrames | None = None
    named: ConvertRequest | None = None
    unit: Unit | None = None

    def run(self) -> Converted:
        """Write the swapped film. Raises UserError for what the user can mend."""
        inputs = self._inputs()
        place, pattern = split_pattern(self.request.out)
        request = replace(self.request, out=place)
        result = self._result(request, inputs, is_folder=bool(pattern or (place and not names_a_file(Path(place)))))
        with self._spreading(request, inputs.info) as spread:
            # Which loads the model: what is misspelt is told before.
            return self._made(request, inputs, result, pattern, spread)

    def _spreading(self, request: ConvertRequest, info: SourceInfo) -> AbstractContextManager[Spreading | None]:
        """Return who makes the segments; processes start only where it is known that there are several to make."""
        if self.unit is not None:
            return nullcontext()
        is_sure = not (self.skip_done or self.preview)
        frames = info.frames_between(request.start, request.stop) if is_sure else None
        return spreading_for(request, math.ceil((frames or 0) / request.segment_frames))

    def _inputs(self) -> FilmInputs:
        """Return what is named. Raises UserError for what is not there."""
        request, workspace = self.request, Workspace(Path(self.request.workspace))
        asked = people_asked(request)
        models = models_for(asked, request, workspace)
        consents = [consent_of(request, model) for model in models]
        is_told = self.unit is not None or (self.preview is not None and self.preview.chosen)  # once for all
        for consent in () if is_told else consents:
            show_consent(consent)
        shown = [model.a if request.to == "a" else model.b for model in models]
        performing = models[0].b if request.to == "a" else models[0].a
        info = probe(request.video or source_of(workspace, performing))
        stored = stored_for(request, info, workspace, performing)
        if asked and stored is None:
            raise UserError(f"who is in {info.path} is not known yet: give python -m faceswap.people video={info.path}")
        finder = finder_for(request, info, workspace, stored)
        return FilmInputs(workspace, info, asked, models, consents, shown, stored, finder)

    def _result(self, request: ConvertRequest, inputs: FilmInputs, *, is_folder: bool) -> Result:
        suffix = ".html" if self.preview else "" if is_folder else suffix_of(inputs.info, request.codec)
        return result_named(self.named or request, inputs, self.folder, suffix)

    def _made(
        self, request: ConvertRequest, inputs: FilmInputs, result: Result, pattern: str, spread: Spreading | None
    ) -> Converted:
        from faceswap.compositing.pipeline import VideoConversion

        info, stored = inputs.info, inputs.stored
        painted = PaintedPictures.open(Path(request.masks), info) if request.masks else None
        mask = film_mask(build(request.mask), painted, request.keep, request.device)
        people = found_people(inputs.asked, stored, info, request.device) if inputs.asked and stored else None
        cast = load_cast(inputs.models, request, info, people, self.preview.models if self.preview else None)
        checksums = {"video_fingerprint": info.fingerprint, "model_sha256": cast.description.get("sha256")}
        if painted is not None:
            checksums["masks_sha256"] = painted.checksum()
        record = result.record | {"inputs": checksums} | ({"people": people.told} if people else {})
        result = replace(result, record=record)
        if self.skip_done and is_done(result):
            return Converted(result, is_new=False)
        if self.unit is None:
            log.info("%s as %s, by %s", info.path, " and ".join(inputs.shown), model_name(cast))
        metadata = consents_metadata(inputs.consents, inputs.shown) | faces_metadata(inputs.models, inputs.workspace)
        metadata |= regions_metadata(request, checksums)
        depends = made_with(request, record | metadata, info, stored) if self.unit is None else None
        order = Order(depends, spread, self.unit)
        VideoConversion(
            info, self._refined(request, cast, inputs), result.path / pattern, request,
            faces=people.faces if people else stored, finder=inputs.finder, mask=mask, colour=build(request.colour),
            blender=build(request.blender), metadata=metadata, record=record, order=order, preview=self.preview,
        ).run()  # fmt: skip
        return Converted(result)

    def _refined(self, request: ConvertRequest, cast: Cast, inputs: FilmInputs) -> Cast:
        """Return the cast with what sharpens each role's face, unless faces are drawn already."""
        if self.preview and self.preview.is_drawn:
            return cast
        detail, roles = build(request.detail), []
        for role, name, model in zip(cast.roles, inputs.shown, inputs.models, strict=True):
            faces = inputs.workspace.faces(name)
            refiner = detail.refiner(faces, role.swapper.resolution, request.device, model.photos)
            roles.append(replace(role, refiner=refiner))
        return replace(cast, roles=roles)


def result_named(request: ConvertRequest, inputs: FilmInputs, folder: Path | None, suffix: str) -> Result:
    """The result's place and name, which tells the people, the range and each setting that differs from its default.

    Args:
        request: Whose settings the name tells.
        inputs: What the film is made of.
        folder: Where it goes without out=; None: out/ of the workspace.
        suffix: Of the file; none for a folder.
    """
    models = inputs.models
    variant = "+".join(filter(None, (model.variant for model in models)))
    name = default_name(inputs.info, "+".join(dict.fromkeys(inputs.shown)), request, variant)
    if request.masks:
        name += f"_masks_{Path(request.masks).stem}"
    sources = {f"model{number}" if number > 1 else "model": model.source for number, model in enumerate(models, 1)}
    return result_of(
        "convert", request, name + name_of(inputs.asked), suffix,
        told=("to", "start", "stop", "tracks", "output", "map", "only"), folder=folder,
        sources={"video": inputs.info.path} | sources,
    )  # fmt: skip


def consent_of(request: ConvertRequest, model: Model) -> dict[str, str]:
    """The consent that the request tells of, else the one on record with the model."""
    return vars(with_consent(request.pair, model.consent).consent)


def consents_metadata(consents: Sequence[Mapping[str, str]], shown: Sequence[str]) -> dict[str, str]:
    """The consents to a result's swaps as its metadata; of several swaps with whose faces are shown."""
    told = [consent_metadata(consent)["consent"] for consent in consents]
    if len(told) == 1:
        return {"consent": told[0]}
    return {"consent": ". ".join(f"{name}: {one}" for name, one in zip(shown, told, strict=True))}


def faces_metadata(models: Sequence[Model], workspace: Workspace) -> dict[str, str]:
    """What a film's record says of whose faces it was made with: the names of A and B and checksums of their sets."""
    known, told = workspace.face_set_names(), {}
    for side in ("a", "b"):
        parts = list[str]()
        for part in dict.fromkeys(part for model in models for part in getattr(model, side).split(TOGETHER)):
            alignments = [workspace.faces(part) / ALIGNMENTS] if part in known else []
            checksums = [f"{part} (sha256 {sha256_of(path)})" for path in alignments if path.is_file()]
            parts += checksums or [part]
        told[f"faces_{side}"] = ", ".join(parts)
    return told


def regions_metadata(request: ConvertRequest, inputs: Mapping[str, Any]) -> dict[str, str]:
    """What a film's record says of the parts of a face that were not swapped, and of painted masks."""
    told = {"kept_as_filmed": ", ".join(request.keep)} if request.keep else {}
    if request.masks:
        told["painted_masks"] = f"{Path(request.masks).name} (sha256 {inputs['masks_sha256']})"
    return told


def default_name(info: SourceInfo, shown: str, settings: ConversionConfig, variant: str = "") -> str:
    """The result's name without suffix; it tells the run, the range and the tracks, so that none replaces another."""
    start, stop, tracks = settings.start, settings.stop, settings.tracks
    part = f"_{start}-{'end' if stop is None else stop}" if start or stop is not None else ""
    if tracks is not None:
        part += "_tracks_" + "_".join(map(str, tracks))
    return f"{info.name}_as_{shown}{'_' if variant else ''}{variant}{part}"
