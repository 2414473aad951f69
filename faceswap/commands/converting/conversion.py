"""One film converted: what draws whom, where its faces come from, its name and record."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from faceswap.commands.converting.film_faces import finder_for, source_of, stored_for
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.cli.results import Result
    from faceswap.commands.converting.roles import Asked
    from faceswap.commands.converting.swappers import Model
    from faceswap.compositing.preview.frames import PreviewFrames
    from faceswap.compositing.segments.order import Unit
    from faceswap.config.swapping import ConvertRequest
    from faceswap.media.sources import SourceInfo
    from faceswap.utils.files.workspace import Workspace

log = logging.getLogger(__name__)


class Converted(NamedTuple):
    """A film that was made, now or (not `is_new`) by an earlier command."""

    path: Path
    is_new: bool = True


def convert_one(
    request: ConvertRequest,
    folder: Path | None = None,
    *,
    skip_done: bool = False,
    preview: PreviewFrames | None = None,
    named: ConvertRequest | None = None,
    unit: Unit | None = None,
) -> Converted:
    """Writes the swapped film.

    Args:
        request: With one film.
        folder: Where the film goes without out= (None: out/ of the workspace).
        skip_done: Leave a film alone that was made from the same inputs with the same settings.
        preview: Takes a few frames in place of the film; nothing is written.
        named: The settings that a page of previews is called after, whatever this one's are.
        unit: Segments that are made for another process, which writes the film.
    """
    from faceswap.cli.results import is_done
    from faceswap.commands.converting.roles import found_people, load_cast, models_for, people_asked
    from faceswap.config.build import build
    from faceswap.media.pictures.sequence_names import split_pattern
    from faceswap.media.sources import probe
    from faceswap.media.targets import names_a_file, suffix_of
    from faceswap.provenance.consent import show_consent
    from faceswap.utils.files.workspace import Workspace

    workspace = Workspace(Path(request.workspace))
    asked = people_asked(request)
    models = models_for(asked, request, workspace)
    consents = [consent_of(request, model) for model in models]
    is_told = unit is not None or (preview is not None and preview.chosen)  # once for all that work on it
    for consent in () if is_told else consents:
        show_consent(consent)
    shown = [model.a if request.to == "a" else model.b for model in models]
    performing = models[0].b if request.to == "a" else models[0].a
    info = probe(request.video or source_of(workspace, performing))
    stored = stored_for(request, info, workspace, performing)
    if asked and stored is None:
        raise UserError(f"who is in {info.path} is not known yet: give python -m faceswap.people video={info.path}")
    finder = finder_for(request, info, workspace, stored)
    place, pattern = split_pattern(request.out)
    request = replace(request, out=place)
    is_folder = bool(pattern or (place and not names_a_file(Path(place))))
    suffix = ".html" if preview else "" if is_folder else suffix_of(info, request.codec)
    result = result_named(named or request, info, models, shown, asked, folder, suffix)
    from faceswap.commands.converting.order import order_for
    from faceswap.compositing.casting import Cast  # torch takes seconds: what is misspelt is told before
    from faceswap.compositing.masks.film import film_mask
    from faceswap.compositing.masks.painted import PaintedPictures
    from faceswap.compositing.pipeline import convert_video
    from faceswap.compositing.results import model_name
    from faceswap.compositing.segments.order import Order

    painted = PaintedPictures.open(Path(request.masks), info) if request.masks else None
    mask = film_mask(build(request.mask), painted, request.keep, request.device)
    people = found_people(asked, stored, info, request.device) if asked and stored else None
    cast = load_cast(models, request, info, people, preview.models if preview else None)
    inputs = {"video_fingerprint": info.fingerprint, "model_sha256": cast.description.get("sha256")}
    if painted is not None:
        inputs["masks_sha256"] = painted.checksum()
    record = result.record | {"inputs": inputs} | ({"people": people.told} if people else {})
    result = replace(result, record=record)
    if skip_done and is_done(result):
        return Converted(result.path, is_new=False)
    if unit is None:
        log.info("%s as %s, by %s", info.path, " and ".join(shown), model_name(cast))
    metadata = consents_metadata(consents, shown) | faces_metadata(models, workspace)
    metadata |= regions_metadata(request, inputs)
    order = Order(unit=unit) if unit else order_for(request, result.record | metadata, info, stored)
    detail = build(request.detail)
    roles = [
        role if preview and preview.is_drawn else replace(role, refiner=detail.refiner(
            workspace.faces(name), role.swapper.resolution, request.device, model.photos
        ))
        for role, name, model in zip(cast.roles, shown, models, strict=True)
    ]  # fmt: skip
    convert_video(
        info,
        Cast(roles, cast.role_of),
        result.path / pattern,
        faces=people.faces if people else stored,
        finder=finder,
        mask=mask,
        colour=build(request.colour),
        blender=build(request.blender),
        tracks=request.tracks,
        start=request.start,
        stop=request.stop,
        batch_size=request.batch_size,
        smooth_frames=request.smooth_frames,
        smooth_colour=request.smooth_colour,
        sharpen=request.sharpen,
        motion_blur=request.motion_blur,
        grain=request.grain,
        fill_frames=request.fill_frames,
        fade_frames=request.fade_frames,
        fade_from_yaw=request.fade_from_yaw,
        strength=request.strength,
        face_scale=request.face_scale,
        side_by_side=request.side_by_side,
        metadata=metadata,
        record=result.record,
        segment_frames=request.segment_frames,
        order=order,
        codec=request.codec,
        bits=request.bits,
        chroma=request.chroma,
        crf=request.crf,
        preset=request.preset,
        image_quality=request.image_quality,
        output=request.output,
        preview=preview,
    )
    return Converted(result.path)


def result_named(
    request: ConvertRequest,
    info: SourceInfo,
    models: Sequence[Model],
    shown: Sequence[str],
    asked: Sequence[Asked],
    folder: Path | None,
    suffix: str,
) -> Result:
    """The result's place and name, which tells the people, the range and each setting that differs from its default.

    Args:
        request: Whose settings the name tells.
        info: The film.
        models: What draws.
        shown: Whose face each model gives.
        asked: Who becomes whom, where that was said.
        folder: Where it goes without out=; None: out/ of the workspace.
        suffix: Of the file; none for a folder.
    """
    from faceswap.cli.results import result_of
    from faceswap.commands.converting.roles import name_of

    variant = "+".join(filter(None, (model.variant for model in models)))
    name = default_name(info, "+".join(dict.fromkeys(shown)), request.start, request.stop, request.tracks, variant)
    if request.masks:
        name += f"_masks_{Path(request.masks).stem}"
    sources = {f"model{number}" if number > 1 else "model": model.source for number, model in enumerate(models, 1)}
    return result_of(
        "convert", request, name + name_of(asked), suffix,
        told=("to", "start", "stop", "tracks", "output", "map", "only"), folder=folder,
        sources={"video": info.path} | sources,
    )  # fmt: skip


def consent_of(request: ConvertRequest, model: Model) -> dict[str, str]:
    """The consent that the request tells of, else the one on record with the model."""
    from faceswap.commands.pairs import with_consent

    return vars(with_consent(request.pair, model.consent).consent)


def consents_metadata(consents: Sequence[Mapping[str, str]], shown: Sequence[str]) -> dict[str, str]:
    """The consents to a result's swaps as its metadata; of several swaps with whose faces are shown."""
    from faceswap.provenance.consent import consent_metadata

    told = [consent_metadata(consent)["consent"] for consent in consents]
    if len(told) == 1:
        return {"consent": told[0]}
    return {"consent": ". ".join(f"{name}: {one}" for name, one in zip(shown, told, strict=True))}


def faces_metadata(models: Sequence[Model], workspace: Workspace) -> dict[str, str]:
    """What a film's record says of whose faces it was made with: the names of A and B and checksums of their sets."""
    from faceswap.core.face_set import ALIGNMENTS, TOGETHER
    from faceswap.utils.files.checksums import sha256_of

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


def default_name(
    info: SourceInfo, shown: str, start: int, stop: int | None, tracks: list[int] | None, variant: str = ""
) -> str:
    """The result's name without suffix; it tells the run, the range and the tracks, so that none replaces another."""
    part = f"_{start}-{'end' if stop is None else stop}" if start or stop is not None else ""
    if tracks is not None:
        part += "_tracks_" + "_".join(map(str, tracks))
    return f"{info.name}_as_{shown}{'_' if variant else ''}{variant}{part}"
