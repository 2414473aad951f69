"""What is deleted when, and what is mailed to whom."""

from __future__ import annotations

import os
import smtplib
import time
from typing import ClassVar

import pytest

from faceswap.booth.shared.keeping import Keeper, delete_old, send_mails
from faceswap.booth.shared.mail import MOST_TRIES, PASSWORD_VARIABLE, Mailer
from faceswap.booth.shared.words import mail_address, plain_name
from faceswap.config.web import MailConfig
from faceswap.utils.errors import UserError

URL = "https://booth.example"
CONFIG = MailConfig("mail.example", 587, "starttls", "", "booth@booth.example")


def test_everything_of_a_visitor_goes_after_its_time(client):
    old, fresh = client.visitor(), client.visitor()
    client.done(old)
    client.booth.visitors.note(old, created=time.time() - 25 * 3600)
    game = client.booth.game.begin()
    assert delete_old(client.booth.visitors, 24) == 1
    assert [path.name for path in client.booth.visitors.folder.iterdir()] == [fresh.id]
    assert [job.id for job in client.booth.queue.jobs()] == [fresh.job_id]
    client.booth.game.delete_old(24)
    assert client.booth.game.get(game.id)
    client.booth.game.delete_old(0)
    with pytest.raises(UserError):
        client.booth.game.get(game.id)


def test_what_a_running_job_leaves_is_swept_up_when_it_has_ended(client):
    visitor = client.visitor()
    job = client.booth.queue.claim("a test")
    client.booth.visitors.delete(visitor)
    assert not client.booth.queue.heartbeat(job)  # its worker is to stop
    left = client.booth.visitors.folder / visitor.id
    left.mkdir()
    (left / "late.mp4").write_bytes(b"x")
    os.utime(left, (0, 0))
    client.booth.queue.give_back(job, 130, "stopped")
    Keeper(client.booth, None).look()
    assert not left.exists() and not client.booth.queue.jobs()


def test_a_link_is_mailed_once_and_the_address_forgotten(client, monkeypatch):
    client.booth.has_mail = True
    visitor = client.visitor(email="anna@example.org")
    sent: list = []
    mailer = Mailer(CONFIG, URL, 24)
    monkeypatch.setattr(mailer, "send", lambda address, key: sent.append(mailer.message(address, key)))
    send_mails(client.booth, mailer)
    assert not sent  # nothing to be seen yet
    client.done(visitor)
    for _ in range(2):
        send_mails(client.booth, mailer)
    assert [(mail["To"], mail["From"]) for mail in sent] == [("anna@example.org", "booth@booth.example")]
    assert f"{URL}/r/{visitor.key}" in sent[0].get_content()
    assert client.booth.visitors.by_id(visitor.id).email == ""


def test_a_mail_that_is_refused_is_tried_again_and_given_up(client, monkeypatch, caplog):
    client.booth.has_mail = True
    visitor = client.visitor(email="anna@example.org")
    client.done(visitor)

    def refused(address: str, key: str) -> None:
        raise smtplib.SMTPRecipientsRefused({address: (550, key.encode())})

    mailer = Mailer(CONFIG, URL, 24)
    monkeypatch.setattr(mailer, "send", refused)
    for _ in range(MOST_TRIES):
        assert client.booth.visitors.by_id(visitor.id).email
        send_mails(client.booth, mailer)
    left = client.booth.visitors.by_id(visitor.id)
    assert (left.email, left.mail_tries, left.mail_told) == ("", MOST_TRIES, "SMTPRecipientsRefused")
    assert "anna@" not in caplog.text and visitor.key not in caplog.text


class Server:
    """Stands for smtplib's."""

    said: ClassVar[list] = []

    def __init__(self, *where: object, **more: object) -> None:
        self.said.append(("open", *where, sorted(more)))

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.said.append("close")

    def starttls(self, context: object) -> None:
        self.said.append("starttls")

    def login(self, *who: str) -> None:
        self.said.append(("login", *who))

    def send_message(self, mail) -> None:
        self.said.append(mail["To"])


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_the_way_to_the_server_is_as_it_was_said(monkeypatch, security):
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    for name in ("SMTP", "SMTP_SSL"):
        monkeypatch.setattr(smtplib, name, type(name, (Server,), {}))
    monkeypatch.setattr(Server, "said", [])
    Mailer(MailConfig("mail.example", 2525, security, "me", "booth@booth.example"), URL, 24).send("a@b.example", "key")
    opened, *rest = Server.said
    assert opened[:3] == ("open", "mail.example", 2525)
    expected = ["starttls"] * (security == "starttls") + [("login", "me", "secret"), "a@b.example", "close"]
    assert rest == expected and (security != "tls" or "context" in opened[3])


def test_mail_asks_for_what_it_needs():
    for config, url, words in (
        (CONFIG, "", "url="), (MailConfig("mail.example"), URL, "mail.sender="),
        (MailConfig("mail.example", user="me", sender="a@b.example"), URL, PASSWORD_VARIABLE),
    ):  # fmt: skip
        with pytest.raises(UserError, match=words):
            Mailer(config, url, 24)


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example\nBcc: all@b.example", "a@b.example\r\nX: y", "a b@c.example", "a@b", "<a@b.example>",
        "a@b.example, c@d.example", "x" * 300 + "@b.example", "a@b..example",
    ],
)  # fmt: skip
def test_nothing_but_one_address_is_an_address(text):
    with pytest.raises(UserError, match="no mail address"):
        mail_address(text)
    with pytest.raises(UserError):
        Mailer(CONFIG, URL, 24).message(text, "key")


def test_names_are_one_plain_line():
    assert plain_name("  Anna\n Maria ") == "Anna Maria"
    for text in ("x" * 41, "a\x1b[31m", "a\u202eb"):
        with pytest.raises(UserError, match="plain characters"):
            plain_name(text)


def test_what_is_written_into_the_database_is_only_text(client):
    evil = "'); DROP TABLE visitors;--"
    visitor = client.visitor(name=evil)
    assert client.booth.visitors.by_id(visitor.id).name == evil
    with pytest.raises(UserError):
        client.booth.visitors.by_key("' OR '1'='1")
