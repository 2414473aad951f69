"""Pictures as an iPhone stores them, written box by box: tiles on a grid, turned by a tag of the container."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np

# One thread and no frames ahead: else the only frame is now and then given no time to decode it at.
_X265 = "log-level=none:bframes=0:pools=none:frame-threads=1"
_CODECS = {"heic": ("libx265", b"hvc1", b"hvcC"), "avif": ("libsvtav1", b"av01", b"av1C")}


def make_grid(path: Path, image: np.ndarray, tile_px: int = 64, quarter_turns: int = 0) -> Path:
    """Writes (H, W, 3) RGB as tiles of `tile_px`, .heic or .avif; shown turned counter-clockwise by quarters.

    The last tiles stand out over the picture's edge, as a camera's do.
    """
    codec, item_kind, config_kind = _CODECS[path.suffix[1:]]
    height, width = image.shape[:2]
    rows, columns = -(-height // tile_px), -(-width // tile_px)
    padded = np.pad(image, ((0, rows * tile_px - height), (0, columns * tile_px - width), (0, 0)), mode="edge")
    coded = [
        _coded(padded[y : y + tile_px, x : x + tile_px], codec, config_kind)
        for y in range(0, rows * tile_px, tile_px)
        for x in range(0, columns * tile_px, tile_px)
    ]
    tiles = [data for data, _ in coded]
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    items = [(1, b"grid", grid), *((n + 2, item_kind, data) for n, data in enumerate(tiles))]
    sizes = [struct.pack(">II", *size) for size in ((tile_px, tile_px), (width, height))]
    properties = [
        coded[0][1], *(_full(b"ispe", size) for size in sizes), _box(b"irot", bytes([quarter_turns])),
        _full(b"pixi", bytes([3, 8, 8, 8])),
    ]  # fmt: skip
    used = [(1, [3, 5, 4 | 0x80]), *((n + 2, [1 | 0x80, 2, 5]) for n in range(len(tiles)))]
    brand = path.suffix[1:].encode()
    head = _box(b"ftyp", brand + bytes(4) + b"mif1" + brand + (b"miaf" if brand == b"avif" else b""))
    meta = _meta(items, properties, used, offset=0)
    meta = _meta(items, properties, used, offset=len(head) + len(meta) + 8)
    path.write_bytes(head + meta + _box(b"mdat", b"".join(data for _, _, data in items)))
    return path


def _coded(tile: np.ndarray, codec: str, config_kind: bytes) -> tuple[bytes, bytes]:
    """A tile's packet and the box that tells its decoder how it is coded."""
    options = {"crf": "6", "x265-params": _X265} if codec == "libx265" else {"crf": "6", "preset": "10"}
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as output:
        stream = output.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = tile.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.color_range, stream.codec_context.colorspace = 1, 6
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(tile), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU601", dst_color_range="MPEG")
        frame.pts = 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    written = memory.getvalue()
    place = written.index(config_kind) - 4
    config = written[place : place + struct.unpack_from(">I", written, place)[0]]
    with av.open(io.BytesIO(written)) as film:
        packet = next(packet for packet in film.demux(video=0) if packet.size)
        return bytes(packet), config


def _meta(items, properties, used, offset: int) -> bytes:
    entries, locations = b"", b""
    for number, kind, data in items:
        flags = 0 if number == 1 else 1  # tiles are hidden
        entries += _box(b"infe", struct.pack(">BBHHH", 2, 0, flags, number, 0) + kind + b"\0")
        locations += struct.pack(">HHHII", number, 0, 1, offset, len(data))
        offset += len(data)
    tiles = [number for number, *_ in items[1:]]
    reference = _box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *tiles))
    places = b"".join(struct.pack(">HB", number, len(which)) + bytes(which) for number, which in used)
    return _full(
        b"meta",
        _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
        + _full(b"pitm", struct.pack(">H", 1))
        + _full(b"iinf", struct.pack(">H", len(items)) + entries)
        + _full(b"iref", reference)
        + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _full(b"ipma", struct.pack(">I", len(used)) + places))
        + _full(b"iloc", b"\x44\0" + struct.pack(">H", len(items)) + locations),
    )


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def _full(kind: bytes, content: bytes) -> bytes:
    return _box(kind, bytes(4) + content)
