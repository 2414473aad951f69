"""200 visitors of a booth on SQLite: how long an upload takes, and whether anybody is lost."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx

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
    from tools.booths import open_page, rendered_photo, send_photo

    photo = rendered_photo()
    limits = httpx.Limits(max_connections=count)

    async def one(number: int, client: httpx.AsyncClient) -> tuple[float, str]:
        await asyncio.sleep(over_seconds * number / count)
        headers = await open_page(client, url)
        began = time.perf_counter()
        answer = await send_photo(client, url, photo, headers)
        return (time.perf_counter() - began) * 1e3, answer.headers.get("hx-redirect", "")

    async with httpx.AsyncClient(timeout=120, limits=limits) as client:
        return list(await asyncio.gather(*(one(number, client) for number in range(count))))
