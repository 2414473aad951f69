"""What results are signed with: the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from faceswap.utils.settings.options import option, section


@dataclass(frozen=True)
class SigningConfig:
    """The certificate that results are signed with."""

    certificate: str = option(
        "",
        "a PEM file: your certificate and those above it (default: FACESWAP_CERTIFICATE, else one is made for you)",
        kind="path",
    )
    key: str = option("", "a PEM file with its private key, without a password (or FACESWAP_KEY)", kind="path")


def signing() -> Any:
    """Return the section that says what the results of a command are signed with."""
    return section(SigningConfig, "what results are signed with (docs/provenance.md)")
