"""Words of messages: suggestions, quotes, shortened texts."""

from __future__ import annotations

import difflib

_SHOWN = 80  # characters of a foreign text


def nearest(word: str, known: list[str]) -> str:
    """A hint in brackets at the known word that is most like `word`; empty where none is."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def quoted(text: str) -> str:
    """A text as Hydra's grammar takes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def shortened(text: str) -> str:
    """A text of any length as it stands in a message."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
