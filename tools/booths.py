"""Booths for the tools: started as a theatre starts them, visited as a browser visits them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from faceswap.media.pictures.images import encode_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe

_ROOT = Path(__file__).resolve().parents[1]


class RunningBooth:
    """A booth in a process of its own, on a port that is free.

    Args:
        workspace: Its folder.
        said: Settings besides.
    """

    def __init__(self, workspace: Path, *said: str) -> None:
        line = [sys.executable, "-m", "faceswap.booth", f"workspace={workspace}", "port=0", *said]
        self.process = subprocess.Popen(
            line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=_ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self.process.stderr is not None
        for told in self.process.stderr:
            if found := re.search(r"the booth: (http://\S+)/", told):
                self.url = found[1]
                return
        raise RuntimeError("the booth did not start")

    def end(self, number: int = signal.SIGINT) -> None:
        """Stop or kill it."""
        self.process.send_signal(number)
        self.process.wait(90)


async def open_page(client: httpx.AsyncClient, url: str) -> dict[str, str]:
    """Open the page as a new visitor; return the headers that go with what the visitor sends."""
    client.cookies.clear()
    page = await client.get(f"{url}/")
    csrf = re.search(r'data-csrf="([^"]+)"', page.text)
    assert csrf is not None, page.text
    cookie = page.headers["set-cookie"].partition(";")[0]
    return {"X-CSRF": csrf[1], "Cookie": cookie, "HX-Request": "true"}


async def send_photo(client: httpx.AsyncClient, url: str, photo: bytes, headers: dict[str, str]) -> httpx.Response:
    """Send a photo as the page does; return the answer."""
    client.cookies.clear()
    file = {"photo": ("photo.jpg", photo)}
    return await client.post(f"{url}/photo", data={"agree": "yes"}, files=file, headers=headers)


def rendered_photo() -> bytes:
    """Return a photo of a rendered actor."""
    frame = next(iter(read_frames(probe(_ROOT / "demo" / "vera.mp4"), 20, 21)))
    return encode_image(frame.image, ".jpg", quality=92, metadata={})
