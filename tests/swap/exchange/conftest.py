"""What the tests of exchange share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def dfm(weights: Path, tmp_path: Path) -> Path:
    """The model `tiny` as a .dfm of its side a."""
    from faceswap.swap.exchange.dfm_export import export_dfm

    return export_dfm(weights, tmp_path / "out" / "x.dfm", run="x_y", faces=("x", "y"), consent={"who": "both"})
