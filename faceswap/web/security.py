"""Who may talk to a server: hosts, sessions, forged requests, and what pages may load."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import threading
import time
from abc import ABC, abstractmethod
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
    "Referrer-Policy": "same-origin",  # no-referrer has browsers say "Origin: null" of our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FORM_BYTES = MIB  # of a request that is no upload
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SAFE = ("GET", "HEAD")
_GUESSES = 10  # of the password within _GUESS_SECONDS
_GUESS_SECONDS = 60.0


@dataclass(frozen=True)
class Session:
    """A browser that has shown the token or the password; `csrf` goes with whatever it changes."""

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Sessions:
    """The browsers that were let in; forgotten when the server ends.

    Args:
        token: In the address that is printed at the start; it opens the pages.
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
        return is_same(text, self.token)

    def is_password(self, text: str) -> bool:
        """Tell whether the password was shown; after ten guesses in a minute the right one is none either."""
        with self._lock:
            now = time.monotonic()
            self._guesses = [guess for guess in self._guesses if guess > now - _GUESS_SECONDS]
            if not self.password or len(self._guesses) >= _GUESSES:
                return False
            is_right = is_same(text, self.password)
            if not is_right:
                self._guesses.append(now)
            return is_right


@dataclass(frozen=True)
class Reach:
    """What of requests is accepted before anybody asks who sends them.

    Attributes:
        hosts: Names under which the server may be asked for.
        any_address: Whether a plain IP address is one of them: where others than this machine may ask.
        upload_paths: Where larger bodies are accepted.
        upload_bytes: How large these are.
    """

    hosts: tuple[str, ...]
    any_address: bool = False
    upload_paths: tuple[str, ...] = ()
    upload_bytes: int = FORM_BYTES


class Guard(ABC):
    """The outermost layer of an application: nothing reaches a page that it does not let pass.

    A page of another name that leads to this machine (DNS rebinding) is told by its Host; another site's form or script
    by its Origin and by the `X-CSRF` header that it cannot know. Who is let in is a subclass's to say.

    Args:
        app: What it guards.
        reach: Under which names it is asked for, and how much is sent at a time.
    """

    def __init__(self, app: ASGIApp, *, reach: Reach) -> None:
        self.app, self.reach = app, reach

    @abstractmethod
    def admit(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to who may not pass, else None; `scope["state"]["session"]` is set for the pages."""

    def headers_of(self, scope: Scope) -> dict[str, str]:
        """Return the headers of every answer."""
        return HEADERS if scope["path"].startswith("/static/") else {**HEADERS, "Cache-Control": "no-store"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass, let the rest through; every answer carries the headers."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return None

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers_of(scope).items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        return await (self.app if refusal is None else refusal)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_host(host):
            return told("this server is not asked for under that name", 421)
        length = headers.get("content-length", "0" if scope["method"] in SAFE else "")
        most = self.reach.upload_bytes if scope["path"] in self.reach.upload_paths else FORM_BYTES
        if not length.isdecimal() or int(length) > most:
            return told("that is too much at a time", 413)
        own = (f"http://{host}", f"https://{host}")
        if scope["method"] not in SAFE and headers.get("origin", own[0]) not in own:
            return told("another site has asked for this", 403)
        scope.setdefault("state", {})["session"] = None
        if scope["path"].startswith("/static/") and scope["method"] in SAFE:
            return None
        return self.admit(scope, headers)

    def _is_host(self, host: str) -> bool:
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        if name.lower() in self.reach.hosts:
            return True
        try:
            return self.reach.any_address and bool(ipaddress.ip_address(name))
        except ValueError:
            return False


class SessionGuard(Guard):
    """Lets in who has shown the token or the password.

    Args:
        app: What it guards.
        sessions: Who was let in.
        cookie: The cookie's name; those of two servers on one machine differ.
        reach: As of `Guard`.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions, cookie: str, reach: Reach) -> None:
        super().__init__(app, reach=reach)
        self.sessions, self.cookie = sessions, cookie

    def admit(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to who has shown neither, and to what was not sent by a page of ours."""
        session = self.sessions.known(cookie_of(headers, self.cookie))
        scope["state"]["session"] = session
        if session is None:
            return self._entrance(scope)
        if scope["method"] not in SAFE and not is_same(headers.get("x-csrf", ""), session.csrf):
            return told("this page is out of date: load it again", 403)
        return None

    def _entrance(self, scope: Scope) -> Response | None:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["method"] == "GET" and self.sessions.is_token(query.pop("token", "")):
            path = "/" + scope["path"].lstrip("/\\")  # never //other.host
            return welcome(self.sessions, self.cookie, path + (f"?{urlencode(query)}" if query else ""))
        if self.sessions.password:
            return None if scope["path"] == "/login" else RedirectResponse("/login", 303)
        return told("open the address that the studio printed when it was started: it ends in ?token=...", 403)


def welcome(sessions: Sessions, cookie: str, path: str) -> Response:
    """Return the answer that lets a browser in and leads it on."""
    answer = RedirectResponse(path, 303)
    answer.set_cookie(cookie, sessions.enter().key, httponly=True, samesite="strict", path="/")
    return answer


def cookie_of(headers: Headers, name: str) -> str:
    """Return the value of a request's cookie; empty where it has none."""
    return cookie_parser(headers.get("cookie", "")).get(name, "")


def is_same(shown: str, secret: str) -> bool:
    """Tell whether a secret was shown, in a time that does not tell how much of it was right."""
    return hmac.compare_digest(shown.encode(), secret.encode())


def told(text: str, status: int) -> Response:
    """Return one line of plain text."""
    return PlainTextResponse(text + "\n", status)
