"""Studios for tests: an application without a server, and a browser on a server of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient

from faceswap.jobs.opening import open_queue
from faceswap.studio.app import create_app
from faceswap.studio.shared.context import Studio
from faceswap.studio.shared.places import Places
from faceswap.studio.shared.preview import ConvertPreview
from faceswap.web.security import Sessions

HOST = "localhost"
TOKEN, PASSWORD = "the-token-of-the-tests", "correct horse battery"


class Client(NamedTuple):
    """Somebody at a studio: `page` is let in, `stranger` is not; `csrf` goes with what `page` changes."""

    page: TestClient
    stranger: TestClient
    studio: Studio
    csrf: str
    secret: Path

    def post(self, path: str, **data: object):
        return self.page.post(path, data=data, headers={"X-CSRF": self.csrf, "HX-Request": "true"})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A studio on an empty workspace, with a media folder beside it and a secret outside of both."""
    yield from make_client(tmp_path, "")


@pytest.fixture
def client_with_password(tmp_path: Path) -> Iterator[Client]:
    yield from make_client(tmp_path, PASSWORD)


def make_client(folder: Path, password: str) -> Iterator[Client]:
    (folder / "films").mkdir()
    secret = folder / "secret.png"
    secret.write_bytes(b"years of work")
    places = Places.of(folder / "workspace", [folder / "films"])
    places.folders[0].mkdir(parents=True)
    queue = open_queue(folder / "workspace")
    studio = Studio(places, queue, ConvertPreview(places.workspace, "cpu"))
    app = create_app(studio, Sessions(TOKEN, password), (HOST,), "cookie")
    # what a visitor is told is tested, so an error must not come through to the test
    inside, outside = (TestClient(app, f"http://{HOST}", raise_server_exceptions=False, follow_redirects=False)
                       for _ in range(2))  # fmt: skip
    inside.get("/", params={"token": TOKEN})
    csrf = re.search(r'data-csrf="([^"]+)"', inside.get("/").text)
    assert csrf is not None
    yield Client(inside, outside, studio, csrf[1], secret)
    queue.database.close()
