"""Editing of films: find -> align -> invert -> smooth the codes -> edit -> draw twice -> paste.

Stages run in threads of their own, as in convert, with bounded queues between them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.compositing.compositor import view_of
from faceswap.compositing.face_sources.face_source import DetectedFaces, TargetFace
from faceswap.core.geometry import invert as undone
from faceswap.core.geometry import transform_points
from faceswap.core.values import Frame
from faceswap.media.reading import read_frames
from faceswap.media.stages import Stage
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.data.portraits import SMALLEST_PX, as_input, check_choice, head_masks
from faceswap.stylegan.editing.config import FilmEditSettings
from faceswap.stylegan.editing.edits import DirectionEdit, apply_edits
from faceswap.stylegan.editing.film_latents import LatentTracker
from faceswap.stylegan.editing.pasting import Paster, as_pictures
from faceswap.stylegan.editing.reach import reaches_of
from faceswap.stylegan.inversion.latents import CodedFrame, smoothed_codes
from faceswap.stylegan.inversion.pipeline import Inverter, batches
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from faceswap.detect.protocol import Finder
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.sources import SourceInfo
    from faceswap.media.writing import Writer

FRAMES_HELD_BYTES = 64e6  # in each stage
STEADY_FRAMES = 2  # over which a film's landmarks are smoothed on each side


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A coded frame with its faces as drawn `before` and `after` the moves, (n, R, R, 3), and what the mask sees."""

    coded: CodedFrame
    before: NDArray
    after: NDArray
    free: Sequence[NDArray] | None


