"""`python -m tools.kills.booth [--visitors N] [--kills N]`: kill a booth's workers and server; each film is made once.

Prints its findings as JSON; ends with 1 when a film is missing, or was finished twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from faceswap.booth.shared.visitors import COMMAND, RESULT
from faceswap.jobs.opening import open_queue
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import ENDED, State
from faceswap.souvenir.config import GOOD
from tools.booths import RunningBooth, open_page, rendered_photo, send_photo

LONGEST_SECONDS = 3600.0


def main(arguments: list[str]) -> int:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="booth", description=__doc__)
    parser.add_argument("--visitors", type=int, default=3)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=1, help="visitors that a worker takes at a time")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="booth-") as folder:
        start = partial(RunningBooth, Path(folder), f"batch_size={asked.batch_size}")
        found = killed(Path(folder), asked.visitors, asked.kills, random.Random(asked.seed), start)
    print(json.dumps(found, indent=2))
    return 1 if found["wrong"] else 0


def killed(
    workspace: Path, visitors: int, kills: int, choose: random.Random, start: Callable[[], RunningBooth]
) -> dict[str, Any]:
    """Kill worker or server, whichever comes up, again and again until all films are made; return what came of it."""
    booth = start()
    asyncio.run(_come(booth.url, visitors))
    queue, began, left = open_queue(workspace), time.monotonic(), kills
    done = {"worker": 0, "server": 0}
    while any(job.state not in ENDED for job in queue.jobs(command=COMMAND)):
        if time.monotonic() - began > LONGEST_SECONDS:
            break
        time.sleep(choose.uniform(1, 12))
        if not left:
            continue
        left -= 1
        workers = [one for one in psutil.Process(booth.process.pid).children() if "faceswap.worker" in one.cmdline()]
        if workers and choose.random() < 0.5:
            workers[0].kill()  # the server starts another
            done["worker"] += 1
        else:
            booth.end(signal.SIGKILL)  # its people start it again, and a worker with it
            booth = start()
            done["server"] += 1
    booth.end()
    wrong = _wrong(queue, workspace, visitors)
    queue.database.close()
    return {"visitors": visitors, "kills": done, "seconds": round(time.monotonic() - began), "wrong": wrong}


def _wrong(queue: JobQueue, workspace: Path, visitors: int) -> list[str]:
    jobs = queue.jobs(command=COMMAND)
    wrong = [] if len(jobs) == visitors else [f"{len(jobs)} jobs of {visitors} visitors"]
    for job in jobs:
        well = [attempt for attempt in job.attempts if attempt.exit_code == 0]
        films = list((workspace / "booth" / "visitors").glob(f"*/{RESULT}/{GOOD}"))
        if job.state != State.DONE or len(well) != 1 or len(films) != visitors:
            wrong.append(f"{job.state}: {job.reason}; {len(well)} attempts ended well, {len(films)} films")
    return wrong


async def _come(url: str, count: int) -> None:
    async with httpx.AsyncClient(timeout=120) as client:
        for _ in range(count):
            await send_photo(client, url, rendered_photo(), await open_page(client, url))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
