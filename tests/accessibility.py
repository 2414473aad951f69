"""What keeps somebody out of a page: axe-core, run in the browser."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest


def axe_source() -> str:
    """The script of axe-core; the test that asks for it is skipped where it is not installed."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed (pip install axe-playwright-python)")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def serious_faults(page: Any, source: str) -> list[str]:
    """Names what is serious or critical on the page as it is now, and where. The page's policy stays in force."""
    page.evaluate(source)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        f"{page.url}: {one['id']} ({one['help']}): {[node['target'] for node in one['nodes']][:5]}"
        for one in found if one["impact"] in ("serious", "critical")
    ]  # fmt: skip
