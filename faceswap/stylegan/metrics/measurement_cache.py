"""A cache of measurements, with which a stopped command resumes."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from faceswap.utils.files.atomic import write_json
from faceswap.utils.untrusted.reading import Untrusted, read_json_table

log = logging.getLogger(__name__)


class Measurements:
    """Measures of one generator with one choice of settings, kept beside the report until that is written.

    Args:
        report: The report that they are for.
        settings: All that the numbers depend on; of others nothing is taken over.
    """

    def __init__(self, report: Path, settings: Mapping[str, Any]) -> None:
        self.path = report.with_name(f".{report.name}.measured.json")
        self._key = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()
        self._found: dict[str, Any] = {}
        with suppress(OSError, Untrusted):
            kept = read_json_table(self.path)
            if kept.get("key") == self._key and isinstance(kept.get("found"), dict):
                self._found = kept["found"]

    def __call__(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return what `measure` gives as plain values, or gave an earlier command."""
        if name in self._found:
            log.info("%s was measured before: going on", name)
        else:
            self._found[name] = measure()
            write_json(self.path, {"key": self._key, "found": self._found})
        return self._found[name]

    def forget(self) -> None:
        """Remove them: the report is written."""
        self.path.unlink(missing_ok=True)
