"""The invert pipeline: inverts the photos of a source; writes latents, pictures and a table of losses."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.core.geometry import invert as undone
from faceswap.core.geometry import transform_points
from faceswap.media.pictures.images import write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.provenance import notice
from faceswap.stylegan.data.portraits import AlignedPortrait, as_input, portraits
from faceswap.stylegan.inversion.config import InversionSettings
from faceswap.stylegan.inversion.domain_check import DomainCheck
from faceswap.stylegan.inversion.inversion import CodeSearch, Inversion, check_fit, first_guess
from faceswap.stylegan.inversion.latents import SUFFIX, Latent
from faceswap.stylegan.inversion.perceptual import InversionLoss
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.whitening import Whitening
from faceswap.stylegan.weights.files import generator_hash, load_encoder, load_generator
from faceswap.utils.choices import Start
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.images import from_signed_range
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from faceswap.detect.protocol import Finder
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.sources import SourceInfo
    from faceswap.stylegan.networks.encoder import Encoder

T = TypeVar("T")
TILE_PX = 256
UNUSUAL_SIGMAS = 2.0  # root mean square of a code: samples of the generator have 1

log = logging.getLogger(__name__)


@dataclass
class Inverter:
    """A generator, its encoder if there is one, and what they are judged by; `device` is where all of them are."""

    generator: Generator
    encoder: Encoder | None
    loss: InversionLoss
    how: InversionSettings = field(default_factory=InversionSettings)

    def __post_init__(self) -> None:
        self.device = self.generator.average.device
        if self.encoder is not None:
            check_fit(self.generator, self.encoder)
        self.whitening = Whitening.of(self.generator)
        self._domain_check: DomainCheck | None = None

    @property
    def domain_check(self) -> DomainCheck | None:
        """The check against the generator's own samples, made at first use; None without an encoder."""
        if self._domain_check is None and self.encoder is not None:
            self._domain_check = DomainCheck(self.generator, self.encoder, self.loss)
        return self._domain_check

    def invert(self, found: list[AlignedPortrait], **changed: Any) -> Inversion:
        """Return the codes of some portraits; `changed`: settings other than `how` has them."""
        images = as_input([portrait.aligned for portrait in found], self.device)
        masks = torch.from_numpy(np.stack([portrait.mask for portrait in found]))[:, None].to(self.device)
        settings = replace(self.how, **changed)
        return CodeSearch(self.generator, self.encoder, self.loss, settings, self.whitening).invert(images, masks)

    def warn_outside_domain(self, found: list[AlignedPortrait], inversion: Inversion) -> list[bool]:
        """Warn of portraits outside the generator's domain, and return for each whether it is."""
        is_outside = []
        for index, portrait in enumerate(found):
            line = None
            if self.domain_check is not None and self.how.guess == "encoder":
                line = self.domain_check.warning(portrait.name, float(inversion.history[0, index]))
            unusual = float(inversion.unusual[index])
            if line is None and unusual > UNUSUAL_SIGMAS:
                line = (
                    f"{portrait.name} lies outside of what the generator knows: its code is {unusual:.1f} times as far "
                    "from the average as faces of its own; edits of it may look wrong (smaller fidelity= stays nearer)"
                )
            if line:
                log.warning(line)
            is_outside.append(line is not None)
        return is_outside


def load_both(
    generator: str | Path | None, encoder: str | Path | None, start: Start, device: str = "auto"
) -> tuple[Generator, Encoder | None]:
    """Return the generator and its encoder (None each: the shipped ones), on the device.

    Raises:
        UserError: A file is missing or damaged; an encoder that `start` does not need may be missing.
    """
    place = choose_device(device)
    drawing = load_generator(generator or None).to(place)
    if generator and not encoder:
        if start == "encoder":
            raise UserError("generator= is not the shipped one: name its encoder= too, or say guess=average")
        return drawing, None
    try:
        return drawing, load_encoder(encoder or None).to(place)
    except UserError:
        if encoder or start == "encoder":
            raise
        return drawing, None


