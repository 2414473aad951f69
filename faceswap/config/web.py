"""Settings of the commands around galleries, the queue and the pages: match, booth_film, worker, studio, booth."""

from dataclasses import dataclass
from typing import Any

from faceswap.config.editing import ENCODER, FACE, GENERATOR
from faceswap.provenance.config import SigningConfig, signing
from faceswap.souvenir.config import SouvenirSettings
from faceswap.utils.settings.options import DEVICES, option, plugin, section, workspace

BATCH = "waiting visitors of the booth that a worker takes at a time: their faces are seen in batches, for a GPU"


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
class BoothFilmRequest(SouvenirSettings):
    """Make what a visitor of the booth takes home: matches, morph films, a smile, a poster, a composite portrait."""

    photo: str = option("", "a photo of somebody who has agreed", kind="path")
    clean_photo: bool = option(
        False, "write the photo anew first, upright, as its pixels alone: what else its file tells is gone"
    )
    consent: str = option("", "who agreed and when, for the signed records (default: not recorded)", kind="text")
    gallery: str = option(
        "", "a folder with a folder of photos for each person (default: the shipped rendered people)", kind="path"
    )
    workspace: str = workspace()
    provenance: SigningConfig = signing()
    out: str = option("", "the folder of the results (default: out/NAME_souvenir in the workspace)", kind="path")
    face: str = option("largest", FACE)
    generator: str = option("", GENERATOR, kind="path")
    encoder: str = option("", ENCODER, kind="path")
    directions: str = option("", "a file of directions (default: the shipped generator's)", kind="path")
    finder: Any = plugin("finder", "how faces are found")
    mask: Any = plugin("mask", "which pixels smile")
    batch_size: int = option(8, "faces that are looked for in the generator at a time", minimum=1, maximum=65536)
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class WorkerRequest:
    """Run the jobs of a workspace's queue; one whose worker is stopped goes on with the next worker."""

    workspace: str = workspace()
    database: str = option(
        "",
        "the queue's database as a URL, postgresql+psycopg://USER@HOST/NAME (default: SQLite in the workspace)",
        kind="text",
    )
    batch_size: int = option(1, BATCH, minimum=1, maximum=1000)
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


@dataclass(frozen=True)
class MailConfig:
    """The mail server by which visitors get their link; the password is FACESWAP_BOOTH_MAIL_PASSWORD."""

    server: str = option("", "name of an SMTP server (default: no mail is offered)", kind="text")
    port: int = option(587, "its port", minimum=1, maximum=65535)
    security: str = option("starttls", "how the way to it is encrypted", choices=("starttls", "tls", "none"))
    user: str = option("", "who logs in there (default: nobody)", kind="text")
    sender: str = option("", "the address that mails come from", kind="text")


@dataclass(frozen=True)
class BoothRequest:
    """Open the booth: visitors photograph themselves, learn whom they resemble, and turn into them in a film."""

    workspace: str = workspace()
    gallery: str = option(
        "", "a folder with a folder of photos for each person (default: the shipped rendered people)", kind="path"
    )
    game: str = option("", "for the game: a folder with pictures in real/ and in generated/", kind="path")
    host: str = option("127.0.0.1", "the address; 0.0.0.0 lets the phones of visitors in", kind="text")
    port: int = option(7870, "the port; 0: any that is free", minimum=0, maximum=65535)
    url: str = option(
        "", "the address under which visitors reach it, as https://booth.example (default: this machine's)", kind="text"
    )
    proxy: str = option("", "the address of a server with TLS before it, whose word on visitors' is taken", kind="text")
    keep_hours: float = option(24.0, "hours after which everything of a visitor is deleted", minimum=0.01, maximum=8760)
    photos_a_minute: int = option(240, "photos that one address may send a minute", minimum=1, maximum=100000)
    most_waiting: int = option(500, "visitors that may wait at a time", minimum=1, maximum=100000)
    mail: MailConfig = section(MailConfig, "mails with the link")
    workers: int = option(1, "workers that are started with it; 0: others run the queue", minimum=0, maximum=64)
    batch_size: int = option(1, BATCH, minimum=1, maximum=1000)
    database: str = option("", "the database as a URL (default: SQLite in the workspace)", kind="text")
