"""Measures of a command that was stopped are taken over by the same command, and by no other."""

import pytest

from faceswap.stylegan.metrics.measurement_cache import Measurements


def test_what_was_measured_is_not_measured_again(tmp_path):
    calls = []

    def measure(name, value=0.1234567890123):
        calls.append(name)
        return {"value": value}

    report, settings = tmp_path / "metrics.json", {"pairs": 10, "generator": "abc"}
    first = Measurements(report, settings)
    first("one", lambda: measure("one"))
    with pytest.raises(KeyboardInterrupt):
        first("two", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    again = Measurements(report, settings)
    assert again("one", lambda: measure("one")) == {"value": 0.1234567890123}
    again("two", lambda: measure("two"))
    assert calls == ["one", "two"]
    Measurements(report, settings | {"pairs": 11})("one", lambda: measure("other settings"))
    assert calls[-1] == "other settings"
    again.path.write_text("{damaged")
    Measurements(report, settings)("one", lambda: measure("damaged"))
    assert calls[-1] == "damaged"
    again.forget()
    assert not list(tmp_path.iterdir())