def invert_photos(
    info: SourceInfo, inverter: Inverter, finder: Finder, parser: FaceParser, folder: Path, which: str, every: int = 1
) -> Path:
    """Invert the chosen face of each picture; returns the code's file, for several pictures their folder.

    Beside NAME.latent.safetensors lie NAME.reconstruction.png and NAME.side_by_side.png; inversions.json has the table.

    Raises:
        UserError: There is no face.
    """
    if not info.is_still:
        folder = folder / f"{info.name}_inverted"
    how = inverter.how
    batch_size = 1 if how.fidelity > 0.5 else how.batch_size  # each photo tunes a generator of its own
    table: list[dict[str, Any]] = []
    total = None if info.frame_count is None else -(-info.frame_count // every)
    with Progress(total, "invert", "face") as bar:
        size = inverter.generator.resolution
        for found in batches(portraits(info, finder, parser, which, size, every), batch_size):
            inversion = inverter.invert(found)
            is_outside = inverter.warn_outside_domain(found, inversion)
            table += _written(found, inversion, inverter, folder, info, is_outside)
            bar.advance(len(found))
    for line in table_lines(table):
        log.info(line)
    if info.is_still:
        return folder / f"{table[0]['name']}{SUFFIX}"
    write_json(folder / "inversions.json", table)
    return folder


def table_lines(table: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the table as lines of text: name, losses, seconds, steps."""
    columns = ["pixels", "perceptual", "identity", "loss", "seconds", "steps"]
    width = max(len(str(row["name"])) for row in table)
    yield " ".join([f"{'':{width}}", *(f"{column:>10}" for column in columns)])
    for row in table:
        values = [f"{row[column]:>10.4g}" if column in row else f"{'-':>10}" for column in columns]
        yield " ".join([f"{row['name']:{width}}", *values])


def _written(
    found: list[AlignedPortrait],
    inversion: Inversion,
    inverter: Inverter,
    folder: Path,
    info: SourceInfo,
    is_outside: list[bool],
) -> Iterator[dict[str, Any]]:
    """Write the files of each portrait; gives its line of the table."""
    with torch.no_grad():
        drawn = from_signed_range(inversion.draw(inverter.generator))
        guesses = None
        if inverter.encoder is not None:
            images = as_input([portrait.aligned for portrait in found], inverter.device)
            rows = first_guess(inverter.generator, inverter.encoder, images, "encoder")
            guesses = from_signed_range(inverter.generator.synthesis(rows))
    owner = generator_hash(inverter.generator)
    about = made_with_ai(owner)
    for index, portrait in enumerate(found):
        losses = {name: round(float(values[index]), 6) for name, values in inversion.parts.items()}
        losses["loss"] = round(float(inversion.loss[index]), 6)
        aligned = portrait.aligned
        source = info.files[portrait.frame.index] if info.files else info.path
        Latent(
            inversion.rows[index],
            owner,
            aligned.frame_to_crop,
            transform_points(undone(aligned.frame_to_crop), aligned.points),
            aligned.size_px,
            str(source.resolve()),
            losses,
            inversion.tuning,
            0 if info.files else portrait.frame.index,
        ).save(folder / f"{portrait.name}{SUFFIX}")
        write_image(folder / f"{portrait.name}.reconstruction.png", drawn[index], metadata=about)
        shown = {"photo": aligned.image, "drawn": drawn[index]}
        if guesses is not None:
            shown = {"photo": aligned.image, "encoder's guess": guesses[index], "inverted": drawn[index]}
        write_image(folder / f"{portrait.name}.side_by_side.png", labelled_row(shown), metadata=about)
        yield {
            "name": portrait.name,
            **losses,
            "seconds": round(inversion.seconds / len(found), 3),
            "steps": inversion.steps,
            "sigmas": round(float(inversion.unusual[index]), 3),
            "outside": is_outside[index],
        }


def made_with_ai(
    generator: str, what: str = "the face in this picture was drawn", source_type: notice.SourceType = notice.GENERATED
) -> dict[str, str]:
    """Return metadata that say what a picture or film is; `generator`: its checksum."""
    return notice.made_with_ai(what, f"generator {generator[:12]}", source_type, generator)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def labelled_row(pictures: dict[str, NDArray[np.uint8]], tile_px: int = TILE_PX) -> NDArray[np.uint8]:
    """Return pictures in a row, each with its name below."""
    return contact_sheet(list(pictures.values()), list(pictures), columns=len(pictures), tile_px=tile_px)
