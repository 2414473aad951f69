"""What `python -m faceswap.booth_film` makes: what a visitor of the booth takes home."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.results import check_folder_name, result_of
from faceswap.compositing.blenders import AlphaBlender
from faceswap.config.build import build
from faceswap.config.web import BoothFilmRequest
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.parser import FaceParser
from faceswap.lookalike.folders import FaceReader, gallery_of_folder
from faceswap.lookalike.search import GallerySearch
from faceswap.lookalike.shipped import embedder_tag, shipped_gallery
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.pictures.images import read_image
from faceswap.provenance.notice import NOT_RECORDED
from faceswap.souvenir.faces import FaceNetworks
from faceswap.souvenir.making import Seen, SouvenirMaker
from faceswap.souvenir.photo import clean_photo
from faceswap.stylegan.data.portraits import check_choice
from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.inversion.config import InversionSettings, InversionWeights
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.inversion.pipeline import Inverter, load_both
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace

_ahead: list[tuple[BoothFilmRequest, SouvenirMaker, Seen]] = []  # what was seen for commands that follow


def make_souvenir(request: BoothFilmRequest) -> Path:
    """Make the souvenir and return its folder."""
    check_choice(request.face)
    if request.out:
        check_folder_name(request.out)
    photo = Path(request.photo)
    known = next((one for one in _ahead if one[0] == request), None)
    image = None if known else _image(request)
    result = result_of("booth_film", request, f"{photo.stem}_souvenir", told=("photo",), sources={"photo": photo})
    consent = request.consent or NOT_RECORDED
    if known is not None:
        _ahead.remove(known)
        _, maker, seen = known
        maker.write(seen, result.path, consent)
    elif image is not None:
        maker_of(request).make(image, result.path, request.face, consent)
    return result.note()


def look_ahead(lines: Sequence[Sequence[str]]) -> None:
    """See the faces of several photos in batches, for commands that follow in this process.

    A photo without a face is looked at once more in its turn, and told then.

    Args:
        lines: The arguments of each command.
    """
    requests = [compose_config("booth_film", list(arguments)) for arguments in lines]
    while requests:
        alike = [one for one in requests if _shared(one) == _shared(requests[0])]
        requests = [one for one in requests if one not in alike]
        photos = []
        for one in alike:
            with suppress(UserError):
                check_choice(one.face)
                photos.append((one, _image(one)))
        maker = maker_of(alike[0])
        for (one, _), seen in zip(photos, maker.seen([(image, one.face) for one, image in photos]), strict=True):
            if not isinstance(seen, UserError):
                _ahead.append((one, maker, seen))


def _shared(request: BoothFilmRequest) -> BoothFilmRequest:
    """The settings without what is each visitor's own."""
    return replace(request, photo="", out="", consent="", face="", clean_photo=False)


def _image(request: BoothFilmRequest) -> NDArray[np.uint8]:
    photo = Path(request.photo)
    return clean_photo(photo) if request.clean_photo else read_image(photo)


def maker_of(request: BoothFilmRequest) -> SouvenirMaker:
    """The gallery and the networks."""
    finder, embedder = build(request.finder), FaceEmbedder(device=request.device)
    reader = FaceReader(finder, embedder, embedder_tag())
    shipped, kept = shipped_gallery(), Workspace(Path(request.workspace)).root / "galleries"
    gallery = gallery_of_folder(Path(request.gallery), reader, kept) if request.gallery else shipped
    assert shipped.calibration is not None
    generator, encoder = load_both(request.generator, request.encoder, "encoder", request.device)
    inverter = Inverter(generator, encoder, inversion_loss(InversionWeights(), None, request.device),
                        InversionSettings("encoder", request.steps, batch_size=request.batch_size))  # fmt: skip
    return SouvenirMaker(
        FaceNetworks(finder, FaceParser(request.device), inverter),
        embedder,
        GallerySearch(gallery, gallery.calibration or shipped.calibration),
        load_directions(request.directions or None).only_for(generator_hash(generator)),
        Paster(build(request.mask), NoColour(), AlphaBlender()),
        request,
    )
