"""The way in where the studio has a password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from faceswap.studio.shared.context import page
from faceswap.utils.errors import UserError
from faceswap.web.security import Sessions, welcome

router = APIRouter()


@router.get("/login")
def ask(request: Request) -> Response:
    """Show the field of the password."""
    return page(request, "login.html", title="Log in")


@router.post("/login")
def enter(request: Request, password: Annotated[str, Form(max_length=1000)]) -> Response:
    """Let in who knows the password."""
    sessions: Sessions = request.app.state.sessions
    if not sessions.is_password(password):
        raise UserError("that is not the password; after ten wrong ones wait a minute")
    return welcome(sessions, request.app.state.cookie, "/")
