"""Swapping faces in pictures and films by what was trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.api.faces import detect
from faceswap.api.images import Image, as_frame
from faceswap.compositing.blenders import AlphaBlender, Blender
from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.config import ConversionConfig
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.protocol import Mask
from faceswap.compositing.pipeline import VideoConversion
from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.values import Decoded, Face
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.detect.protocol import Finder
from faceswap.extraction.config import ExtractionConfig
from faceswap.extraction.identity import person_of
from faceswap.extraction.pipeline import extract_faces
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.media.pictures.colour_transfer import ColourMatcher, Reinhard
from faceswap.media.sources import probe
from faceswap.media.takes import probe_takes
from faceswap.provenance.consent import consent_metadata, show_consent
from faceswap.swap.inference.onnx_model import OnnxSwapper
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.runs.run_record import checkpoint_folder, recorded_pair
from faceswap.utils.choices import Side
from faceswap.utils.errors import UserError
from faceswap.utils.settings.names import check_names

CROP_PX = 256  # of the square by which a face is aligned; views are cut out of the frame itself


class Swapper:
    """A trained swap, ready for use.

    Args:
        network: What draws the faces.
        consent: Who agreed to the swap, to what (purpose), when and until when; it goes into the metadata of films.
    """

    def __init__(self, network: TrainedSwapper | OnnxSwapper, consent: dict[str, str] | None = None) -> None:
        self.network = network
        self.consent = consent or {}

    @classmethod
    def load(cls, source: str | Path, checkpoint: str | int | None = None, *, device: str = "auto") -> Swapper:
        """Read a run, one of its checkpoints, a weights file or an exported .onnx file.

        Args:
            source: Folder of the run or of a checkpoint, a .safetensors file or an .onnx file.
            checkpoint: Of a run: the number of an iteration, or "best"; the newest that can be read by default.
            device: auto, cpu, cuda or cuda:N.

        Raises:
            UserError: There is nothing that can be used.
        """
        source = Path(source)
        if source.suffix.lower() == ".onnx":
            exported = OnnxSwapper.load(source, device)
            return cls(exported, dict(exported.about.consent))
        if not source.exists():
            raise UserError(f"there is no run {source}; train one: fs.Trainer(faces_a, faces_b).fit()")
        weights = source if checkpoint is None else checkpoint_folder(source, checkpoint)
        network = TrainedSwapper.load(weights, None, device)
        try:
            _, _, consent = recorded_pair(source)
        except UserError:  # a weights file, or a run that tells nothing
            consent = {}
        return cls(network, consent)

    @property
    def resolution(self) -> int:
        """Return the side of the views and of what comes back, px."""
        return self.network.resolution

    @property
    def coverage(self) -> float:
        """Return the share of the aligned crop's side that a view shows."""
        return self.network.coverage

    @property
    def description(self) -> dict[str, Any]:
        """Return what the metadata of results tell of the model."""
        return self.network.description

    def swap(self, views: NDArray[np.uint8], to: Side = "a") -> Decoded:
        """Draw the expressions of (N, R, R, 3) uint8 RGB views of one face on the face of side `to`."""
        return self.network.swap(views, to)

    def swap_image(
        self,
        image: Image,
        to: Side = "a",
        *,
        faces: Sequence[Face] | None = None,
        mask: Mask | None = None,
        colour: ColourMatcher | None = None,
        blender: Blender | None = None,
    ) -> NDArray[np.uint8]:
        """Swap the faces of a picture.

        Args:
            image: (H, W, 3) uint8 RGB, or the path of an image file.
            to: Whose face is shown, "a" or "b".
            faces: The faces to swap; all that detect() finds by default.
            mask: Which pixels are swapped; LearnedMask by default.
            colour: Fits the drawn face's colours to the picture's; Reinhard by default.
            blender: Puts the face into the picture; AlphaBlender by default.

        Returns:
            A new picture (H, W, 3) uint8 RGB; without a face it is the given one.

        Raises:
            UserError: The picture cannot be read, or `to` is neither "a" nor "b".
        """
        if to not in ("a", "b"):
            raise UserError(f"to={to}: accepted are a and b")
        frame = as_frame(image)
        faces = detect(frame.image) if faces is None else faces
        if not faces:
            return frame.image.copy()
        views = [
            view_of(
                frame, face.points, frame_to_crop_for(face.points, CROP_PX), CROP_PX, self.coverage, self.resolution
            )
            for face in faces
        ]
        decoded = self.swap(np.stack([view.image for view in views]), to)
        return blend(
            frame,
            views,
            decoded,
            mask=mask or LearnedMask(),
            colour=colour or Reinhard(),
            blender=blender or AlphaBlender(),
        ).image


