"""How a film is encoded: codecs by name, the containers, depths and chroma that each takes, and what is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, Protocol

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError

from faceswap.media.video.colour_tags import MATRIX_BT709, ColourTags
from faceswap.media.video.hdr import HdrLight, x265_words
from faceswap.media.video.pixels import is_odd
from faceswap.utils.choices import X264_PRESETS
from faceswap.utils.errors import UserError

FILM_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")
_CHROMA = ("420", "422", "444", "rgb")  # the less there is of it, the earlier
_NO_HARDWARE = (av.FFmpegError, UnknownCodecError, ValueError, OSError)
_TRIED_PX = 320


class Filmed(Protocol):
    """What of a source counts for the encoding of its result."""

    @property
    def bits(self) -> int:
        """Return the bits a channel."""
        ...

    @property
    def chroma(self) -> str:
        """Return 420, 422, 444 or rgb."""
        ...

    @property
    def colour(self) -> ColourTags:
        """Return what its values mean."""
        ...

    @property
    def light(self) -> HdrLight | None:
        """Return what its HDR was graded on."""
        ...


@dataclass(frozen=True)
class Coding:
    """What a user asks of a film's encoding.

    Attributes:
        codec: One of FILM_CODECS; auto: H.264, for a film of more than 8 bits HEVC.
        bits: Of a channel: 8, 10, 12 or 16; auto: the source's, or as many as the codec has.
        chroma: 420, 422 or 444; auto: the source's, of 8 bits 420.
        crf: Quality of H.264 and HEVC, 0 (best) to 51.
        preset: Their speed.
        threads: That encode; 0: the encoder decides.
    """

    codec: str = "h264"
    bits: int | Literal["auto"] = 8
    chroma: str = "auto"
    crf: float = 18
    preset: str = "veryfast"
    threads: int = 0

    def __post_init__(self) -> None:
        if self.preset not in X264_PRESETS:
            raise UserError(f"preset '{self.preset}' is unknown; x264 has {', '.join(X264_PRESETS)}")
        if not 0 <= self.crf <= 51:
            raise UserError(f"crf must be 0 (lossless) to 51 (worst), not {self.crf}")
        if self.codec != "auto" and self.codec not in _CODECS:
            raise UserError(f"codec={self.codec} is unknown; accepted: auto, {', '.join(_CODECS)}")


@dataclass(frozen=True)
class FilmEncoder:
    """What encodes a film: FFmpeg's encoder, its pixel format and options.

    `keeps_values`: frames give their stored planes; else their 8-bit RGB, which is faster.
    """

    codec: str
    name: str
    pixel_format: str
    bits: int
    chroma: str
    tags: ColourTags
    options: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    keeps_values: bool = True

    def stream(self, output: Any, rate: Fraction, size: tuple[int, int], time_base: Fraction) -> Any:
        """Add the stream of pictures to an output and return it."""
        stream = output.add_stream(self.name, rate=rate, options=dict(self.options))
        stream.width, stream.height = size
        stream.pix_fmt = self.pixel_format
        context = stream.codec_context
        context.time_base = time_base
        context.color_range, context.colorspace = self.tags.range, self.tags.matrix
        context.color_primaries, context.color_trc = self.tags.primaries, self.tags.transfer
        if self.tag:
            context.codec_tag = self.tag
        return stream


@dataclass(frozen=True)
class _Codec:
    encoder: str
    suffixes: tuple[str, ...]  # the usual one first
    formats: Mapping[tuple[int, str], str]  # pixel format by bits and chroma
    options: Mapping[str, str] = field(default_factory=dict)
    least_px: tuple[int, int] = (1, 1)
    is_hardware: bool = False
    is_even: bool = False  # what is subsampled must have an even size


def _planar(depths: tuple[int, ...], chroma: tuple[str, ...]) -> dict[tuple[int, str], str]:
    names: dict[tuple[int, str], str] = {}
    for bits in depths:
        end = "" if bits == 8 else f"{bits}le"
        names |= {(bits, kind): f"gbrp{end}" if kind == "rgb" else f"yuv{kind}p{end}" for kind in chroma}
    return names


_YUV = ("420", "422", "444")
_SEMI_PLANAR = {(8, "420"): "nv12", (10, "420"): "p010le"}
_HEVC_TAG = "hvc1"  # QuickTime shows no other
_CODECS = {
    "h264": _Codec("libx264", FILM_SUFFIXES, _planar((8, 10), _YUV), is_even=True),
    "hevc": _Codec("libx265", FILM_SUFFIXES, _planar((8, 10, 12), _YUV), is_even=True),
    "prores_422_hq": _Codec(
        "prores_ks", (".mov", ".mkv"), _planar((10,), ("422",)), {"profile": "hq", "vendor": "apl0"}
    ),
    "prores_4444": _Codec(
        "prores_ks", (".mov", ".mkv"), _planar((10,), ("444",)), {"profile": "4444", "vendor": "apl0"}
    ),
    "dnxhr": _Codec("dnxhd", (".mov",), _planar((8, 10), ("422",)) | _planar((10,), ("444",)), least_px=(256, 120)),
    "ffv1": _Codec("ffv1", (".mkv",), _planar((8, 10, 12, 16), (*_YUV, "rgb")), {"level": "3", "slicecrc": "1"}),
} | {
    f"{kind}_{maker}": _Codec(
        f"{kind}_{maker}",
        FILM_SUFFIXES,
        {(8, "420"): "nv12"} if kind == "h264" else _SEMI_PLANAR,
        is_hardware=True,
        is_even=True,
    )
    for kind in ("h264", "hevc")
    for maker in ("nvenc", "qsv", "vaapi", "videotoolbox")
}
_DNXHR_PROFILES = {(8, "422"): "dnxhr_hq", (10, "422"): "dnxhr_hqx", (10, "444"): "dnxhr_444"}
# What x264 rounds to nothing, of 0 to 32. Its fast presets take 21 and 11: skin and brows lost a twentieth of their
# finest detail at crf=18; with 6, as for its grainy films, a fifth of that and a third more bytes.
_X264_DEADZONE = "deadzone-inter=6:deadzone-intra=6"
_HARDWARE_QUALITY = {"nvenc": "cq", "qsv": "global_quality"}  # what crf is called there


def usual_suffix(codec: str) -> str:
    """Return the suffix of the container that a codec usually goes into."""
    return ".mp4" if codec == "auto" else _CODECS[codec].suffixes[0]


def takes(codec: str, suffix: str) -> bool:
    """Return whether a container, by its suffix, holds a codec."""
    return codec == "auto" or suffix in _CODECS[codec].suffixes


def encoder_for(coding: Coding, info: Filmed, suffix: str, size: tuple[int, int]) -> FilmEncoder:
    """Return what encodes a film.

    Args:
        coding: What is asked for.
        info: The source.
        suffix: Of the result.
        size: Width and height of its frames.

    Raises:
        UserError: The codec does not go into that file, has no such pictures, or is not there.
    """
    name = coding.codec if coding.codec != "auto" else ("hevc" if info.bits > 8 else "h264")
    codec = _CODECS[name]
    if suffix not in codec.suffixes:
        raise UserError(f"codec={name} does not go into {suffix}; use {' or '.join(codec.suffixes)}")
    if size[0] < codec.least_px[0] or size[1] < codec.least_px[1]:
        raise UserError(
            f"codec={name} takes pictures from {codec.least_px[0]} x {codec.least_px[1]} on, not {size[0]} x {size[1]}"
        )
    bits = _chosen_bits(coding.bits, info.bits, codec, name)
    chroma = _chosen_chroma(coding.chroma, info.chroma, bits, codec, name, size)
    pixel_format = codec.formats[bits, chroma]
    is_plain = codec.encoder == "libx264" and pixel_format == ("yuv444p" if is_odd(*size) else "yuv420p")
    encoder = FilmEncoder(
        name, codec.encoder, pixel_format, bits, chroma,
        _tags(info.colour, name, chroma), _options(coding, name, codec, (bits, chroma), info.light),
        _HEVC_TAG if name.startswith("hevc") and suffix != ".mkv" else "", not is_plain,
    )  # fmt: skip
    if codec.is_hardware:
        _try(encoder, name)
    return encoder


def with_decoding_times(packets: Sequence[av.Packet]) -> Sequence[av.Packet]:
    """Return all packets of a film, in the order of decoding, with the times of that.

    x265 knows none for a film that is shorter than it looks ahead, and gives numbers of chance.
    """
    shown = sorted(packet.pts for packet in packets if packet.pts is not None)
    if len(shown) < len(packets) or not shown:
        return packets
    late = max(place - shown.index(packet.pts) for place, packet in enumerate(packets) if packet.pts is not None)
    step = shown[1] - shown[0] if len(shown) > 1 else 1
    for place, packet in enumerate(packets):
        packet.dts = shown[place - late] if place >= late else shown[0] - (late - place) * step
    return packets


def _chosen_bits(asked: int | str, source_bits: int, codec: _Codec, name: str) -> int:
    depths = sorted({bits for bits, _ in codec.formats})
    if asked == "auto":
        return next((bits for bits in depths if bits >= source_bits), depths[-1])
    if asked not in depths:
        told = " or ".join(map(str, depths))
        raise UserError(f"bits={asked}: codec={name} has {told} bits a channel")
    return int(asked)


def _chosen_chroma(asked: str, source_chroma: str, bits: int, codec: _Codec, name: str, size: tuple[int, int]) -> str:
    kinds = [kind for kind in _CHROMA if (bits, kind) in codec.formats]
    usable = [kind for kind in kinds if not (codec.is_even and _is_cut(kind, size))]
    if not usable:
        raise UserError(f"codec={name} takes no picture of {size[0]} x {size[1]}: both must be even numbers")
    if asked != "auto":
        if asked not in kinds:
            raise UserError(f"chroma={asked}: codec={name} has {' or '.join(kinds)} at {bits} bits")
        if asked not in usable:
            raise UserError(f"chroma={asked} cannot hold {size[0]} x {size[1]}; use chroma={usable[0]}")
        return asked
    plain = codec.encoder in ("libx264", "libx265") and (bits == 8 or source_chroma == "rgb")
    wanted = ("444" if is_odd(*size) else "420") if plain else source_chroma
    richer = [kind for kind in usable if _CHROMA.index(kind) >= _CHROMA.index(wanted)]
    return richer[0] if richer else usable[-1]


def _is_cut(kind: str, size: tuple[int, int]) -> bool:
    return is_odd(*size) if kind == "420" else kind == "422" and is_odd(size[0], 0)


def _tags(colour: ColourTags, name: str, chroma: str) -> ColourTags:
    """Return the tags of the result: the source's, where the codec can say them."""
    if chroma == "rgb":
        return ColourTags(2, 0, colour.primaries, colour.transfer)
    tags = colour.for_yuv()
    if name == "dnxhr":  # says no matrix but this one to those who read it
        return ColourTags(1, MATRIX_BT709, tags.primaries, tags.transfer)
    if name.startswith("prores"):  # knows no full range
        return ColourTags(1, tags.matrix, tags.primaries, tags.transfer)
    return tags


