"""What remembers frames, to steady faces over time, and can forget them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Forgetful(Protocol):
    """Remembers earlier frames."""

    def forget(self) -> None:
        """Be as before the first frame: what follows is another part of a film."""
        ...


def forget(*things: object) -> None:
    """Let all of these forget that can."""
    for thing in things:
        if isinstance(thing, Forgetful):
            thing.forget()