def extract(
    source: str | Path,
    folder: str | Path,
    *,
    detector: Finder | None = None,
    person: str | Path | None = None,
    person_similarity: float = 0.65,
    **settings: Any,
) -> FaceSet:
    """Find the faces of a film or of pictures and store them as a face set.

    An interrupted call goes on where it was; a complete face set is returned at once.

    Args:
        source: A film, an image, a folder of images or films, or a pattern.
        folder: Where the face set is made.
        detector: Finds the faces in the place of the built-in one.
        person: A photo, or a face set, of the one person whose faces are kept.
        person_similarity: Cosine from which a track counts as that person, [-1, 1].
        settings: size_px, every, start, stop, image_format, minimum_face_px, smooth_frames, restart: as of
            `python -m faceswap.extract --help`, with the same defaults.

    Raises:
        UserError: There is nothing to read, no face, no room, or the folder was made with other settings.
    """
    check_names(settings, {one.name for one in fields(ExtractionConfig)})
    finder = detector or BuiltinFinder()
    known = None if person is None else person_of(str(person), person_similarity, BuiltinFinder(), FaceEmbedder())
    return FaceSet.open(extract_faces(probe_takes(source), finder, Path(folder), ExtractionConfig(**settings), known))


def convert(
    source: str | Path,
    swapper: Swapper,
    out: str | Path,
    *,
    faces: str | Path | None = None,
    detector: Finder | None = None,
    **settings: Any,
) -> Path:
    """Swap the faces of a film or of pictures and write the result.

    Args:
        source: A film, an image, a folder of images, or a pattern.
        swapper: What draws the faces.
        out: The result: a film's file, an image's file or a folder of images, as the source is; never the source.
        faces: A face set made from the source; without one its faces are found now.
        detector: Finds the faces in the place of the built-in one.
        settings: to, mask, colour, blender, tracks, start, stop, batch_size, smooth_frames, smooth_colour, sharpen,
            motion_blur, grain, fill_frames, fade_frames, strength, face_scale, side_by_side, metadata, crf, preset,
            image_quality: as of `python -m faceswap.convert --help`, with the same defaults; `refiner`:
            `faceswap.swap.detail.choices.Reference().refiner(FACES_OF_A, swapper.resolution)` sharpens faces as the
            command does, None leaves them as drawn; `mask`: `faceswap.compositing.masks.film.film_mask` puts painted
            masks and parts that stay into one.

    Returns:
        The path of what was written.

    Raises:
        UserError: The user can mend it.
        Interrupted: Ctrl-C; `out` is not touched.
    """
    names = {one.name for one in fields(ConversionConfig)}
    check_names(settings, names | {"mask", "colour", "blender", "refiner", "metadata", "order", "preview"})
    show_consent(swapper.consent)
    chosen = ConversionConfig(**{name: value for name, value in settings.items() if name in names})
    cast = Cast([Role(swapper, chosen.to, settings.get("refiner"))])
    others = ("mask", "colour", "blender", "order", "preview")
    parts = {"mask": LearnedMask()} | {name: settings[name] for name in others if settings.get(name) is not None}
    metadata = consent_metadata(swapper.consent) | (settings.get("metadata") or {})
    finder = detector or (None if faces else BuiltinFinder())
    return VideoConversion(
        probe(source), cast, out, chosen, faces=faces, finder=finder, metadata=metadata, **parts
    ).run()
