"""Layers for compositors beside a film: its mask, and the faces that were laid into it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from faceswap.core.pasted import coverage, premultiplied
from faceswap.core.stored_picture import StoredPicture, rounded
from faceswap.core.values import Frame
from faceswap.media.deep_pictures import encode_whole_numbers
from faceswap.media.picture_writing import ImageSequenceWriter
from faceswap.media.pictures.exr import SUFFIX as EXR
from faceswap.media.pictures.exr import encode_exr
from faceswap.media.pictures.images import save_picture
from faceswap.media.pictures.sequence_names import PatchNames
from faceswap.media.sources import SourceInfo
from faceswap.media.video.coding import Coding
from faceswap.media.video.colour_tags import MATRIX_RGB, ColourTags, codes_to_rgb_matrix
from faceswap.media.video.transfer import to_light
from faceswap.media.writing import Writer, writer_for
from faceswap.provenance.fingerprint import marked
from faceswap.utils.files.atomic import write_json

FILM = "film"  # among what is written, beside mask and patch
_BT709 = ColourTags(1, 1, 1, 1)  # of the film of a mask, which has no colours


class LayeredWriter:
    """Writes a film or a sequence and, beside it, the layers that were asked for; see `layer_path`.

    `writers`: of the film and of each layer, by name; the film's is entered first, so that it appears last.
    """

    def __init__(
        self,
        film: Writer,
        layers: Collection[str],
        info: SourceInfo,
        out: Path,
        *,
        start: int = 0,
        pattern: str = "",
        coding: Coding,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Take the film's writer, which of mask and patch are wanted beside it, and the rest as `writer_for` does."""
        self.stored_bits = film.stored_bits
        self.writers: dict[str, Writer] = {FILM: film}
        if "mask" in layers:
            # What a mask is of counts for its name, times and size, not for its sound, depth or colours.
            plain = replace(info, kind="generated", has_audio=False, colour=_BT709, light=None)
            bits = film.stored_bits or 8
            self.writers["mask"] = writer_for(
                plain,
                layer_path(out, "mask"),
                start=start,
                pattern=pattern,
                metadata=metadata,
                coding=replace(coding, bits=coding.bits if coding.bits != "auto" or bits > 8 else "auto"),
            )
        if "patch" in layers:
            suffix = Path(pattern).suffix.lower() if Path(pattern).suffix.lower() == EXR else ".png"
            self.writers["patch"] = PatchWriter(layer_path(out, "patch"), info, suffix, metadata)

    def check(self) -> None:
        """Raise UserError when one of them cannot be written."""
        for writer in self.writers.values():
            writer.check()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for writer in self.writers.values():
                stack.enter_context(writer)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, frame: Frame) -> None:
        """Take the next frame, with what was laid into it."""
        for name, writer in self.writers.items():
            writer.write(mask_of(frame) if name == "mask" else frame)


class PatchWriter(ImageSequenceWriter):
    """Writes of each frame the faces alone, premultiplied RGBA, and where they are as JSON."""

    def __init__(self, path: Path, info: SourceInfo, suffix: str, metadata: Mapping[str, str] | None) -> None:
        """Take the folder, the source, the pictures' suffix (.png or .exr) and their metadata."""
        super().__init__(path, info, pattern=f"%06d{suffix}", metadata=metadata, is_told=False)
        self._names = PatchNames(f"%06d{suffix}")

    def save(self, path: Path, frame: Frame) -> None:
        """Write the faces of a frame, and their places."""
        pieces, size = frame.pasted, (frame.height, frame.width)
        metadata = marked(self.metadata)
        if path.suffix == EXR:
            patch = premultiplied(pieces, *size, lambda face: to_light(face, self.colour.transfer))
            data = encode_exr(patch[..., :3], alpha=patch[..., 3], primaries=self.colour.primaries, metadata=metadata)
        else:
            values = rounded(premultiplied(pieces, *size) * np.float32(65535), 16)
            data = encode_whole_numbers(values, ".png", colour=self.colour, metadata=metadata)
        save_picture(path, data, self.metadata, self.sources(frame))
        faces = [
            {
                "track": piece.track,
                "frame_to_crop": np.asarray(piece.frame_to_crop).tolist(),
                "crop_size_px": piece.crop_size_px,
                "box": list(piece.box),
            }
            for piece in pieces
        ]
        told = {"frame": frame.index, "seconds": frame.seconds, "width": frame.width, "height": frame.height}
        write_json(path.with_suffix(".json"), {**told, "picture": path.name, "premultiplied": True, "faces": faces})


def layer_path(out: Path, layer: str) -> Path:
    """Return where a layer lies: film.mask.mov beside film.mov, the folder film.patch, frames.mask beside frames."""
    if not out.suffix or layer == "patch":
        return out.with_name(f"{out.stem if out.suffix else out.name}.{layer}")
    return out.with_name(f"{out.stem}.{layer}{out.suffix}")


def mask_of(frame: Frame) -> Frame:
    """Return a frame of how much of each pixel was covered, white for all of it, in 16 bits too."""
    covered = coverage(frame.pasted, frame.height, frame.width)
    grey = rounded(covered * np.float32(65535), 16)
    to_rgb = codes_to_rgb_matrix(ColourTags(2, MATRIX_RGB), frame.width, frame.height, 16)
    image = np.repeat(rounded(covered * np.float32(255), 8)[..., None], 3, axis=2)
    return Frame(image, frame.index, frame.seconds, StoredPicture((grey, grey, grey), to_rgb, 16))
