"""Certificates that results are signed with: the user's, or one of their own made at first use."""

from __future__ import annotations

import datetime
import functools
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.utils.errors import UserError
from faceswap.utils.limits import CERTIFICATE_BYTES
from faceswap.utils.untrusted.reading import Untrusted, read_bytes

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

OWN = ("faceswap", "signing.pem")  # below the folder of the user's settings
CERTIFICATE_VARIABLE, KEY_VARIABLE = "FACESWAP_CERTIFICATE", "FACESWAP_KEY"

log = logging.getLogger(__name__)
_chosen: list[Certificate] = []


@dataclass(frozen=True)
class Certificate:
    """What signs: the certificate and those above it (PEM), its key (PEM, PKCS 8), and C2PA's name of the algorithm."""

    chain: bytes
    key: bytes = field(repr=False)
    algorithm: str
    issuer: str = ""


def choose(certificate: str = "", key: str = "") -> None:
    """Let this process sign with the user's certificate, or without one (nor in the environment) with its own.

    Args:
        certificate: A PEM file with the certificate and those above it, but the root.
        key: A PEM file with its private key, without a password.

    Raises:
        UserError: One is given without the other, or they cannot be used.
    """
    certificate = certificate or os.environ.get(CERTIFICATE_VARIABLE, "")
    key = key or os.environ.get(KEY_VARIABLE, "")
    _chosen.clear()
    if bool(certificate) != bool(key):
        given, missing = ("certificate", "key") if certificate else ("key", "certificate")
        raise UserError(f"provenance.{given}={certificate or key} without provenance.{missing}=: give both, or neither")
    if certificate:
        _chosen.append(users_certificate(certificate, key))


def signing_certificate() -> Certificate:
    """Return the certificate that this process signs with; its own one is made where there is none yet."""
    if not _chosen:
        choose()
    if not _chosen:
        from faceswap.provenance.own_certificate import own_certificate

        _chosen.append(own_certificate())
    return _chosen[0]


@functools.lru_cache(maxsize=4)
def users_certificate(certificate: str, key: str) -> Certificate:
    """Return a certificate and its key from two PEM files.

    Raises:
        UserError: They cannot be read, do not belong together, or results cannot be signed with them.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    chain_pem, key_pem = (_read(name, path) for name, path in (("certificate", certificate), ("key", key)))
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise UserError(f"provenance.certificate={certificate}: a PEM file of certificates is wanted") from error
    try:
        private = serialization.load_pem_private_key(key_pem, None)
    except TypeError as error:
        raise UserError(
            f"provenance.key={key} has a password: give the key without (openssl pkcs8 -topk8 -nocrypt)"
        ) from error
    except Exception as error:  # ValueError, UnsupportedAlgorithm: any of the library's
        raise UserError(f"provenance.key={key}: a PEM file with a private key is wanted") from error
    if _public(private.public_key()) != _public(chain[0].public_key()):
        raise UserError(f"provenance.key={key} is not the key of the first certificate in {certificate}")
    refuse_dates(chain[0], f"provenance.certificate={certificate}")
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    found = Certificate(chain_pem, pem, _algorithm(private, key), chain[0].subject.rfc4514_string())
    from faceswap.provenance.signing import refuse_unfit

    refuse_unfit(found, f"provenance.certificate={certificate}")
    return found


def refuse_dates(certificate: x509.Certificate, name: str) -> None:
    """Raise UserError for a certificate that has run out or does not count yet."""
    now = datetime.datetime.now(datetime.UTC)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= last:
        raise UserError(f"{name} ran out on {last:%Y-%m-%d}: give one that still counts")
    if now < first:
        raise UserError(f"{name} counts from {first:%Y-%m-%d} on: look at the computer's date")


def own_path() -> Path:
    """Return where the user's own certificate lies."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(folder if os.path.isabs(folder) else os.path.expanduser("~/.config"), *OWN)


def _read(name: str, path: str) -> bytes:
    try:
        return read_bytes(os.path.expanduser(path), CERTIFICATE_BYTES)
    except OSError as error:
        raise UserError(f"provenance.{name}={path}: {os.strerror(error.errno or 0).lower()}") from error
    except Untrusted as error:
        raise UserError(f"provenance.{name}={path}: {error}") from error


def _public(key: object) -> bytes:
    from cryptography.hazmat.primitives import serialization

    encoding, kind = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, kind)  # type: ignore[attr-defined]


def _algorithm(key: PrivateKeyTypes, path: str) -> str:
    """Return C2PA's name of what a key signs with. Raises UserError where it has none."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ED25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "PS256"
    raise UserError(f"provenance.key={path}: a key of P-256, P-384, P-521, Ed25519 or RSA from 2048 bits on is wanted")


_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
