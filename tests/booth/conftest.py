"""Booths for tests: an application without a server and without workers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from fastapi.testclient import TestClient

from faceswap.booth.app import create_app
from faceswap.booth.shared.context import Booth
from faceswap.booth.shared.game import GameRoom, prepare
from faceswap.booth.shared.visitors import RESULT, Visitors
from faceswap.jobs.opening import open_queue
from faceswap.jobs.tables import State
from faceswap.media.pictures.images import encode_image
from faceswap.souvenir.config import FILES, TOLD
from faceswap.utils.files.atomic import write_json
from faceswap.web.security import Sessions

HOST, TOKEN, PASSWORD = "localhost", "the-token-of-the-tests", "correct horse battery"


class Client(NamedTuple):
    """Somebody at a booth: `page` is a visitor, `operator` was let in to the operator's pages."""

    page: TestClient
    operator: TestClient
    booth: Booth

    def csrf(self, who: TestClient, path: str = "/") -> dict[str, str]:
        found = re.search(r'data-csrf="([^"]+)"', who.get(path).text)
        assert found is not None
        return {"X-CSRF": found[1], "HX-Request": "true"}

    def send(self, content: bytes | None = None, **said: str):
        """Sends a photo as the page does."""
        data = {"agree": "yes", **said}
        file = {"photo": ("photo.jpg", photo() if content is None else content)}
        return self.page.post("/photo", data=data, files=file, headers=self.csrf(self.page))

    def visitor(self, **said: str):
        """Somebody whose photo was taken."""
        return self.booth.visitors.by_key(self.send(**said).headers["hx-redirect"].removeprefix("/r/"))

    def done(self, visitor) -> None:
        """Does what a worker does, without a film worth looking at."""
        job = self.booth.queue.claim("a test")
        assert job is not None and job.id == visitor.job_id
        folder = self.booth.visitors.folder / visitor.id / RESULT
        folder.mkdir()
        for name in FILES:
            (folder / name).write_bytes(f"{name} of {visitor.id}".encode())
        match = {"likeness_percent": 99.7, "closer_than_percent_of_strangers": 99.9, "cosine": 0.6, "file": ""}
        write_json(folder / TOLD, {"nearest": [{"name": "Ada<b>", **match}], "people": 229, "files": list(FILES),
                                   "farthest": [{"name": "Zoe", **match}]})  # fmt: skip
        self.booth.queue.finish(job, State.DONE, 0)


def photo(width: int = 64, height: int = 48) -> bytes:
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return encode_image(image, ".jpg", metadata={})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A booth nobody has visited yet, with the game's pictures."""
    yield from make_client(tmp_path, "")


@pytest.fixture
def client_with_password(tmp_path: Path) -> Iterator[Client]:
    yield from make_client(tmp_path, PASSWORD)


def make_client(folder: Path, password: str) -> Iterator[Client]:
    queue = open_queue(folder / "workspace")
    room = GameRoom(queue.database, folder / "game")
    noise = np.random.default_rng(1).integers(0, 255, (2, 8, 40, 32, 3), np.uint8)
    prepare(room, list(noise[0]), list(noise[1]), 16)
    booth = Booth(queue, Visitors(queue, folder / "visitors", [f"workspace={folder / 'workspace'}"]), room)
    booth.watch.look_seconds = -1.0  # every page looks anew
    app = create_app(booth, Sessions(TOKEN, password), (HOST,), "booth")
    # what a visitor is told is tested, so an error must not come through to the test
    page, operator = (TestClient(app, f"http://{HOST}", raise_server_exceptions=False, follow_redirects=False)
                      for _ in range(2))  # fmt: skip
    operator.get("/admin", params={"token": TOKEN})
    yield Client(page, operator, booth)
    booth.intake.close()
    queue.database.close()
