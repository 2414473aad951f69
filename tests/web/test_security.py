"""Who may talk to a server, and what strangers, other sites and wrong names are told."""

from __future__ import annotations

import pytest

from faceswap.web.security import FORM_BYTES, Sessions
from tests.studio.conftest import PASSWORD, TOKEN

PAGES = (
    "/",
    "/extract",
    "/train",
    "/jobs",
    "/jobs/x",
    "/faces/x",
    "/runs/x",
    "/convert/x",
    "/small?path=x",
    "/file?path=x",
)


def test_nobody_is_let_in_without_the_token(client):
    for path in PAGES:
        told = client.stranger.get(path)
        assert told.status_code == 403 and "printed" in told.text and "secret" not in told.text
    assert client.stranger.post("/extract", data={"film": "x"}).status_code == 403
    assert client.stranger.get("/", params={"token": "wrong"}).status_code == 403
    assert client.stranger.get("/static/studio.css").status_code == 200


def test_the_token_becomes_a_cookie_that_others_cannot_choose(client):
    client.stranger.cookies.set("cookie", "chosen-by-another")
    answer = client.stranger.get("/jobs", params={"token": TOKEN, "a": "1"})
    assert answer.status_code == 303 and answer.headers["location"] == "/jobs?a=1"
    told = answer.headers["set-cookie"]
    assert "chosen" not in told and "HttpOnly" in told and "SameSite=strict" in told and TOKEN not in told
    client.stranger.cookies.clear()
    led = client.stranger.get("http://localhost//evil.example/x", params={"token": TOKEN}).headers["location"]
    assert led == "/evil.example/x"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "192.168.1.5", "localhost.evil.example:80"]
)
def test_another_name_that_leads_here_is_refused(client, host):
    told = client.page.get("/", headers={"Host": host})
    assert told.status_code == 421 and "Workspace" not in told.text


def test_what_another_site_asks_for_is_refused(client):
    before = client.studio.queue.jobs()
    for headers in ({}, {"X-CSRF": "guessed"}, {"X-CSRF": client.csrf, "Origin": "http://evil.example"},
                    {"X-CSRF": client.csrf, "Origin": "null"}):  # fmt: skip
        for path in ("/extract", "/train", "/convert/x", "/jobs/x/cancel", "/faces/x/marks", "/upload"):
            assert client.page.post(path, data={"film": "x"}, headers=headers).status_code == 403
    assert client.studio.queue.jobs() == before
    assert (
        client.page.post("/jobs/x/cancel", headers={"X-CSRF": client.csrf, "Origin": "http://localhost"}).status_code
        == 400
    )


def test_bodies_are_bounded(client):
    headers = {"X-CSRF": client.csrf, "Content-Length": str(FORM_BYTES + 1)}
    assert client.page.post("/extract", content=b"", headers=headers).status_code == 413
    assert client.page.post("/extract", content=iter([b"film=x"]), headers={"X-CSRF": client.csrf}).status_code == 413


def test_pages_load_nothing_of_others_and_run_nothing_inline(client):
    for path in ("/", "/extract", "/train", "/jobs", "/nothing"):
        told = client.page.get(path)
        policy = told.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert told.headers["x-content-type-options"] == "nosniff" and told.headers["cache-control"] == "no-store"
        assert "<script>" not in told.text and " style=" not in told.text and " onclick" not in told.text
        assert "//" not in told.text.replace("http://www.w3.org", "")


def test_a_password_lets_in_and_cannot_be_guessed(client_with_password):
    stranger = client_with_password.stranger
    assert stranger.get("/").headers["location"] == "/login" and stranger.get("/login").status_code == 200
    assert stranger.post("/login", data={"password": "wrong"}).status_code == 400
    assert (
        stranger.post("/login", data={"password": PASSWORD}, headers={"Origin": "http://evil.example"}).status_code
        == 403
    )
    assert stranger.post("/login", data={"password": PASSWORD}).status_code == 303
    assert stranger.get("/").status_code == 200
    sessions = Sessions("token", "right")
    assert not any(sessions.is_password(f"guess {n}") for n in range(10)) and not sessions.is_password("right")
    assert not Sessions("token", "").is_password("")
