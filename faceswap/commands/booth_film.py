"""What `python -m faceswap.booth_film` makes: what a visitor of the booth takes home."""

from __future__ import annotations

from pathlib import Path

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
from faceswap.souvenir.making import SouvenirMaker
from faceswap.souvenir.photo import clean_photo
from faceswap.stylegan.data.portraits import check_choice
from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.inversion.config import InversionSettings, InversionWeights
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.inversion.pipeline import Inverter, load_both
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.files.workspace import Workspace


def make_souvenir(request: BoothFilmRequest) -> Path:
    """Make the souvenir and return its folder."""
    check_choice(request.face)
    if request.out:
        check_folder_name(request.out)
    photo = Path(request.photo)
    image = clean_photo(photo) if request.clean_photo else read_image(photo)
    result = result_of("booth_film", request, f"{photo.stem}_souvenir", told=("photo",), sources={"photo": photo})
    maker_of(request).make(image, result.path, request.face, request.consent or NOT_RECORDED)
    return result.note()


def maker_of(request: BoothFilmRequest) -> SouvenirMaker:
    """The gallery and the networks."""
    finder, embedder = build(request.finder), FaceEmbedder(device=request.device)
    reader = FaceReader(finder, embedder, embedder_tag())
    shipped, kept = shipped_gallery(), Workspace(Path(request.workspace)).root / "galleries"
    gallery = gallery_of_folder(Path(request.gallery), reader, kept) if request.gallery else shipped
    assert shipped.calibration is not None
    generator, encoder = load_both(request.generator, request.encoder, "encoder", request.device)
    inverter = Inverter(generator, encoder, inversion_loss(InversionWeights(), None, request.device),
                        InversionSettings("encoder", request.steps))  # fmt: skip
    return SouvenirMaker(
        FaceNetworks(finder, FaceParser(request.device), inverter),
        embedder,
        GallerySearch(gallery, gallery.calibration or shipped.calibration),
        load_directions(request.directions or None).only_for(generator_hash(generator)),
        Paster(build(request.mask), NoColour(), AlphaBlender()),
        request,
    )
