"""Server-sent events."""

from __future__ import annotations


def event(name: str, text: str) -> str:
    """Return a server-sent event; `text` may have several lines."""
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in text.splitlines() or [""]) + "\n"