def _options(
    coding: Coding, name: str, codec: _Codec, planes: tuple[int, str], light: HdrLight | None
) -> dict[str, str]:
    threads = {"threads": str(coding.threads or "auto")}
    if codec.encoder == "libx264":
        return {"crf": str(coding.crf), "preset": coding.preset, "x264-params": _X264_DEADZONE} | threads
    if codec.encoder == "libx265":
        return {"crf": str(coding.crf), "preset": coding.preset, "x265-params": x265_words(light)} | threads
    if name == "dnxhr":
        return {"profile": _DNXHR_PROFILES[planes]} | threads
    if codec.is_hardware:
        quality = _HARDWARE_QUALITY.get(name.split("_")[1])
        return {quality: str(round(coding.crf))} if quality else {}
    return dict(codec.options) | threads


def _try(encoder: FilmEncoder, name: str) -> None:
    """Raise UserError unless a hardware encoder encodes a picture here."""
    try:
        Codec(encoder.name, "w")
        context: Any = av.CodecContext.create(encoder.name, "w")
        context.width = context.height = _TRIED_PX
        context.pix_fmt, context.time_base = encoder.pixel_format, Fraction(1, 25)
        context.encode(av.VideoFrame(_TRIED_PX, _TRIED_PX, encoder.pixel_format))
        context.encode(None)
    except _NO_HARDWARE as error:
        instead = "hevc" if name.startswith("hevc") else "h264"
        raise UserError(f"codec={name}: no such encoder works on this machine; use codec={instead}") from error
