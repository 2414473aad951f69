"""The booth's pages without a browser: a visitor's way, the stage, the operator's page, the game."""

from __future__ import annotations

import pytest

from faceswap.booth.shared.tables import Game
from faceswap.booth.shared.visitors import PHOTO
from faceswap.booth.shared.words import CONSENT
from faceswap.jobs.tables import State
from faceswap.souvenir.photo import UNREADABLE
from faceswap.utils.errors import UserError


def test_a_visitor_comes_waits_sees_the_result_and_deletes_it(client):
    assert CONSENT.split(",")[0] in client.page.get("/").text
    visitor = client.visitor(name="  Anna ")
    assert (visitor.name, visitor.agreed_to, visitor.is_for_stage) == ("Anna", CONSENT, False)
    own = client.booth.visitors.folder / visitor.id
    job = client.booth.queue.get(visitor.job_id)
    assert job.command == "booth_film" and job.arguments[:2] == [f"photo={own / PHOTO}", f"out={own / 'result'}"]
    assert "clean_photo=true" in job.arguments
    assert "You are next" in client.page.get(f"/r/{visitor.key}").text
    client.done(visitor)
    told = client.page.get(f"/r/{visitor.key}").text
    assert "The good news" in told and "Ada&lt;b&gt;" in told and "First of 229" in told and "Zoe" in told
    film = client.page.get(f"/r/{visitor.key}/good_news.mp4")
    assert film.content == f"good_news.mp4 of {visitor.id}".encode() and film.headers["content-type"] == "video/mp4"
    saved = client.page.get(f"/r/{visitor.key}/poster.png", params={"save": "true"})
    assert "attachment" in saved.headers["content-disposition"]
    assert "event: ended" in client.page.get(f"/r/{visitor.key}/events").text
    code = client.page.get(f"/r/{visitor.key}/qr.svg")
    assert code.headers["content-type"] == "image/svg+xml" and b"<path" in code.content
    csrf = client.csrf(client.page)
    assert client.page.post(f"/r/{visitor.key}/delete", headers=csrf).headers["hx-redirect"] == "/gone"
    assert not own.exists() and not client.booth.queue.jobs() and not client.booth.visitors.all()
    assert client.page.get(f"/r/{visitor.key}").status_code == 400
    assert "deleted" in client.page.get("/gone").text


def test_without_consent_nothing_is_kept(client):
    told = client.send(agree="")
    assert told.status_code == 400 and "tick the box" in told.text
    assert not client.booth.visitors.all() and not client.booth.queue.jobs()
    assert [path.name for path in client.booth.visitors.folder.iterdir()] == []


def test_a_failure_is_told_in_words(client):
    for reason, shown in (
        ("no face was found in the photo; take a picture that shows one", "no face was found in the photo"),
        (UNREADABLE, UNREADABLE),
        ("cannot read the picture in a secret folder", "something went wrong in the booth"),
    ):
        visitor = client.visitor()
        job = client.booth.queue.claim("a test")
        client.booth.queue.finish(job, State.FAILED, 2, reason)
        told = client.page.get(f"/r/{visitor.key}").text
        assert shown in told and "secret folder" not in told and "Take another picture" in told
        assert reason in client.operator.get("/admin").text


def test_many_who_wait_are_told_how_many_are_before_them(client):
    visitors = [client.visitor() for _ in range(3)]
    assert "2 before you" in client.page.get(f"/r/{visitors[2].key}").text
    client.booth.most_waiting = 3
    assert "takes nobody just now" in client.send().text


