"""python -m faceswap.verify FILE: who made a picture or film with AI, with what, when, and is it as it was made."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.provenance.fingerprint import said
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.reading import open_regular

if TYPE_CHECKING:
    from faceswap.config.swapping import VerifyRequest
    from faceswap.provenance.reading import Record

_VOUCHED = "nobody was asked whether that is true"


class Changed(UserError):
    """The file is not what was signed."""

    exit_code = 3


class RecordLost(UserError):
    """This program made the file, its metadata say; the signed record is gone."""

    exit_code = 4


class NotOurs(UserError):
    """Nothing says that this program made the file."""

    exit_code = 5


def verify(request: VerifyRequest) -> str:
    """Returns what an intact file's record says, in lines. Raises UserError, a kind for each other case."""
    from faceswap.provenance.reading import read_record

    if not request.file:
        raise UserError("which file? say python -m faceswap.verify FILE")
    path = Path(request.file)
    if not path.is_file():
        raise UserError(f"cannot read {path}: {'it is a folder' if path.is_dir() else 'no such file'}")
    if not path.stat().st_size:
        raise UserError(f"cannot read {path}: the file is empty")
    os.close(open_regular(path))  # which says whose it is, where it may not be read
    record = read_record(path)
    if record is None:
        raise without_record(path)
    if not record.is_intact:
        raise Changed(f"{path} was changed after it was signed, or its record is another file's ({record.problem})")
    if not record.is_ours:
        raise NotOurs(
            f"{path} was not made by this program: its signed record, which is intact, is of {record.generator}, "
            f"signed by {record.signer} ({_VOUCHED})"
        )
    return f"{path}: intact, made with AI\n{told(record)}"


def told(record: Record) -> str:
    """What an intact record says, one thing a line."""
    making, action = record.making, record.action
    lines = {
        "what": action.get("description", "").removeprefix("Made with AI: "),
        "made by": making.get("made_with_ai", record.generator),
        "when": action.get("when", ""),
        "kind": action.get("digitalSourceType", "").rpartition("/")[2],
        "model": making.get("model_sha256", "") and f"sha256 {making['model_sha256']}",
        "faces a": making.get("faces_a", ""),
        "faces b": making.get("faces_b", ""),
        "as filmed": making.get("kept_as_filmed", ""),
        "painted": making.get("painted_masks", ""),
        "consent": making.get("consent", ""),
        "source": source_of(record),
        "signed by": record.signer + (" (your own certificate)" if record.by_own_certificate else f" ({_VOUCHED})"),
    }
    return "\n".join(f"  {name + ':':<11}{text}" for name, text in lines.items() if text)


def source_of(record: Record) -> str:
    """What the result was made from, with its checksum and what is known of its own record."""
    if not record.source:
        return ""
    sources = record.making.get("sources") or [{}]
    checksum = str(sources[0].get("sha256", ""))[:64] if isinstance(sources[0], dict) else ""
    own = "intact" if record.source["is_intact"] else "which does not fit it"
    signed = f"with a signed record of its own, {own}" if record.source["is_signed"] else "without a signed record"
    return f"{record.source['title']}, sha256 {checksum}, {signed}"


def without_record(path: Path) -> UserError:
    """What is to be said of a file without a signed record: by its metadata, which prove nothing."""
    notice = said(path)
    if notice is None:
        return NotOurs(f"{path} has no signed record, and nothing in it says that this program made it")
    sentence, mark = notice
    claimed = f"its metadata, which anybody could have written, say that {sentence}"
    if mark and mark == mark_of_file(path):
        return RecordLost(f"{path}: the signed record was taken out; pictures are as they were made; {claimed}")
    return RecordLost(f"{path}: encoded anew or cut after it was made, the signed record is gone; {claimed}")


def mark_of_file(path: Path) -> str:
    """The fingerprint of a file's pictures as they are now; empty where it is none that this program writes."""
    from faceswap.media.pictures.stamp import picture_mark
    from faceswap.media.video.stamp import film_mark

    try:
        return picture_mark(path)
    except ValueError:
        pass
    try:
        return film_mark(path)
    except UserError:
        return ""


def arguments() -> list[str]:
    """The arguments with the file named: FILE is file=FILE."""
    return [
        f"file={word}" if os.path.lexists(word) or not ("=" in word or word.startswith("-")) else word
        for word in sys.argv[1:]
    ]


if __name__ == "__main__":
    sys.exit(run_command("verify", verify, arguments()))
