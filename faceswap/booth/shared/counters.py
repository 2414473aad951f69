"""What the booth counts since it was started."""

from __future__ import annotations

import threading
from collections import Counter

UPLOADS = ("accepted", "unreadable", "too_many", "full", "no_consent")


class Counters:
    """Counts of things by name and kind."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter({("uploads", kind): 0 for kind in UPLOADS})
        self._lock = threading.Lock()

    def count(self, name: str, kind: str = "") -> None:
        """Count one more."""
        with self._lock:
            self._counts[name, kind] += 1

    def lines(self, prefix: str, label: str = "kind") -> list[str]:
        """Return the counts in the text format of Prometheus."""
        with self._lock:
            counts = sorted(self._counts.items())
        told = []
        for name in sorted({name for (name, _), _ in counts}):
            told.append(f"# TYPE {prefix}{name}_total counter")
            told += [
                f"{prefix}{name}_total" + (f'{{{label}="{kind}"}}' if kind else "") + f" {count}"
                for (own, kind), count in counts
                if own == name
            ]
        return told
