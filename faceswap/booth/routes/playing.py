"""The game: real or generated?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse

from faceswap.booth.shared.context import booth_of, page
from faceswap.booth.shared.game import kind_of
from faceswap.booth.shared.words import plain_name
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter(prefix="/game")


@router.get("")
def hall(request: Request) -> Response:
    """Show the rules and the best of the evening."""
    room = booth_of(request).game
    return page(request, "hall.html", title="Real or generated?", best=room.best(), is_open=room.is_open)


@router.post("")
def begin(request: Request) -> Response:
    """Begin a round."""
    return go_to(f"/game/{booth_of(request).game.begin().id}")


@router.get("/{game_id}")
def ask(request: Request, game_id: str) -> Response:
    """Show the next picture and what the last one was, or how the round ended."""
    game = booth_of(request).game.get(game_id)
    count = len(game.answers)
    last = kind_of(game.pictures[count - 1]) if count else ""
    was_right = bool(count) and game.answers[-1] == last
    return page(
        request, "game.html", title="Real or generated?", game=game, number=count, last=last, was_right=was_right
    )


@router.get("/{game_id}/{number}.jpg")
def picture(request: Request, game_id: str, number: int) -> Response:
    """Answer with a picture of a round."""
    room = booth_of(request).game
    return FileResponse(room.picture(room.get(game_id), number), media_type="image/jpeg")


@router.post("/{game_id}/name")
def sign(request: Request, game_id: str, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Enter a finished round into the hall of fame."""
    who = plain_name(name)
    if not who:
        raise UserError("write a name first")
    booth_of(request).game.sign(game_id, who)
    return go_to("/game")


@router.post("/{game_id}/{number}")
def answer(request: Request, game_id: str, number: int, said: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Take an answer."""
    booth_of(request).game.answer(game_id, number, said)
    return go_to(f"/game/{game_id}")
