"""200 visitors of a booth on SQLite: how long an upload takes, and whether anybody is lost."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

TARGET_MS = 300.0
VISITORS = 200


def main(argv: list[str]) -> dict:
    """Return the median and 95th percentile of the uploads' answers, and how many were lost; prints them as JSON."""
    parser = argparse.ArgumentParser(prog="booth", description=__doc__)
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--over-seconds", type=float, default=20.0, help="within which they come; 0: all in one moment")
    parser.add_argument("--workers", type=int, default=0, help="that make films meanwhile")
    options = parser.parse_args(argv)

    from faceswap.booth.shared.visitors import COMMAND
    from faceswap.jobs.opening import open_queue
    from tools.booths import RunningBooth

    with tempfile.TemporaryDirectory(prefix="booth-") as folder:
        booth = RunningBooth(
            Path(folder), f"workers={options.workers}", "photos_a_minute=100000", "most_waiting=100000"
        )
        try:
            answers = asyncio.run(_come(booth.url, options.visitors, options.over_seconds))
        finally:
            booth.end()
        queue = open_queue(Path(folder))
        jobs = len(queue.jobs(options.visitors * 2, command=COMMAND))
        queue.database.close()
    times = sorted(milliseconds for milliseconds, _ in answers)
    links = {link for _, link in answers if link}
    result = {
        "visitors": options.visitors,
        "over_seconds": options.over_seconds,
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "lost": options.visitors - min(len(links), jobs),
        "target_ms": TARGET_MS,
    }
    result["met"] = result["median_ms"] <= TARGET_MS and not result["lost"]
    print(json.dumps(result, indent=2))
    return result


async def _come(url: str, count: int, over_seconds: float) -> list[tuple[float, str]]:
    """Have visitors come, each with a connection of their own, kept as a browser keeps it.

    What a visitor does takes next to nothing here: in a theatre their phones do it.
    """
    from tools.booths import rendered_photo

    photo = rendered_photo()

    async def one(number: int) -> tuple[float, str]:
        await asyncio.sleep(over_seconds * number / count)
        visitor = await Visitor.come(url)
        sent = visitor.form(photo)
        began = time.perf_counter()
        answer = await visitor.ask(sent)
        visitor.writer.close()
        return (time.perf_counter() - began) * 1e3, answer.headers.get("hx-redirect", "")

    return list(await asyncio.gather(*(one(number) for number in range(count))))


class Answer(NamedTuple):
    """What a server says: its headers, in small letters, and the body."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Visitor:
    """Somebody who has opened the page: the connection, and the headers that go with what is sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    headers: str = ""

    @classmethod
    async def come(cls, url: str) -> Visitor:
        """Open the page."""
        host = url.removeprefix("http://")
        name, _, port = host.partition(":")
        visitor = cls(*await asyncio.open_connection(name, int(port)), host)
        page = await visitor.ask(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        csrf = re.search(rb'data-csrf="([^"]+)"', page.body)
        assert csrf is not None, page.body
        cookie = page.headers["set-cookie"].partition(";")[0]
        visitor.headers = f"X-CSRF: {csrf[1].decode()}\r\nCookie: {cookie}\r\nHX-Request: true\r\n"
        return visitor

    def form(self, photo: bytes) -> bytes:
        """Return the request that sends a photo, as a browser's form does."""
        parts = b'--x\r\nContent-Disposition: form-data; name="agree"\r\n\r\nyes\r\n--x\r\n'
        parts += (
            b'Content-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n\r\n' + photo + b"\r\n--x--\r\n"
        )
        head = f"POST /photo HTTP/1.1\r\nHost: {self.host}\r\n{self.headers}"
        head += f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(parts)}\r\n\r\n"
        return head.encode() + parts

    async def ask(self, request: bytes) -> Answer:
        """Send a request and return the answer."""
        self.writer.write(request)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        return Answer(headers, await self.reader.readexactly(int(headers.get("content-length", 0))))
