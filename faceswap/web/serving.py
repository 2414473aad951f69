"""How an application is served: its address, its password, its workers, its end."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from faceswap.utils.errors import UserError
from faceswap.web.security import LOOPBACK

SHORTEST_PASSWORD = 10
_STOP_SECONDS = 70.0  # a training saves what it has
_ANY = ("", "0.0.0.0", "::")
_WAITING = 1024  # connections that are not answered yet: more are tried again by who asks, seconds later
_LOOK_SECONDS = 2.0  # between two looks at the workers

log = logging.getLogger(__name__)


def password_of(variable: str, why: str) -> str:
    """Return the password that an environment variable holds.

    Args:
        variable: Its name.
        why: What is told where it is missing or short: "host= lets other machines in".

    Raises:
        UserError: There is none, or it is too short.
    """
    password = os.environ.get(variable, "")
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(
            f"{why}: set a password of {SHORTEST_PASSWORD} characters or more in the environment, {variable}=..."
        )
    return password


def hosts_of(host: str) -> tuple[str, ...]:
    """Return the names under which a server that listens on `host` may be asked for."""
    return LOOPBACK if host in LOOPBACK else (*LOOPBACK, host, socket.gethostname().lower())


def address_of(host: str, port: int) -> str:
    """Return the address to be opened in a browser."""
    name = "127.0.0.1" if host in LOOPBACK else socket.gethostname() if host in _ANY else host
    return f"http://{name}:{port}/"


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket that takes connections, which wait until they are answered.

    Raises:
        UserError: The address is taken, or none of ours.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_WAITING)  # who reads the address in the terminal may come before the server is up
    except OSError as error:
        raise UserError(
            f"host={host} port={port}: {(error.strerror or str(error)).lower()}; say another port="
        ) from error
    with listener:
        yield listener


def answer(app: FastAPI, listener: socket.socket, proxy: str = "") -> None:
    """Answer requests until stopped.

    Args:
        app: The application.
        listener: Where they come in.
        proxy: The address of a server before this one that says for whom it asks; empty: there is none.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=2,
        proxy_headers=bool(proxy), forwarded_allow_ips=proxy or None,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def workers(workspace: Path, database: str, count: int, batch_size: int = 1) -> Iterator[None]:
    """Run workers as long as the block lasts, a new one for each that was killed.

    They end by themselves when this process is killed.

    Args:
        workspace: Whose queue they work on.
        database: URL of it; empty for the workspace's own.
        count: How many there are.
        batch_size: How many jobs that are alike each takes at a time.
    """
    line = [sys.executable, "-m", "faceswap.worker", f"workspace={workspace}", "end_with_parent=true"]
    line.append(f"batch_size={batch_size}")
    if database:
        line.append(f"database={database}")
    is_over = threading.Event()
    running = [_started(line) for _ in range(count)]

    def replace_lost() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            for place, one in enumerate(running):
                if one.poll() is not None:
                    log.warning("a worker has ended (%s): starting another", one.returncode)
                    running[place] = _started(line)

    keeper = threading.Thread(target=replace_lost, name="workers", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()
        for one in running:
            one.terminate()
        for one in running:
            try:
                one.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()


def _started(line: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
