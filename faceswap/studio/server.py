"""The studio's server: its address, its workers, its end."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faceswap.jobs.opening import open_queue
from faceswap.studio.app import create_app
from faceswap.studio.shared.context import Studio
from faceswap.studio.shared.places import Places
from faceswap.studio.shared.preview import ConvertPreview
from faceswap.utils.files.atomic import writing_errors
from faceswap.utils.files.links import own_folder
from faceswap.web.security import LOOPBACK, Sessions
from faceswap.web.serving import address_of, answer, hosts_of, listening, password_of, workers

PASSWORD_VARIABLE = "FACESWAP_STUDIO_PASSWORD"


@dataclass(frozen=True)
class StudioSettings:
    """What a studio is told.

    Attributes:
        workspace: Its folder.
        media: Folders whose films may be read besides.
        database: URL of the queue's database; empty for SQLite in the workspace.
        host: The address it listens on.
        port: Its port; 0: any that is free.
        workers: How many workers are started with it.
        device: Where single frames are drawn.
    """

    workspace: Path
    media: Sequence[Path] = ()
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 7860
    workers: int = 1
    device: str = "auto"


def serve(settings: StudioSettings) -> Path:
    """Answer until stopped; return the folder of the workspace.

    Raises:
        UserError: The address is taken, or others could reach it and there is no password.
    """
    is_local = settings.host in LOOPBACK
    password = "" if is_local else password_of(PASSWORD_VARIABLE, "host= lets other machines in")
    places = Places.of(settings.workspace, settings.media)
    with writing_errors(places.folders[0]):
        own_folder(places.folders[0])
    queue = open_queue(settings.workspace, settings.database)
    sessions = Sessions(secrets.token_urlsafe(24), password)
    studio = Studio(places, queue, ConvertPreview(places.workspace, settings.device))
    with (
        listening(settings.host, settings.port) as listener,
        workers(settings.workspace, settings.database, settings.workers),
    ):
        port = listener.getsockname()[1]
        app = create_app(studio, sessions, hosts_of(settings.host), f"faceswap_{port}", any_address=not is_local)
        address = address_of(settings.host, port)
        print(f"the studio: {address}" + (f"?token={sessions.token}" if is_local else ""), file=sys.stderr)
        try:
            answer(app, listener)
        finally:
            queue.database.close()
    return places.workspace.root
