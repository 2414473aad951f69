"""Files: pictures for pages, films to look at and to save, and films that are sent."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from faceswap.media.sources import probe
from faceswap.studio.shared.context import studio_of
from faceswap.studio.shared.thumbnails import thumbnail
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.limits import UPLOAD_BYTES
from faceswap.web.pages import go_to

router = APIRouter()
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".mp4": "video/mp4",
          ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska"}  # fmt: skip


@router.get("/small")
def small(request: Request, path: str) -> Response:
    """Answer with a small picture of a film or picture."""
    studio = studio_of(request)
    return FileResponse(thumbnail(studio.places.film(path), studio.small_pictures), media_type="image/jpeg")


@router.get("/file")
def file(request: Request, path: str, save: bool = False) -> Response:
    """Answer with a film or picture of the workspace; `save`: to be kept, not shown."""
    found = studio_of(request).places.inside(path)
    kind = _TYPES.get(found.suffix.lower())
    if kind is None or not found.is_file():
        raise UserError("only films and pictures are handed out")
    return FileResponse(found, media_type=kind, filename=found.name if save else None)


@router.post("/upload")
async def upload(request: Request) -> Response:
    """Take a film or picture, named by the header X-Name, into the workspace; kept only if it can be read."""
    place = studio_of(request).places.new_media(unquote(request.headers.get("x-name", "")))
    with atomic_path(place) as temp:
        count = 0
        with open(temp, "wb") as out:
            async for piece in request.stream():
                count += len(piece)
                if count > UPLOAD_BYTES:
                    raise UserError("that film is too large")
                out.write(piece)
        _check(temp, place)
    return go_to("/")


def _check(temp: Path, place: Path) -> None:
    """Raise UserError for what was sent under a film's name and is none."""
    trial = temp.with_name(f"{temp.name}{place.suffix}")
    trial.symlink_to(temp.name)  # a reader may look at the name's end, too
    try:
        probe(trial)
    except UserError as error:
        raise UserError(f"{place.name} cannot be read as a film or picture") from error
    finally:
        trial.unlink(missing_ok=True)
