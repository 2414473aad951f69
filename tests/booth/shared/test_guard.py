"""Who may see what, and what other sites, wrong names and quick fingers are told."""

from __future__ import annotations

import pytest

from faceswap.booth.shared.guard import RateLimit, VisitorCookies
from tests.booth.conftest import PASSWORD, TOKEN, photo

OPERATORS = ("/admin", "/stage", "/stage/queue", "/stage/x/portrait.jpg")


def test_visitors_do_not_see_the_operators_pages(client):
    for path in OPERATORS:
        told = client.page.get(path)
        assert told.status_code == 403 and "printed" in told.text
        assert client.page.get(path, params={"token": "wrong"}).status_code == 403
    csrf = client.csrf(client.page)
    for path in ("/admin/purge", "/admin/visitors/x/delete", "/stage/x/shown"):
        assert client.page.post(path, data={"sure": "yes"}, headers=csrf).status_code == 403


def test_the_token_becomes_a_cookie_that_others_cannot_choose(client):
    client.page.cookies.set("booth_operator", "chosen-by-another")
    answer = client.page.get("/admin", params={"token": TOKEN})
    told = answer.headers["set-cookie"]
    assert answer.status_code == 303 and answer.headers["location"] == "/admin"
    assert "chosen" not in told and "HttpOnly" in told and "SameSite=strict" in told and TOKEN not in told


def test_the_password_lets_in_and_cannot_be_guessed(client_with_password):
    page = client_with_password.page
    assert page.get("/admin").headers["location"] == "/admin/login"
    assert page.post("/admin/login", data={"password": "wrong"}).status_code == 400
    evil = {"Origin": "http://evil.example"}
    assert page.post("/admin/login", data={"password": PASSWORD}, headers=evil).status_code == 403
    assert page.get("/metrics", headers={"Authorization": f"Bearer {PASSWORD}"}).status_code == 200
    assert page.post("/admin/login", data={"password": PASSWORD}).status_code == 303
    assert page.get("/admin").status_code == 200
    page.cookies.clear()
    for _ in range(10):
        page.post("/admin/login", data={"password": "wrong"})
    assert page.post("/admin/login", data={"password": PASSWORD}).status_code == 400


def test_a_visitors_cookie_is_of_the_booth_or_none(client):
    first = client.page.get("/").headers["set-cookie"]
    assert "HttpOnly" in first and "SameSite=Lax" in first
    assert "set-cookie" not in client.page.get("/").headers
    client.page.cookies.set("booth", "chosen.by-another")
    assert "booth=chosen" not in client.page.get("/").headers["set-cookie"]
    cookies = VisitorCookies()
    assert cookies.session(VisitorCookies().new()) is None
    first_session, second_session = cookies.session(cookies.new()), cookies.session(cookies.new())
    assert first_session and second_session and first_session.csrf != second_session.csrf


def test_what_another_site_asks_for_is_refused(client):
    visitor = client.visitor()
    good = client.csrf(client.page)
    for headers in ({}, {"X-CSRF": "guessed"}, {**good, "Origin": "http://evil.example"}, {**good, "Origin": "null"}):
        for path in ("/photo", f"/r/{visitor.key}/delete", "/game"):
            told = client.page.post(path, data={"agree": "yes"}, files={"photo": ("a", photo())}, headers=headers)
            assert told.status_code == 403
    assert len(client.booth.visitors.all()) == 1


@pytest.mark.parametrize("host", ["evil.example", "", "192.168.1.5", "localhost.evil.example:80"])
def test_another_name_that_leads_here_is_refused(client, host):
    assert client.page.get("/", headers={"Host": host}).status_code == 421


def test_pages_load_nothing_of_others_and_run_nothing_inline(client):
    visitor = client.visitor(stage="yes")
    waiting = client.page.get(f"/r/{visitor.key}")
    client.done(visitor)
    pages = [waiting, *(client.page.get(path) for path in ("/", f"/r/{visitor.key}", "/gone", "/game", "/nothing")),
             *(client.operator.get(path) for path in ("/admin", "/stage"))]  # fmt: skip
    for told in pages:
        policy = told.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert told.headers["referrer-policy"] == "same-origin" and told.headers["cache-control"] == "no-store"
        assert "camera=(self)" in told.headers["permissions-policy"] and told.headers["x-robots-tag"] == "noindex"
        assert "<script>" not in told.text and " style=" not in told.text and " onclick" not in told.text


def test_links_are_guessed_by_nobody(client):
    first, second = client.visitor(), client.visitor()
    assert len(first.key) >= 43 and first.key != second.key and first.id not in first.key
    for path in ("/r/x", f"/r/{first.id}", f"/r/{first.key[:-1]}", "/r/%27%20OR%201=1--", "/r/%00", "/r/%25"):
        assert client.page.get(path).status_code in (400, 404)
    for name in ("photo.jpg", "souvenir.json", "..%2fphoto.jpg", "../photo.jpg", "%2e%2e", "result"):
        assert client.page.get(f"/r/{first.key}/{name}").status_code in (400, 404)
    assert client.page.get(f"/r/{first.key}/qr.svg").status_code == 200


def test_bodies_and_haste_are_bounded(client):
    headers = {**client.csrf(client.page), "Content-Length": str(10**9)}
    assert client.page.post("/photo", content=b"", headers=headers).status_code == 413
    assert client.page.post("/game", content=b"x" * (1 << 21), headers=client.csrf(client.page)).status_code == 413
    client.booth.limit = RateLimit(3)
    assert [client.send().status_code for _ in range(4)] == [204, 204, 204, 400]
    assert client.booth.limit.takes("another address")


def test_no_visitor_sees_a_stack_trace_and_no_log_a_secret(client, monkeypatch, caplog):
    visitor = client.visitor(name="Anna")

    def broken(*_: object) -> None:
        raise RuntimeError("internals at a folder")

    monkeypatch.setattr(client.booth.visitors, "told", broken)
    client.done(visitor)
    told = client.page.get(f"/r/{visitor.key}")
    assert told.status_code == 500 and "internals" not in told.text and "Traceback" not in told.text
    assert visitor.key not in caplog.text and TOKEN not in caplog.text
