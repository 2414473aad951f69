"""A certificate of the user's own, made at first use and kept where only they can read it.

Nobody vouches for it: it shows that results came from one place and are unchanged, not who made them. Its private key
never leaves the folder of the user's settings; that of the authority above it is forgotten at once.
"""

from __future__ import annotations

import datetime
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from faceswap.provenance.certificates import Certificate, own_path
from faceswap.utils.errors import UserError
from faceswap.utils.files.private import keep_private
from faceswap.utils.limits import CERTIFICATE_BYTES
from faceswap.utils.untrusted.reading import Untrusted, read_bytes

if TYPE_CHECKING:
    from cryptography import x509

LASTS_DAYS = 3650
_RENEWED_BEFORE_DAYS = 1
_KEY = b"-----BEGIN PRIVATE KEY-----"

log = logging.getLogger(__name__)


def own_certificate() -> Certificate:
    """Return the user's own certificate, made now where there is none that counts.

    Where it cannot be kept, which a warning tells, it is this process's alone.
    """
    path = own_path()
    with suppress(UserError, OSError, Untrusted, ValueError):
        return _stored(path)
    made = new_certificate()
    try:
        return _keep(made, path)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        log.warning("%s: %s; this result is signed with a certificate that no other result will have", path, reason)
        return made


def new_certificate(days: float = LASTS_DAYS) -> Certificate:
    """Return a new certificate, below an authority of its own, as C2PA wants it (which takes no self-signed one)."""
    number = secrets.token_hex(4)  # no name of a person or machine: results are given away

    def name(what: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "faceswap")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, f"{what} {number}")])

    now = datetime.datetime.now(datetime.UTC)

    def begun(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        begin = now - datetime.timedelta(hours=1)  # clocks differ
        built = x509.CertificateBuilder(subject_name=subject, issuer_name=name("self-made authority"))
        built = built.public_key(key.public_key()).serial_number(x509.random_serial_number())
        built = built.not_valid_before(begin).not_valid_after(now + datetime.timedelta(days=days))
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return built.add_extension(identifier, critical=False)

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = begun(name("self-made authority"), authority_key)
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = authority.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    leaf = begun(name("self-made certificate"), key)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_usage(digital_signature=True), critical=True)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    leaf = leaf.add_extension(above, critical=False)
    pem = serialization.Encoding.PEM
    chain = [one.sign(authority_key, hashes.SHA256()).public_bytes(pem) for one in (leaf, authority)]
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificate(b"".join(chain), private, "ES256", name("self-made certificate").rfc4514_string())


def certificates_in(path: Path) -> list[x509.Certificate]:
    """Return the certificates that are kept, the first of which signs; none where there are none."""
    with suppress(UserError, OSError, Untrusted, ValueError):
        return x509.load_pem_x509_certificates(read_bytes(path, CERTIFICATE_BYTES).partition(_KEY)[0])
    return []


def _usage(**asked: bool) -> Any:
    usual = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: asked.get(name, False) for name in usual})


def _stored(path: Path) -> Certificate:
    """Return the certificate that is kept. Raises UserError, OSError or ValueError where there is none that counts."""
    content = read_bytes(path, CERTIFICATE_BYTES)
    chain, mark, key = content.partition(_KEY)
    leaf = x509.load_pem_x509_certificates(chain)[0]
    serialization.load_pem_private_key(mark + key, None)
    left = leaf.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    if left < datetime.timedelta(days=_RENEWED_BEFORE_DAYS):
        path.unlink()
        raise ValueError("it runs out")
    return Certificate(chain, mark + key, "ES256", leaf.subject.rfc4514_string())


def _keep(made: Certificate, path: Path) -> Certificate:
    """Store a certificate; where another process was first, take that one."""
    content = made.chain + made.key
    if not keep_private(path, content):
        with suppress(UserError, Untrusted, ValueError):
            return _stored(path)
        keep_private(path, content, replace=True)  # what is there is no certificate
    log.info("results are signed from now on with a certificate of your own: %s", path)
    return made