def test_only_who_agreed_comes_on_the_stage_and_only_once(client):
    private, public = client.visitor(name="Private"), client.visitor(name="Public", stage="yes")
    for visitor in (private, public):
        client.done(visitor)
    told = client.operator.get("/stage").text
    assert "Public" in told and "Private" not in told and public.key not in told
    assert client.operator.get(f"/stage/{public.id}/good_news.mp4").status_code == 200
    for path in (f"/stage/{private.id}/good_news.mp4", f"/stage/{public.id}/poster.png"):
        assert client.operator.get(path).status_code == 400
    csrf = client.csrf(client.operator, "/stage")
    assert client.operator.post(f"/stage/{private.id}/shown", headers=csrf).status_code == 400
    assert client.operator.post(f"/stage/{public.id}/shown", headers=csrf).status_code == 204
    assert "Public" not in client.operator.get("/stage").text
    assert "The booth is open" in client.operator.get("/stage/queue").text


def test_the_operator_tries_again_deletes_and_purges(client):
    failed, other = client.visitor(), client.visitor(name="Other")
    client.booth.queue.finish(client.booth.queue.claim("a test"), State.FAILED, 1, "out of luck")
    csrf = client.csrf(client.operator, "/admin")
    assert client.operator.post(f"/admin/visitors/{failed.id}/again", headers=csrf).status_code == 204
    assert client.booth.queue.get(failed.job_id).state == State.QUEUED
    assert client.operator.post(f"/admin/visitors/{failed.id}/delete", headers=csrf).status_code == 204
    assert [one.id for one in client.booth.visitors.all()] == [other.id]
    assert "tick the box" in client.operator.post("/admin/purge", headers=csrf).text
    assert client.operator.post("/admin/purge", data={"sure": "yes"}, headers=csrf).status_code == 204
    assert not client.booth.visitors.all() and list(client.booth.visitors.folder.iterdir()) == []


def test_machines_are_told_of_health_and_numbers(client):
    client.visitor(name="Anna")
    assert client.page.get("/healthz").text == "well\n"
    assert client.page.get("/metrics").status_code == 401
    told = client.page.get("/metrics", headers={"Authorization": "Bearer the-token-of-the-tests"}).text
    assert 'faceswap_booth_uploads_total{kind="accepted"} 1' in told
    assert 'faceswap_booth_jobs{state="queued"} 1' in told and "disk_free_bytes" in told and "Anna" not in told


def test_a_round_of_the_game_is_played_and_entered(client):
    csrf = client.csrf(client.page)
    begun = client.page.post("/game", headers=csrf).headers["hx-redirect"]
    room = client.booth.game
    game = room.get(begun.removeprefix("/game/"))
    assert len(game.pictures) == 10 and len({picture.partition("/")[0] for picture in game.pictures}) == 2
    assert client.page.get(f"{begun}/0.jpg").content[:2] == b"\xff\xd8"
    assert client.page.get(f"{begun}/1.jpg").status_code == 400  # not before it is asked
    for number, picture in enumerate(game.pictures):
        assert picture not in client.page.get(begun).text
        said = picture.partition("/")[0] if number else "generated"
        assert client.page.post(f"{begun}/{number}", data={"said": said}, headers=csrf).status_code == 204
    right = 10 if game.pictures[0].startswith("generated") else 9
    assert f"{right} of 10 right" in client.page.get(begun).text
    client.page.post(f"{begun}/9", data={"said": "real"}, headers=csrf)  # said twice it counts once
    assert room.get(game.id).right == right
    assert client.page.post(f"{begun}/name", data={"name": "Bob<i>"}, headers=csrf).headers["hx-redirect"] == "/game"
    hall = client.page.get("/game").text
    assert "Bob&lt;i&gt;" in hall and f"{right} of 10" in hall
    assert client.page.post(f"{begun}/name", data={"name": "Eve"}, headers=csrf).status_code == 400
    assert "say real or generated" in client.page.post(f"{begun}/0", data={"said": "maybe"}, headers=csrf).text


def test_an_unfinished_round_is_not_entered(client):
    game: Game = client.booth.game.begin()
    with pytest.raises(UserError, match="cannot be entered"):
        client.booth.game.sign(game.id, "Eve")
