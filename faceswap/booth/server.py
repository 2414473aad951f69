"""The booth's server: its address, its workers, its keeper, its end."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from faceswap.booth.app import create_app
from faceswap.booth.shared.context import Booth
from faceswap.booth.shared.game import GameRoom
from faceswap.booth.shared.guard import RateLimit
from faceswap.booth.shared.keeping import Keeper
from faceswap.booth.shared.mail import Mailer
from faceswap.booth.shared.playing_cards import cards_of
from faceswap.booth.shared.visitors import Visitors
from faceswap.jobs.opening import open_queue
from faceswap.lookalike.folders import files_by_person
from faceswap.lookalike.shipped import shipped_gallery
from faceswap.utils.errors import UserError
from faceswap.web.security import LOOPBACK, Sessions
from faceswap.web.serving import address_of, answer, hosts_of, listening, password_of, workers

if TYPE_CHECKING:
    from faceswap.config.web import BoothRequest

PASSWORD_VARIABLE = "FACESWAP_BOOTH_PASSWORD"
FOLDER = "booth"


def serve(request: BoothRequest) -> Path:
    """Answer until stopped; return the folder of the workspace.

    Raises:
        UserError: The address is taken, or a setting does not fit.
    """
    url = _checked_url(request.url)
    mailer = Mailer(request.mail, url, request.keep_hours) if request.mail.server else None
    is_local = request.host in LOOPBACK
    password = password_of(PASSWORD_VARIABLE, "the operator's pages need one") if _has_password() else ""
    workspace = Path(request.workspace)
    booth = open_booth(request, workspace, url, has_mail=mailer is not None)
    operators = Sessions(secrets.token_urlsafe(24), password)
    keeper = Keeper(booth, mailer)
    with (
        listening(request.host, request.port) as listener,
        workers(workspace, request.database, request.workers, request.batch_size),
    ):
        port = listener.getsockname()[1]
        hosts = (*hosts_of(request.host), *filter(None, [urlsplit(url).hostname]))
        app = create_app(booth, operators, hosts, f"booth_{port}", any_address=not is_local)
        address = url + "/" if url else address_of(request.host, port)
        entrance = f"{address}admin" + ("" if password else f"?token={operators.token}")
        print(f"the booth: {address}\nfor operators: {entrance}", file=sys.stderr)
        keeper.start()
        try:
            answer(app, listener, request.proxy)
        finally:
            keeper.stop()
            booth.intake.close()
            booth.queue.database.close()
    return workspace


def open_booth(request: BoothRequest, workspace: Path, url: str, *, has_mail: bool) -> Booth:
    """Return the booth of a workspace. Raises UserError for a gallery or game that is not there."""
    if request.gallery:
        gallery = f"{len(files_by_person(Path(request.gallery)))} people of {request.gallery}"
    else:
        gallery = f"{len(shipped_gallery().names)} rendered people, shipped"
    queue = open_queue(workspace, request.database)
    folder = workspace.resolve() / FOLDER
    settings = [f"workspace={workspace.resolve()}"]
    settings += [f"gallery={Path(request.gallery).resolve()}"] if request.gallery else []
    room = GameRoom(queue.database, folder / "game")
    cards_of(room, Path(request.game) if request.game else None)
    return Booth(
        queue, Visitors(queue, folder / "visitors", settings), room, request.keep_hours,
        RateLimit(request.photos_a_minute), request.most_waiting, url, has_mail, gallery,
    )  # fmt: skip


def _has_password() -> bool:
    return bool(os.environ.get(PASSWORD_VARIABLE))


def _checked_url(text: str) -> str:
    """Return an address without the slash at its end. Raises UserError for what is none."""
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.path.strip("/"):
        raise UserError(f"url={text[:100]}: say the address that visitors type, as https://booth.example")
    return f"{parts.scheme}://{parts.netloc}"
