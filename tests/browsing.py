"""Servers as commands start them, and somebody at a browser; what the tests of the studio and the booth share."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

STEP_MS = 400_000  # that a step may take on a busy machine
VIEWPORTS = {"desk": (1280, 800, "light"), "phone": (360, 740, "dark")}


class Server(NamedTuple):
    """A server that runs: its address as its terminal tells it, its workspace."""

    url: str
    workspace: Path


@contextmanager
def served(command: str, folder: Path, *said: str, **environment: str) -> Iterator[Server]:
    """Start `python -m faceswap.COMMAND` with a workspace in a folder, and end it by Ctrl-C."""
    workspace = folder / "workspace"
    process = subprocess.Popen(
        [sys.executable, "-m", f"faceswap.{command}", f"workspace={workspace}", "port=0", *said],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )
    assert process.stderr is not None
    try:
        told = []
        for line in process.stderr:
            told.append(line)
            if found := re.search(rf"the {command}: (http://\S+)", line):
                yield Server(found[1], workspace)
                break
        else:
            pytest.fail("".join(told))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(90)


@contextmanager
def browsed(chromium: str, kind: str, arguments: Sequence[str] = (), **context: Any) -> Iterator[Any]:
    """Yield a page of a browser as large, and as light, as VIEWPORTS says."""
    from playwright.sync_api import sync_playwright

    width, height, scheme = VIEWPORTS[kind]
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", *arguments])
        viewport = {"width": width, "height": height}
        yield browser.new_context(viewport=viewport, color_scheme=scheme, **context).new_page()
        browser.close()


class Visitor:
    """Somebody at a browser; its `complaints` are kept, pictures of pages where FACESWAP_SCREENSHOTS says."""

    def __init__(self, page: Any, url: str, kind: str) -> None:
        self.page, self.url, self.kind = page, url, kind
        self.complaints: list[str] = []
        page.set_default_timeout(STEP_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def look(self, name: str) -> None:
        """Keeps a picture; nothing may stick out of the page."""
        # Asked until it holds: a page that is just being left has no document.
        fits = "width => document.documentElement?.scrollWidth <= width"
        self.page.wait_for_function(fits, arg=self.page.viewport_size["width"])
        if folder := os.environ.get("FACESWAP_SCREENSHOTS"):
            self.page.screenshot(path=f"{folder}/{self.kind}_{name}.png", full_page=True, caret="initial")
