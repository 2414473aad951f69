"""What goes on beside the pages: visitors whose time is over are deleted, links are mailed."""

from __future__ import annotations

import logging
import smtplib
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from faceswap.booth.shared.context import Booth
from faceswap.booth.shared.mail import MOST_TRIES, Mailer
from faceswap.booth.shared.visitors import Visitors
from faceswap.utils.errors import UserError

LOOK_SECONDS = 5.0
_SWEEPS = 12  # looks between two sweeps

log = logging.getLogger(__name__)


def delete_old(visitors: Visitors, keep_hours: float) -> int:
    """Delete everything of those who came more than `keep_hours` ago; return how many there were."""
    old = visitors.older_than(keep_hours * 3600)
    for visitor in old:
        visitors.delete(visitor)
    return len(old)


def send_mails(booth: Booth, mailer: Mailer) -> None:
    """Send the links whose films are done; an address is forgotten once its mail is sent or was refused too often."""
    for visitor in booth.visitors.to_be_mailed(MOST_TRIES):
        try:
            mailer.send(visitor.email, visitor.key)
            told, sent = "sent", True
        except (OSError, smtplib.SMTPException, UserError) as error:
            told, sent = type(error).__name__, False  # its text may name the address
            log.warning("a mail could not be sent: %s", told)
        booth.counters.count("mails", "sent" if sent else "failed")
        is_over = sent or visitor.mail_tries + 1 >= MOST_TRIES
        values = {"mail_tries": visitor.mail_tries + 1, "mail_told": told, **({"email": ""} if is_over else {})}
        booth.visitors.note(visitor, **values)


class Keeper(threading.Thread):
    """The thread that does both, until `stop`."""

    def __init__(self, booth: Booth, mailer: Mailer | None) -> None:
        super().__init__(name="keeper", daemon=True)
        self.booth, self.mailer = booth, mailer
        self._is_stopped = threading.Event()
        self._looks = 0

    def run(self) -> None:
        """Look every few seconds."""
        while True:
            self._tried(self.look)
            if self._is_stopped.wait(LOOK_SECONDS):
                return

    def look(self) -> None:
        """Delete, sweep now and then, and mail."""
        for _ in range(delete_old(self.booth.visitors, self.booth.keep_hours)):
            self.booth.counters.count("deleted", "age")
        self.booth.game.delete_old(self.booth.keep_hours)
        if self._looks % _SWEEPS == 0:
            self.booth.visitors.sweep()
        self._looks += 1
        if self.mailer is not None:
            send_mails(self.booth, self.mailer)

    def stop(self) -> None:
        """End after the present look."""
        self._is_stopped.set()
        self.join(30)

    def _tried(self, do: Callable[[], None]) -> None:
        try:
            do()
        except (OSError, UserError, SQLAlchemyError) as error:
            log.warning("tidying up will be tried again: %s", str(error).splitlines()[0])
