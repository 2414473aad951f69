"""Signing of results: a C2PA manifest in the file itself, or beside it where the format has no room for one.

It comes last, on the temporary file: whatever is written into a signed file breaks the signature.
"""

from __future__ import annotations

import errno
import functools
import io
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faceswap.provenance.certificates import Certificate, signing_certificate
from faceswap.provenance.manifest import ingredient_of, manifest_of
from faceswap.provenance.notice import NOTICE
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path, flush_to_disk
from faceswap.utils.files.links import move, remove
from faceswap.utils.files.temporary import temp_path
from faceswap.utils.limits import SIDECAR_FILM_BYTES

SIDECAR_SUFFIX = ".c2pa"
MIME_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".mp4": "video/mp4",
    ".m4v": "video/mp4", ".mov": "video/quicktime", ".tif": "image/tiff", ".tiff": "image/tiff",
}  # fmt: skip
OTHER_TYPE = "application/octet-stream"  # hashed as a whole, whatever it is
# Files of films would be held in memory twice. Hashed in pieces of 4 MiB they are not; each takes some 280 bytes.
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"backing_store_memory_threshold_in_mb": 16, "merkle_tree_chunk_size_in_kb": 4096},
}

log = logging.getLogger(__name__)


def sign(temp: Path, path: Path, about: Mapping[str, str], sources: Sequence[Path] = ()) -> None:
    """Sign a finished result when its metadata say that it was made with AI; to be renamed right after.

    Where its format has no room for the record, that is written beside it. What C2PA refuses to sign is told in a
    warning and stays as it is.

    Args:
        temp: The result under its temporary name.
        path: What it will be called.
        about: Its metadata (notice.py).
        sources: Local files it was made from; the first, if it is signed, brings its own record along.
    """
    if NOTICE not in about:
        return
    sources = [source for source in sources if source.is_file()]
    is_embedded = path.suffix.lower() in MIME_TYPES
    with _kept_unsigned(path):
        if is_embedded:
            _sign_within(temp, path, about, sources)
            return
        if temp.stat().st_size <= SIDECAR_FILM_BYTES:
            _sign_beside(temp, path, about, sources)
            return
        log.warning("%s is too large to be signed in this format; as .mp4 or .mov it would be", path)
    if not is_embedded:
        remove(sidecar_path(path))  # of an earlier result: it would say that this one was changed


def signed(data: bytes, name: str, about: Mapping[str, str]) -> bytes:
    """Return the bytes of a picture as `sign` leaves its file, for what is shown without being stored.

    Args:
        data: The picture.
        name: What it is called, with the suffix of a format that has room for a record.
        about: Its metadata (notice.py).
    """
    if NOTICE not in about:
        return data
    path, result = Path(name), io.BytesIO()
    with _kept_unsigned(path):
        signer = signer_of(signing_certificate())
        _builder(path, about, ()).sign(signer, MIME_TYPES[path.suffix], io.BytesIO(data), result)
        data = result.getvalue()
    return data


def sidecar_path(path: Path) -> Path:
    """Return where the record of a file lies whose format has no room for it: film.mkv.c2pa.

    The whole name counts: film.avi beside film.mkv has a record of its own.
    """
    return path.with_name(path.name + SIDECAR_SUFFIX)


def refuse_unfit(certificate: Certificate, name: str) -> None:
    """Raise UserError when what is signed with a certificate does not hold: a picture is signed and read for trial."""
    import c2pa
    from PIL import Image

    picture, result = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    try:
        builder = c2pa.Builder(manifest_of("trial", {NOTICE: "trial"}), context=context())
        builder.sign(signer_of(certificate), "image/png", io.BytesIO(picture.getvalue()), result)
        reader = c2pa.Reader("image/png", io.BytesIO(result.getvalue()), context=context())
        holds, reason = reader.get_validation_state() != "Invalid", "C2PA finds its signatures invalid"
    except c2pa.C2paError as error:
        holds, reason = False, str(error)
    if not holds:
        raise UserError(
            f"{name} cannot sign results ({reason}); wanted is one for e-mail or document signing, with those above it "
            "in the same file, and no self-signed one"
        )


def context() -> Any:
    """Return C2PA's settings: no thumbnails, nothing fetched from a network, little memory."""
    return _context(os.getpid())


@functools.cache
def _context(process: int) -> Any:
    """Return those of one process: a forked one cannot use what C2PA made in its parent."""
    import c2pa

    return c2pa.Context(c2pa.Settings.from_dict(_SETTINGS))


@contextmanager
def _kept_unsigned(path: Path) -> Iterator[None]:
    """Let a result that C2PA refuses to sign be kept, with a warning; a full disk stays an error of its own."""
    import c2pa

    try:
        yield
    except c2pa.C2paError as error:
        found = re.search(r"os error (\d+)", str(error))
        if found and int(found[1]) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OSError(int(found[1]), str(error), str(path)) from error
        log.warning("%s could not be signed (%s); only its metadata say that it was made with AI", path, error)


def _sign_within(temp: Path, path: Path, about: Mapping[str, str], sources: Sequence[Path]) -> None:
    target = temp_path(path.with_name(f"signed {path.name}"))
    try:
        _builder(path, about, sources).sign_file(temp, target, signer_of(signing_certificate()))
        move(target, temp)
    finally:
        remove(target)


def _sign_beside(temp: Path, path: Path, about: Mapping[str, str], sources: Sequence[Path]) -> None:
    builder = _builder(path, about, sources)
    builder.set_no_embed()
    with open(temp, "rb") as source, open(os.devnull, "r+b") as nowhere:
        content = builder.sign(signer_of(signing_certificate()), OTHER_TYPE, source, nowhere)
    flush_to_disk(temp)  # which takes long, and both get their names within a moment
    with atomic_path(sidecar_path(path)) as beside:
        beside.write_bytes(content)


def _builder(path: Path, about: Mapping[str, str], sources: Sequence[Path]) -> Any:
    import c2pa

    if not sources:
        return c2pa.Builder(manifest_of(path.name, about, sources), context=context())
    try:
        return _builder_from(path, about, sources, type_of(sources[0]))
    except c2pa.C2paError as error:  # a damaged record of a stranger's must not keep ours out of the result
        log.warning("the signed record in %s cannot be read (%s): %s tells of it without", sources[0], error, path)
        return _builder_from(path, about, sources, OTHER_TYPE)


def _builder_from(path: Path, about: Mapping[str, str], sources: Sequence[Path], kind: str) -> Any:
    """Return what signs a result made from a source of a media type, in which a record is looked for."""
    import c2pa

    builder = c2pa.Builder(manifest_of(path.name, about, sources), context=context())
    with open(sources[0], "rb") as file:
        builder.add_ingredient(ingredient_of(sources[0]), kind, file)
    return builder


def type_of(path: Path) -> str:
    """Return the media type of a file by its first bytes: names of other people's files may be wrong."""
    with open(path, "rb") as file:
        head = file.read(16)
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "image/tiff"
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:10] == b"qt" else "video/mp4"
    return OTHER_TYPE


def signer_of(certificate: Certificate) -> Any:
    """Return what C2PA signs with."""
    return _signer(certificate, os.getpid())


@functools.lru_cache(maxsize=4)
def _signer(certificate: Certificate, process: int) -> Any:
    import c2pa

    algorithm = getattr(c2pa.C2paSigningAlg, certificate.algorithm)
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, certificate.chain, certificate.key, None))
