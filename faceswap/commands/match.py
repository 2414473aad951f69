"""What `python -m faceswap.match` makes: the sheet of whom a face is most and least alike."""

from __future__ import annotations

from pathlib import Path

from faceswap.cli.results import result_of
from faceswap.config.build import build
from faceswap.config.web import MatchRequest
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.lookalike.folders import FaceReader, gallery_of_folder
from faceswap.lookalike.gallery import around
from faceswap.lookalike.search import GallerySearch
from faceswap.lookalike.sheet import write_match_sheet
from faceswap.lookalike.shipped import embedder_tag, shipped_gallery
from faceswap.stylegan.data.portraits import check_choice, choose
from faceswap.utils.files.workspace import Workspace


def match_photo(request: MatchRequest) -> Path:
    """Look the face up and return the sheet."""
    check_choice(request.face)
    photo = Path(request.photo)
    name = f"{photo.stem}_match" + (f"_{Path(request.gallery).resolve().name}" if request.gallery else "")
    result = result_of("match", request, name, ".png", told=("photo", "gallery"), sources={"photo": photo})
    reader = FaceReader(build(request.finder), FaceEmbedder(device=request.device), embedder_tag())
    image, faces = reader.faces(photo)
    face = choose(faces, request.face, str(photo))
    shipped = shipped_gallery()
    kept = Workspace(Path(request.workspace)).root / "galleries"
    gallery = gallery_of_folder(Path(request.gallery), reader, kept) if request.gallery else shipped
    assert shipped.calibration is not None
    search = GallerySearch(gallery, gallery.calibration or shipped.calibration)
    found = search.match(reader.code(image, face), request.top)
    write_match_sheet(result.path, around(image, face.box), found)
    told = {
        "photo": str(photo),
        "gallery": request.gallery or "shipped: rendered people",
        "people": len(gallery.names),
        "photos": len(gallery.photos),
        "nearest": [one.plain() for one in found.nearest],
        "farthest": [one.plain() for one in found.farthest],
    }
    result.record.update(told)
    return result.note()
