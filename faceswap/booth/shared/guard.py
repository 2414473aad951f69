"""Who may see what of the booth: visitors their own pages, operators the rest."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from faceswap.web.security import SAFE, Guard, Reach, Sessions, cookie_of, is_same, told, welcome

OPERATOR_PATHS = ("/admin", "/stage")
LOGIN, METRICS, HEALTH = "/admin/login", "/metrics", "/healthz"
_HEADERS = {"Permissions-Policy": "camera=(self), microphone=(), geolocation=()", "X-Robots-Tag": "noindex"}
_ADDRESSES = 10_000  # that are remembered


@dataclass(frozen=True)
class VisitorSession:
    """A browser that has been here: its cookie gives it no rights, `csrf` tells its forms from those of other sites."""

    csrf: str


@dataclass(frozen=True)
class VisitorCookies:
    """Cookies of visitors; only those that were given out here count."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def new(self) -> str:
        """Return a cookie."""
        name = secrets.token_urlsafe(18)
        return f"{name}.{self._signed('cookie', name)}"

    def session(self, cookie: str) -> VisitorSession | None:
        """Return the session of a cookie; None of one that was not given out here."""
        name, _, signature = cookie.partition(".")
        if not name or not is_same(signature, self._signed("cookie", name)):
            return None
        return VisitorSession(self._signed("csrf", name))

    def _signed(self, use: str, name: str) -> str:
        return hmac.new(self.secret, f"{use}:{name}".encode(), hashlib.sha256).hexdigest()


class BoothGuard(Guard):
    """Lets visitors to the visitors' pages, and to those of operators who has shown the token or the password.

    Args:
        app: What it guards.
        reach: As of `Guard`.
        operators: Who was let in.
        visitors: Their cookies.
        cookie: Name of the visitors' cookie; the operators' is called after it.
    """

    def __init__(
        self, app: ASGIApp, *, reach: Reach, operators: Sessions, visitors: VisitorCookies, cookie: str
    ) -> None:
        super().__init__(app, reach=reach)
        self.operators, self.visitors, self.cookie = operators, visitors, cookie

    def headers_of(self, scope: Scope) -> dict[str, str]:
        """Return the headers of every answer; a new visitor's has a cookie."""
        fresh = scope.get("state", {}).get("fresh_cookie")
        own = {**super().headers_of(scope), **_HEADERS}
        if fresh:
            secure = "; Secure" if scope.get("scheme") == "https" else ""
            own["Set-Cookie"] = f"{self.cookie}={fresh}; Path=/; HttpOnly; SameSite=Lax{secure}"
        return own

    def admit(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to who may not pass, and to what was not sent by a page of ours."""
        path = scope["path"]
        if path == HEALTH:
            return None
        if path == METRICS:
            return None if self._is_reader(headers) else told("metrics ask for the operator's password", 401)
        is_operators = any(path == one or path.startswith(f"{one}/") for one in OPERATOR_PATHS)
        session = self._operator(headers) if is_operators else self._visitor(scope, headers)
        scope["state"]["session"] = session
        if session is None:
            return self._entrance(scope) if is_operators else told("this page is out of date: load it again", 403)
        if scope["method"] not in SAFE and not is_same(headers.get("x-csrf", ""), session.csrf):
            return told("this page is out of date: load it again", 403)
        return None

    def _visitor(self, scope: Scope, headers: Headers) -> VisitorSession | None:
        known = self.visitors.session(cookie_of(headers, self.cookie))
        if known is None and scope["method"] in SAFE:
            fresh = self.visitors.new()
            scope["state"]["fresh_cookie"] = fresh
            return self.visitors.session(fresh)
        return known

    def _operator(self, headers: Headers):  # type: ignore[no-untyped-def]
        return self.operators.known(cookie_of(headers, operators_cookie(self.cookie)))

    def _is_reader(self, headers: Headers) -> bool:
        shown = headers.get("authorization", "").removeprefix("Bearer ")
        is_let_in = self._operator(headers) is not None or self.operators.is_token(shown)
        return is_let_in or (bool(shown) and self.operators.is_password(shown))

    def _entrance(self, scope: Scope) -> Response | None:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["method"] == "GET" and self.operators.is_token(query.get("token", "")):
            return welcome(self.operators, operators_cookie(self.cookie), "/" + scope["path"].lstrip("/\\"))
        if self.operators.password:
            return None if scope["path"] == LOGIN else RedirectResponse(LOGIN, 303)
        return told("open the address that the booth printed for operators: it ends in ?token=...", 403)


def operators_cookie(cookie: str) -> str:
    """Return the name of the operators' cookie."""
    return f"{cookie}_operator"


class RateLimit:
    """Counts what addresses send.

    Args:
        a_minute: How much one may send a minute; so much at once, too.
    """

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def takes(self, address: str) -> bool:
        """Count one; False when it is one too many."""
        now = time.monotonic()
        with self._lock:
            if len(self._left) > _ADDRESSES:  # those who were quiet for a minute have all again
                self._left = {one: kept for one, kept in self._left.items() if kept[1] > now - 60}
            left, before = self._left.get(address, (float(self.a_minute), now))
            left = min(float(self.a_minute), left + (now - before) * self.a_minute / 60)
            self._left[address] = (max(left - 1, 0.0) if left >= 1 else left, now)
        return left >= 1
