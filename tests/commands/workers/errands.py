"""Errands that processes of tests run: they are imported there."""

import sys
from pathlib import Path
from typing import NamedTuple

from faceswap.utils.errors import UserError


class Note(NamedTuple):
    """Writes which of two modules are imported, or fails."""

    out: Path
    fails: bool = False

    def run(self) -> None:
        if self.fails:
            raise UserError("no room")
        self.out.write_text(" ".join(name for name in ("wave", "mailbox") if name in sys.modules))
