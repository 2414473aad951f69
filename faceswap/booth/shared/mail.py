"""Mails with a visitor's link, through any SMTP server."""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING

from faceswap.booth.shared.words import mail_address
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.web import MailConfig

PASSWORD_VARIABLE = "FACESWAP_BOOTH_MAIL_PASSWORD"
MOST_TRIES = 3
_SECONDS = 20.0

log = logging.getLogger(__name__)


class Mailer:
    """Sends links.

    Args:
        config: The server.
        url: The booth's address.
        keep_hours: After how many hours the link leads nowhere.

    Raises:
        UserError: Something is missing.
    """

    def __init__(self, config: MailConfig, url: str, keep_hours: float) -> None:
        if not url:
            raise UserError("mail.server= is set and url= is not: say under which address visitors reach the booth")
        if not mail_address(config.sender):
            raise UserError("mail.server= is set and mail.sender= is not: say from which address mails come")
        self.config, self.url, self.keep_hours = config, url, keep_hours
        self._password = os.environ.get(PASSWORD_VARIABLE, "")
        if config.user and not self._password:
            raise UserError(f"mail.user= is set: put its password into the environment, {PASSWORD_VARIABLE}=...")

    def message(self, address: str, key: str) -> EmailMessage:
        """Return the mail to an address. Raises UserError for what is no address."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = (
            self.config.sender,
            mail_address(address),
            "Your film from the booth",
        )
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            "Your film is ready:\n\n"
            f"    {self.url}/r/{key}\n\n"
            "Whoever has this link sees it; on the page you can delete everything at once. "
            f"After {self.keep_hours:g} hours it is deleted anyway. The film was made with AI, and says so.\n"
        )
        return mail

    def send(self, address: str, key: str) -> None:
        """Send a link. Raises OSError or SMTPException."""
        config, safe = self.config, ssl.create_default_context()
        where = (config.server, config.port)
        is_tls = config.security == "tls"
        opened = (
            smtplib.SMTP_SSL(*where, timeout=_SECONDS, context=safe)
            if is_tls
            else smtplib.SMTP(*where, timeout=_SECONDS)
        )
        with opened as server:
            if config.security == "starttls":
                server.starttls(context=safe)
            if config.user:
                server.login(config.user, self._password)
            server.send_message(self.message(address, key))
