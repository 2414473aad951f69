from __future__ import annotations

import pytest
import yaml

from faceswap.config.groups import config_folder
from tools.bench.models import MODELS, main


def test_costs_are_counted_without_computing(capsys):
    rows = main(["--batch", "2"])
    assert rows.keys() == MODELS.keys()
    original = rows["original"]
    assert (original["parameters"], original["swap_gmac"], original["step_gmac"]) == (82_062_470, 1.9, 11.4)
    assert original["weights_mib"] == pytest.approx(82_062_470 * 16 / 2**20, abs=0.5)
    assert rows["df_256"]["kept_mib"] == pytest.approx(4 * rows["df_128"]["kept_mib"], rel=0.05)


def test_the_shipped_variants_are_those_that_are_counted():
    for path in (config_folder() / "model").glob("*.yaml"):
        values = yaml.safe_load(path.read_text())
        base, *own = values.pop("defaults")
        if own:  # the file of a whole model: it says its own defaults
            assert base == f"{path.stem}_schema" and own == ["_self_"]
        else:
            assert MODELS[path.stem] == (base, values)
