"""Content of a film that its result lacks, logged in one line; and metadata that is carried over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from av.container import InputContainer, OutputContainer

from faceswap.media.pictures.sequence_names import missing_numbers
from faceswap.media.sources import SourceInfo
from faceswap.media.video.colour_tags import KNOWN_MATRICES
from faceswap.media.video.streams import open_film, picture_stream
from faceswap.media.video.subtitles import carried_subtitles

log = logging.getLogger(__name__)

# What a viewer or an archive looks for; the rest (encoder, brands, settings) speaks of the old file.
_CARRIED_METADATA = (
    "title", "artist", "album", "date", "creation_time", "copyright", "genre", "language", "location", "show",
    "episode_id", "network", "synopsis", "composer", "publisher",
)  # fmt: skip
_MOST_GAPS = 5  # that are named
_TRANSFERS = {16: "PQ (HDR)", 18: "HLG (HDR)"}
_OTHER_STREAMS = (("subtitle", "its subtitles", "subtitle tracks"), ("attachment", "an attachment", "attachments"))
_LIGHT = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")  # what hdr.py carries
_SIDE_DATA = {
    "MASTERING_DISPLAY_METADATA": "the HDR data of its mastering screen",
    "CONTENT_LIGHT_LEVEL": "its HDR light levels",
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DOVI_METADATA": "Dolby Vision",
    "DOVI_RPU_BUFFER": "Dolby Vision",
    "A53_CC": "closed captions",
    "STEREO3D": "stereo 3D",
}


def warn_of_losses(
    info: SourceInfo,
    bits: int,
    suffix: str = "",
    *,
    keeps_light: bool = False,
    is_whole: bool = True,
    is_film: bool = True,
) -> None:
    """Log one WARNING that names what a result, or a part of a film, will lack; none when it lacks nothing.

    Args:
        info: The source.
        bits: A channel of the result has.
        suffix: Of a film: which subtitles go along.
        keeps_light: HDR's mastering data goes along.
        is_whole: It is no part of the film.
        is_film: It is no sequence of pictures.
    """
    with open_film(info.path) as source:
        stream = picture_stream(source, info.path)
        lost = list(_of_pictures(info, stream, bits))
        lost += _side_data(stream, source, keeps_light=keeps_light)
        lost += _of_film(source, suffix, is_whole) if is_film else _of_sequence(source)
        lost = list(dict.fromkeys(lost))
    if lost:
        told = lost[0] if len(lost) == 1 else f"{', '.join(lost[:-1])} and {lost[-1]}"
        log.warning("%s: not in the result: %s", info.path, told)


def warn_of_gaps(info: SourceInfo) -> None:
    """Log one WARNING that names the numbers which a sequence of pictures lacks; their neighbours follow each other."""
    missing = missing_numbers(info.files) if len(info.files) > 1 else []
    if missing:
        told = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in missing[:_MOST_GAPS])
        more = "" if len(missing) <= _MOST_GAPS else f" and {len(missing) - _MOST_GAPS} more gaps"
        log.warning("%s: the sequence lacks the numbers %s%s; it is taken without them", info.path, told, more)


def carry_over(info: SourceInfo, output: OutputContainer, video: Any, *, is_whole: bool) -> None:
    """Take title, date and the like along; of a whole film also chapters and timecode. Call it before the first frame.

    `video` is the output's stream of pictures.
    """
    with open_film(info.path) as source:
        for key, text in source.metadata.items():
            if key.lower() in _CARRIED_METADATA and text:
                output.metadata[key.lower()] = text
        if not is_whole:
            return
        timecode = _timecode(source)
        if timecode:
            video.metadata["timecode"] = timecode
        if source.chapters():
            output.set_chapters([_moved(chapter, info.start_seconds) for chapter in source.chapters()])


def _moved(chapter: Any, earlier_seconds: float) -> Any:
    ticks = round(earlier_seconds / chapter["time_base"])
    return {**chapter, "start": chapter["start"] - ticks, "end": chapter["end"] - ticks}


def _timecode(source: InputContainer) -> str | None:
    tagged = [source.metadata, *(stream.metadata for stream in source.streams)]
    return next((metadata["timecode"] for metadata in tagged if metadata.get("timecode")), None)


def _of_pictures(info: SourceInfo, stream: Any, bits: int) -> Iterator[str]:
    pixels = stream.codec_context.format
    components = pixels.components if pixels else ()
    if info.bits > bits:
        hdr = _TRANSFERS.get(info.colour.transfer) if bits == 8 else None
        yield f"{info.bits} bits a channel ({bits} instead{f', still coded as {hdr}' if hdr else ''})"
    if any(component.is_alpha for component in components):
        yield "its transparency (black instead)"
    if info.colour.matrix not in KNOWN_MATRICES:
        yield f"its colour matrix ({info.colour.matrix} of H.273, read as BT.709: colours may be off)"


def _of_sequence(source: InputContainer) -> Iterator[str]:
    """Yield what a folder of pictures has no place for."""
    if source.streams.audio:
        yield "its sound"
    yield from (told for kind, _, told in _OTHER_STREAMS if any(other.type == kind for other in source.streams))
    if source.chapters():
        yield "its chapters"
    if _timecode(source):
        yield "its timecode"


def _of_film(source: InputContainer, suffix: str, is_whole: bool) -> Iterator[str]:
    data = sum(other.type == "data" and "timecode" not in other.metadata for other in source.streams)
    # QuickTime keeps chapters in a text track, which is found as data or as subtitles.
    chapters = int("mov" in source.format.name and bool(source.chapters()))
    for kind, one, many in _OTHER_STREAMS:
        count = sum(other.type == kind for other in source.streams)
        if kind == "subtitle":
            count -= chapters if not data else 0
            count -= len(carried_subtitles(source, suffix)) if is_whole else 0
        if count > 0:
            yield one if count == 1 else f"{count} {many}"
    if len(source.streams.video) > 1:
        yield "its cover picture or further video tracks"
    if not is_whole and source.chapters():
        yield "its chapters (a part of a film has none)"
    if not is_whole and _timecode(source):
        yield "its timecode (a part of a film begins elsewhere)"
    if data > chapters:
        yield "its data tracks (of a camera or a broadcast)"


def _side_data(stream: Any, source: InputContainer, *, keeps_light: bool) -> Iterator[str]:
    """Yield what the first picture carries."""
    kept = _LIGHT if keeps_light else ()
    for frame in source.decode(stream):
        yield from (
            told for name, told in _SIDE_DATA.items() if name not in kept and frame.side_data.get(name) is not None
        )
        return
