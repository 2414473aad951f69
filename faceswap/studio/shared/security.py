"""Who may talk to the studio: hosts, sessions, forged requests, and what pages may load."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faceswap.utils.limits import MIB

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FORM_BYTES = MIB  # of a request that is no upload
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE = ("GET", "HEAD")
_GUESSES = 10  # of the password within _GUESS_SECONDS
_GUESS_SECONDS = 60.0


@dataclass(frozen=True)
class Session:
    """A browser that has shown the token or the password; `csrf` goes with whatever it changes."""

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Sessions:
    """The browsers that were let in; forgotten when the studio ends.

    Args:
        token: In the address that is printed at the start; it opens the studio.
        password: Opens it too, on the page /login; empty: there is no such page.
    """

    def __init__(self, token: str, password: str = "") -> None:
        self.token = token
        self.password = password
        self._open: dict[str, Session] = {}
        self._guesses: list[float] = []
        self._lock = threading.Lock()

    def known(self, key: str) -> Session | None:
        """Return the session of a cookie."""
        return self._open.get(key)

    def enter(self) -> Session:
        """Let a browser in; its cookie is new, whatever it came with."""
        session = Session()
        self._open[session.key] = session
        return session

    def is_token(self, text: str) -> bool:
        """Tell whether the token was shown."""
        return hmac.compare_digest(text.encode(), self.token.encode())

    def is_password(self, text: str) -> bool:
        """Tell whether the password was shown; after ten guesses in a minute the right one is none either."""
        with self._lock:
            now = time.monotonic()
            self._guesses = [guess for guess in self._guesses if guess > now - _GUESS_SECONDS]
            if not self.password or len(self._guesses) >= _GUESSES:
                return False
            is_right = hmac.compare_digest(text.encode(), self.password.encode())
            if not is_right:
                self._guesses.append(now)
            return is_right


class Guard:
    """The outermost layer of the application: nothing reaches a page that it does not let pass.

    A page of another name that leads to this machine (DNS rebinding) is told by its Host; another site's form or script
    by its Origin and by the `X-CSRF` header that it cannot know.

    Args:
        app: What it guards.
        sessions: Who was let in.
        hosts: Names under which the studio may be asked for, besides addresses where `any_address`.
        cookie: The cookie's name; those of two studios on one machine differ.
        any_address: Whether a plain IP address is accepted as Host: where others than this machine may ask.
        upload_path: Where larger bodies are accepted, and `upload_bytes` how large.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        hosts: tuple[str, ...],
        cookie: str,
        any_address: bool = False,
        upload_path: str = "/upload",
        upload_bytes: int = FORM_BYTES,
    ) -> None:
        self.app, self.sessions, self.hosts, self.cookie = app, sessions, hosts, cookie
        self.any_address, self.upload_path, self.upload_bytes = any_address, upload_path, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass, let the rest through; every answer carries the headers."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return None

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        refusal = self._refusal(scope)
        return await (self.app if refusal is None else refusal)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_host(host):
            return _told("this studio is not asked for under that name", 421)
        length = headers.get("content-length", "0" if scope["method"] in _SAFE else "")
        most = self.upload_bytes if scope["path"] == self.upload_path else FORM_BYTES
        if not length.isdecimal() or int(length) > most:
            return _told("that is too much at a time", 413)
        session = self.sessions.known(cookie_parser(headers.get("cookie", "")).get(self.cookie, ""))
        scope.setdefault("state", {})["session"] = session
        if scope["path"].startswith("/static/") and scope["method"] in _SAFE:
            return None
        if scope["method"] not in _SAFE and headers.get("origin", f"http://{host}") not in (
            f"http://{host}", f"https://{host}",
        ):  # fmt: skip
            return _told("another site has asked for this", 403)
        if session is None:
            return self._entrance(scope)
        if scope["method"] not in _SAFE and not hmac.compare_digest(
            headers.get("x-csrf", "").encode(), session.csrf.encode()
        ):
            return _told("this page is out of date: load it again", 403)
        return None

    def _entrance(self, scope: Scope) -> Response | None:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["method"] == "GET" and self.sessions.is_token(query.pop("token", "")):
            path = "/" + scope["path"].lstrip("/\\")  # never //other.host
            return self.welcome(path + (f"?{urlencode(query)}" if query else ""))
        if self.sessions.password:
            return None if scope["path"] == "/login" else RedirectResponse("/login", 303)
        return _told("open the address that the studio printed when it was started: it ends in ?token=...", 403)

    def welcome(self, path: str) -> Response:
        """Return the answer that lets a browser in and leads it on."""
        answer = RedirectResponse(path, 303)
        answer.set_cookie(self.cookie, self.sessions.enter().key, httponly=True, samesite="strict", path="/")
        return answer

    def _is_host(self, host: str) -> bool:
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        if name.lower() in self.hosts:
            return True
        try:
            return self.any_address and bool(ipaddress.ip_address(name))
        except ValueError:
            return False


def _told(text: str, status: int) -> Response:
    return PlainTextResponse(text + "\n", status)
