"""Reading of signed records: whose they are, what they say, whether file and record still fit each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faceswap.provenance.certificates import own_path
from faceswap.provenance.manifest import GENERATOR, MAKING
from faceswap.provenance.own_certificate import certificates_in
from faceswap.provenance.signing import OTHER_TYPE, context, sidecar_path, type_of
from faceswap.utils.errors import UserError
from faceswap.utils.limits import MANIFEST_BYTES, MANIFEST_JSON_CHARACTERS
from faceswap.utils.terminal import single_line
from faceswap.utils.untrusted.reading import Untrusted, parse_json, read_bytes

_LONGEST = 300  # characters of a text that is shown


@dataclass(frozen=True)
class Record:
    """A signed record. Unless `is_intact` nothing it says counts.

    Attributes:
        is_intact: Whether signature, record and file fit each other.
        is_ours: Whether this program made it.
        by_own_certificate: Whether it was signed with this user's own certificate.
        problem: What does not fit, in C2PA's words.
        generator: The program that made it.
        signer: Whom the certificate names.
        action: What was done (`when`, `digitalSourceType`, ...); empty where it does not say.
        making: What this program adds (notice.py).
        source: What it was made from: `title`, and `is_signed`, `is_intact` of that one's own record.
    """

    is_intact: bool
    is_ours: bool
    by_own_certificate: bool = False
    problem: str = ""
    generator: str = ""
    signer: str = ""
    action: Mapping[str, str] = field(default_factory=dict)
    making: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


def read_record(path: Path) -> Record | None:
    """Return the signed record in a file, or beside it; None where there is none.

    Raises:
        UserError: The record is too large, or cannot be understood.
    """
    import c2pa

    kind, beside = type_of(path), sidecar_path(path)
    try:
        if kind == OTHER_TYPE and beside.is_file():
            content = read_bytes(beside, MANIFEST_BYTES)
            with open(path, "rb") as file:
                return _record(c2pa.Reader(kind, file, manifest_data=content, context=context()))
        with open(path, "rb") as file:
            reader = c2pa.Reader.try_create(kind, file, context=context()) if kind != OTHER_TYPE else _by_suffix(path)
            return reader and _record(reader)
    except c2pa.C2paError as error:
        if "NotSupported" in type(error).__name__ or "type is unsupported" in str(error):
            return None
        return Record(is_intact=False, is_ours=False, problem=single_line(str(error))[:_LONGEST])
    except Untrusted as error:
        raise UserError(f"cannot read {beside}: {error}") from error


def _by_suffix(path: Path) -> Any:
    """Return a reader of a format that this program does not write (TIFF, AVIF, ...); None without a record."""
    import c2pa

    if path.suffix.lower().lstrip(".") not in c2pa.Reader.get_supported_mime_types():
        return None
    return c2pa.Reader.try_create(path, context=context())


def _record(reader: Any) -> Record:
    text = reader.json()
    if len(text) > MANIFEST_JSON_CHARACTERS:
        raise UserError(f"its signed record has more than {MANIFEST_JSON_CHARACTERS:,} characters")
    told: Any = parse_json(text)
    try:
        active = told["manifests"][told["active_manifest"]]
        failures = told["validation_results"]["activeManifest"].get("failure", [])
        broken = [fault["code"] for fault in failures if fault["code"] != "signingCredential.untrusted"]
        generator = active["claim_generator_info"][0]
        signature = active.get("signature_info", {})
        assertions = {one["label"]: one["data"] for one in active.get("assertions", ())}
        lists = [data["actions"] for label, data in assertions.items() if label.startswith("c2pa.actions")]
        actions = [one for found in lists for one in found]
        action: dict[str, Any] = next((one for one in actions if "digitalSourceType" in one), {})
        making = assertions.get(MAKING, {})
        return Record(
            is_intact=reader.get_validation_state() != "Invalid" and not broken,
            is_ours=generator.get("name") == GENERATOR and MAKING in assertions,
            by_own_certificate=_is_own(signature),
            problem=", ".join(broken),
            generator=_plain(f"{generator.get('name', '')} {generator.get('version', '')}"),
            signer=_plain(", ".join(signature[key] for key in ("common_name", "issuer") if signature.get(key))),
            action={key: _plain(value) for key, value in action.items() if isinstance(value, str)},
            making={key: value if key == "sources" else _plain(value) for key, value in making.items()},
            source=_source(active),
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise UserError(f"its signed record makes no sense ({type(error).__name__})") from error


def _source(active: Mapping[str, Any]) -> dict[str, Any]:
    parents = [one for one in active.get("ingredients", ()) if one.get("relationship") == "parentOf"]
    if not parents:
        return {}
    failures = parents[0].get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    broken = [fault["code"] for fault in failures if fault["code"] != "signingCredential.untrusted"]
    is_signed = "active_manifest" in parents[0]
    return {"title": _plain(parents[0].get("title", "")), "is_signed": is_signed, "is_intact": is_signed and not broken}


def _is_own(signature: Mapping[str, Any]) -> bool:
    """Return whether a record was signed with the user's own certificate, by its number, which is random."""
    number = str(signature.get("cert_serial_number", ""))
    return any(str(one.serial_number) == number for one in certificates_in(own_path())[:1])


def _plain(value: Any) -> str:
    return single_line(value if isinstance(value, str) else json.dumps(value))[:_LONGEST]