@dataclass(frozen=True, eq=False)
class FilmEdit:
    """A film whose face is edited.

    Attributes:
        info: The film.
        inverter: Finds the face's codes, and draws them.
        edits: What is changed.
        paster: Brings the change into the frames.
        finder, parser: Find faces, and the heads around them.
        which: Which face: largest, left, right, a number from 1, or all.
        settings: Batches, steps, and how codes are smoothed.
        start, stop: The frames that are edited.
    """

    info: SourceInfo
    inverter: Inverter
    edits: Sequence[DirectionEdit]
    paster: Paster
    finder: Finder
    parser: FaceParser
    which: str
    settings: FilmEditSettings
    start: int = 0
    stop: int | None = None

    @property
    def total(self) -> int | None:
        """Return how many frames there are; None: the film does not tell."""
        return self.info.frames_between(self.start, self.stop)

    @property
    def batch_size(self) -> int:
        """Return how many frames wait between two stages, and go through the networks at once: less of large ones."""
        bytes_a_frame = 3 * self.info.width * self.info.height
        return int(min(self.settings.batch_size, max(1, FRAMES_HELD_BYTES // bytes_a_frame)))

    def write(self, writer: Writer) -> dict[str, Any]:
        """Write the film and return the numbers of a report. Frames without the face pass through.

        Raises:
            UserError: No frame shows a face, Interrupted after Ctrl-C.
        """
        if self.which != "all":
            check_choice(self.which)
        if self.total is None and any(edit.is_ramp for edit in self.edits):
            raise UserError(f"a ramp needs the number of frames, which {self.info.path} does not tell: say stop=")
        self.finder.prepare(self.info)
        began, frames, faces = time.perf_counter(), 0, 0
        try:
            with ExitStack() as stack:
                drawing = self._stages(stack)
                bar = stack.enter_context(Progress(self.total, "edit"))
                stack.enter_context(writer)
                for one in drawing:
                    writer.write(_pasted(one, self.edits, self.paster))
                    frames, faces = frames + 1, faces + len(one.coded.views)
                    bar.advance()
                if faces == 0:
                    raise UserError(f"no face was found in any of the {frames} frames of {self.info.path}")
        except KeyboardInterrupt as error:
            raise Interrupted(
                f"edit stopped after {frames} frames; nothing was written; the same command begins anew"
            ) from error
        seconds = _seconds(began)
        return {"frames": frames, "faces": faces, "seconds": seconds, "frames_per_second": round(frames / seconds, 2)}

    def _stages(self, stack: ExitStack) -> Iterable[_Drawn]:
        latent_tracker = LatentTracker(self.inverter, self.settings.steps, self.settings.refine)
        decoded = stack.enter_context(Stage(read_frames(self.info, self.start, self.stop), 2, "decode"))
        faces = _found(decoded, self.finder, self.which, self.inverter)
        found = stack.enter_context(Stage(faces, self.batch_size, "find"))
        codes = _coded(found, latent_tracker, self.parser, self.batch_size, self.inverter)
        coded = smoothed_codes(codes, self.settings.smooth_frames)
        return stack.enter_context(Stage(self._drawn(coded), self.batch_size, "draw"))

    def _drawn(self, coded: Iterable[CodedFrame]) -> Iterator[_Drawn]:
        """Yield the frames with their faces drawn without and with the edits, in batches of frames."""
        generator, last = self.inverter.generator, max((self.total or 1) - 1, 1)
        for batch in batches(coded, self.batch_size):
            counts = [len(one.views) for one in batch]
            if sum(counts) == 0:
                yield from (_Drawn(one, None, None, None) for one in batch)  # type: ignore[arg-type]  # nothing to paste
                continue
            rows = torch.cat([one.rows for one in batch if one.views])
            shares = [
                (one.frame.index - self.start) / last for one, n in zip(batch, counts, strict=True) for _ in range(n)
            ]
            with torch.no_grad():
                pictures = as_pictures(generator.synthesis(torch.cat([rows, apply_edits(rows, self.edits, shares)])))
            before, after = pictures[: len(rows)], pictures[len(rows) :]
            free = self.paster.seen(
                [one.frame for one in batch for _ in one.views],
                [view for one in batch for view in one.views],
                [track for one in batch for track in one.tracks],
            )
            done = 0
            for one, count in zip(batch, counts, strict=True):
                part = slice(done, done + count)
                yield _Drawn(one, before[part], after[part], free and free[part])
                done += count


def _found(frames: Iterable[Frame], finder: Finder, which: str, inverter: Inverter) -> Iterator[CodedFrame]:
    """Yield each frame with the views of its chosen faces, not yet coded."""
    chooser = _Chooser(which)
    size = inverter.generator.resolution
    none = torch.zeros(0)
    for frame, faces in DetectedFaces(finder, STEADY_FRAMES).locate(frames):
        chosen = chooser.chosen(faces)
        views = [
            view_of(frame, face.points, face.frame_to_crop, face.crop_size_px, STYLE_COVERAGE, size) for face in chosen
        ]
        yield CodedFrame(frame, views, [face.track for face in chosen], none)


class _Chooser:
    """Which of a film's faces are edited: one is chosen by its place and followed until its track ends."""

    def __init__(self, which: str) -> None:
        self._which, self._track = which, -1

    def chosen(self, faces: Sequence[TargetFace]) -> list[TargetFace]:
        large = [face for face in faces if _side(face) >= SMALLEST_PX]
        if self._which == "all" or not large:
            return large
        followed = [face for face in large if face.track == self._track and face.track >= 0]
        if not followed:
            by_place = sorted(large, key=lambda face: float(face.points[:, 0].mean()))
            if self._which == "largest":
                followed = [max(large, key=_side)]
            elif self._which in ("left", "right"):
                followed = [by_place[0 if self._which == "left" else -1]]
            else:
                followed = by_place[int(self._which) - 1 : int(self._which)]
            self._track = followed[0].track if followed else -1
        return followed[:1]


def _side(face: TargetFace) -> float:
    return float((face.points.max(0) - face.points.min(0)).max())


def _coded(
    found: Iterable[CodedFrame], latent_tracker: LatentTracker, parser: FaceParser, batch_size: int, inverter: Inverter
) -> Iterator[CodedFrame]:
    """Yield the frames with the codes of their faces, found in batches of frames."""
    for batch in batches(found, batch_size):
        views = [view for one in batch for view in one.views]
        if not views:
            yield from batch
            continue
        frames = [one.frame for one in batch for _ in one.views]

        def masks(chosen: list[int], frames: list[Frame] = frames, views: list = views) -> Tensor:
            points = [transform_points(undone(views[i].frame_to_crop), views[i].points) for i in chosen]
            heads = head_masks(parser, [frames[i] for i in chosen], points, [views[i] for i in chosen])
            return torch.from_numpy(heads)[:, None].to(inverter.device)

        tracks = [track for one in batch for track in one.tracks]
        codes = iter(latent_tracker.codes(as_input(views, inverter.device), tracks, masks))
        for one in batch:
            rows = [next(codes) for _ in one.views]
            yield CodedFrame(one.frame, one.views, one.tracks, torch.stack(rows) if rows else one.rows)


def _pasted(drawn: _Drawn, edits: Sequence[DirectionEdit], paster: Paster) -> Frame:
    coded = drawn.coded
    if not coded.views:
        return coded.frame
    reaches = reaches_of(edits)
    return paster.paste(coded.frame, coded.views, drawn.before, drawn.after, coded.tracks, drawn.free, reaches)


def _seconds(began: float) -> float:
    return round(time.perf_counter() - began, 3)
