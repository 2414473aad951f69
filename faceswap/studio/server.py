"""The studio's server: its address, its workers, its end."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from faceswap.jobs.opening import open_queue
from faceswap.studio.app import create_app
from faceswap.studio.shared.context import Studio
from faceswap.studio.shared.places import Places
from faceswap.studio.shared.preview import ConvertPreview
from faceswap.studio.shared.security import LOOPBACK, Sessions
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import writing_errors
from faceswap.utils.files.links import own_folder

PASSWORD_VARIABLE = "FACESWAP_STUDIO_PASSWORD"
SHORTEST_PASSWORD = 10
_STOP_SECONDS = 70.0  # a training saves what it has
_ANY = ("", "0.0.0.0", "::")

log = logging.getLogger(__name__)


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
    password = "" if is_local else _password()
    places = Places.of(settings.workspace, settings.media)
    with writing_errors(places.folders[0]):
        own_folder(places.folders[0])
    queue = open_queue(settings.workspace, settings.database)
    sessions = Sessions(secrets.token_urlsafe(24), password)
    studio = Studio(places, queue, ConvertPreview(places.workspace, settings.device))
    with _listening(settings.host, settings.port) as listener, _workers(settings):
        port = listener.getsockname()[1]
        hosts = LOOPBACK if is_local else (*LOOPBACK, settings.host, socket.gethostname().lower())
        app = create_app(studio, sessions, hosts, f"faceswap_{port}", any_address=not is_local)
        shown = "127.0.0.1" if is_local else socket.gethostname() if settings.host in _ANY else settings.host
        print(f"the studio: http://{shown}:{port}/" + (f"?token={sessions.token}" if is_local else ""), file=sys.stderr)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=2, lifespan="off",
        )  # fmt: skip
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            pass
        finally:
            queue.database.close()
    return places.workspace.root


def _password() -> str:
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(
            f"host= lets other machines in: set a password of {SHORTEST_PASSWORD} characters or more in the "
            f"environment, {PASSWORD_VARIABLE}=..., or leave host= out"
        )
    return password


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise UserError(
            f"host={host} port={port}: {(error.strerror or str(error)).lower()}; say another port="
        ) from error
    with listener:
        yield listener


@contextmanager
def _workers(settings: StudioSettings) -> Iterator[None]:
    """Workers as long as the block lasts; they end by themselves when this process is killed."""
    line = [sys.executable, "-m", "faceswap.worker", f"workspace={settings.workspace}", "end_with_parent=true"]
    if settings.database:
        line.append(f"database={settings.database}")
    started = [
        subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        for _ in range(settings.workers)
    ]
    try:
        yield
    finally:
        for one in started:
            one.terminate()
        for one in started:
            try:
                one.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()
