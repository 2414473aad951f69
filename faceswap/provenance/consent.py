"""The consent on record for a swap: who agreed, to what, when and until when."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping

from faceswap.provenance.notice import NOT_RECORDED
from faceswap.utils.errors import UserError

CONSENT = ("who", "purpose", "when", "until")

log = logging.getLogger(__name__)


def consent_metadata(consent: Mapping[str, str]) -> dict[str, str]:
    """Return the consent as metadata of a result: who, for what, when, until when; or that none that holds is recorded.

    Raises:
        UserError: `until` is no date.
    """
    if not consent.get("who") or has_run_out(consent):
        return {"consent": NOT_RECORDED}
    told = [consent[name] for name in CONSENT[:-1] if consent.get(name)]
    told += [f"until {consent['until']}"] if consent.get("until") else []
    return {"consent": "; ".join(told)}


def show_consent(consent: Mapping[str, str]) -> None:
    """Log who agreed to a swap, or warn that nobody did or that it has run out.

    Raises:
        UserError: `until` is no date.
    """
    if not consent.get("who"):
        log.warning(
            "no consent is on record for this swap: fill in the consent block of its pair, or say pair.consent.who= "
            "(docs/responsible-use.md)"
        )
    elif has_run_out(consent):
        log.warning(
            "the consent of %s ran out on %s: ask again, and say so with pair.consent.until=",
            consent["who"],
            consent["until"],
        )
    else:
        until = f", until {consent['until']}" if consent.get("until") else ""
        purpose, when = consent.get("purpose") or "not said", consent.get("when") or "no date"
        log.info("consent: %s; for: %s; %s%s", consent["who"], purpose, when, until)


def has_run_out(consent: Mapping[str, str], today: datetime.date | None = None) -> bool:
    """Return whether the last day of a consent, if one was said, is over.

    Raises:
        UserError: It is no date.
    """
    if not (until := consent.get("until")):
        return False
    try:
        last = datetime.date.fromisoformat(until)
    except ValueError as error:
        raise UserError(f"pair.consent.until={until[:60]}: a date is wanted, as 2027-12-31") from error
    return (today or datetime.date.today()) > last
