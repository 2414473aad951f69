"""Words of messages: suggestions, quotes, shortened texts."""

from __future__ import annotations

import difflib
import re

_SHOWN = 80  # characters of a foreign text


def nearest(word: str, known: list[str]) -> str:
    """A hint in brackets at the known word that is most like `word`; empty where none is."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def quoted(text: str) -> str:
    """Return a text in quotes, which Hydra's grammar and OmegaConf read back as it is, `${...}` and quotes included."""
    text = re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + "\\${", text)
    return "'" + re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text) + "'"


def shortened(text: str) -> str:
    """A text of any length as it stands in a message."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
