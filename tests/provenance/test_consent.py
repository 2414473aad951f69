"""Consent: who, for what, when and until when; what is missing or has run out is not recorded."""

import datetime

import pytest

from faceswap.provenance.consent import consent_metadata, has_run_out, show_consent
from faceswap.utils.errors import UserError

GIVEN = {"who": "both actors", "purpose": "a film", "when": "2026-03-02"}


@pytest.mark.parametrize(
    ("consent", "says"),
    [
        (GIVEN, "both actors; a film; 2026-03-02"),
        (GIVEN | {"until": "2999-12-31"}, "both actors; a film; 2026-03-02; until 2999-12-31"),
        ({"who": "both"}, "both"),
        (GIVEN | {"until": "2020-01-01"}, "not recorded"),
        (GIVEN | {"who": ""}, "not recorded"),
        ({}, "not recorded"),
    ],
)
def test_a_result_says_what_holds(consent, says):
    assert consent_metadata(consent) == {"consent": says}


OVER = GIVEN | {"until": "2020-01-01"}


@pytest.mark.parametrize(("consent", "says"), [({}, "no consent is on record"), (OVER, "ran out")])
def test_what_is_missing_or_over_is_one_warning(caplog, consent, says):
    show_consent(consent)
    (record,) = caplog.records
    assert record.levelname == "WARNING" and says in record.getMessage()


def test_it_counts_on_its_last_day():
    until = {"until": "2027-12-31"}
    assert not has_run_out(until, datetime.date(2027, 12, 31)) and has_run_out(until, datetime.date(2028, 1, 1))


def test_no_date_is_told_in_one_line():
    with pytest.raises(UserError, match=r"pair\.consent\.until=next year: a date is wanted"):
        has_run_out({"until": "next year"})
