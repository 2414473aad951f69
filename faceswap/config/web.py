"""Settings of the commands around galleries, the queue and the pages: match, worker, studio."""

from dataclasses import dataclass
from typing import Any

from faceswap.config.editing import FACE
from faceswap.utils.settings.options import DEVICES, option, plugin, workspace


@dataclass(frozen=True)
class MatchRequest:
    """Tell whom a face resembles: the nearest and the farthest people of a gallery, with likeness in per cent."""

    photo: str = option("", "a photo of somebody", kind="path")
    gallery: str = option(
        "", "a folder with a folder of photos for each person (default: the shipped rendered people)", kind="path"
    )
    top: int = option(3, "how many of the nearest and of the farthest people", minimum=1, maximum=20)
    workspace: str = workspace()
    out: str = option("", "the sheet (default: out/PHOTO_match.png in the workspace, or _match_GALLERY)", kind="path")
    face: str = option("largest", FACE)
    finder: Any = plugin("finder", "how faces are found")
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class WorkerRequest:
    """Run the jobs of a workspace's queue; one whose worker is stopped goes on with the next worker."""

    workspace: str = workspace()
    database: str = option(
        "", "the queue's database as a URL, postgresql+psycopg://USER@HOST/NAME (default: SQLite in the workspace)",
        kind="text",
    )  # fmt: skip
    until_empty: bool = option(False, "end when nothing is left that can be done now")
    end_with_parent: bool = option(False, "end with the process that has started it, however that ends")


@dataclass(frozen=True)
class StudioRequest:
    """Open the studio: pages in a browser on which films are extracted, curated, trained on and converted."""

    workspace: str = workspace()
    media: str = option("", "folders whose films may be read besides, with : between them", kind="path")
    host: str = option(
        "127.0.0.1",
        "the address; any but this machine's own asks for FACESWAP_STUDIO_PASSWORD",
        kind="text",
    )
    port: int = option(7860, "the port; 0: any that is free", minimum=0, maximum=65535)
    workers: int = option(1, "workers that are started with it; 0: others run the queue", minimum=0, maximum=64)
    database: str = option("", "the queue's database as a URL (default: SQLite in the workspace)", kind="text")
    device: str = option("auto", DEVICES)
