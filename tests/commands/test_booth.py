"""The booth as a theatre uses it: started as a command, visited from a phone, run from a desk."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from PIL import Image

from faceswap.cli.composing.compose import compose_config
from faceswap.commands import booth_film
from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.browsing import Server, Visitor, browsed, served
from tests.commands.conftest import one_line_error, run
from tests.souvenir.photos import encoded
from tests.test_layout import PACKAGE

PASSWORD = "correct horse battery"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="module")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A booth as a theatre starts it, with one worker."""
    with served("booth", tmp_path_factory.mktemp("booth"), FACESWAP_BOOTH_PASSWORD=PASSWORD) as started:
        yield started._replace(url=started.url.rstrip("/"))


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered actor."""
    path = tmp_path_factory.mktemp("photo") / "vera.jpg"
    frame = next(iter(read_frames(probe(PACKAGE.parent / "demo" / "vera.mp4"), 20, 21)))
    write_image(path, frame.image)
    return path


class Guest(Visitor):
    """Somebody at a browser, whom no page may keep out who uses a screen reader."""

    def look(self, name: str) -> None:
        super().look(name)
        try:
            from axe_playwright_python.sync_playwright import Axe
        except ModuleNotFoundError:
            return
        found = Axe().run(self.page).response["violations"]
        assert not [f"{name}: {one['id']} {[node['target'] for node in one['nodes']]}" for one in found
                    if one["impact"] in ("serious", "critical")]  # fmt: skip


@pytest.fixture
def guest(chromium: str, server: Server, request: pytest.FixtureRequest) -> Iterator[Guest]:
    # axe is put into the page, which the policy forbids; tests/booth/shared/test_guard.py holds the policy
    with browsed(chromium, request.param, CAMERA, permissions=["camera"], bypass_csp=True) as page:
        yield Guest(page, server.url, request.param)


@pytest.mark.timeout(1200)  # a film of twenty CPU seconds, perhaps beside others
@pytest.mark.parametrize("guest", ["phone"], indirect=True)
def test_a_visitor_becomes_somebody_else_and_leaves_no_trace(guest: Guest, server: Server, photo: Path) -> None:
    page = guest.page
    guest.go("/")
    assert page.locator("#camera").is_disabled()
    page.get_by_label("I agree").check()
    page.get_by_label("My film may be shown").check()
    page.get_by_label("Your name").fill("Vera")
    page.click("#camera")
    page.wait_for_function("document.getElementById('live').videoWidth > 0")
    page.click("#snap")
    page.wait_for_selector("#go:visible")
    page.set_input_files("#file", photo)
    page.wait_for_selector("#chosen:visible")
    guest.look("begin")
    page.click("#go")
    page.wait_for_url("**/r/*")
    guest.look("waiting")
    page.wait_for_selector(".who, .error")
    assert page.locator(".who").count() == 2, page.text_content("main")
    assert page.locator("video").count() == 3
    for film in ("good_news", "smile"):
        told = page.evaluate("async (url) => (await fetch(url)).ok", f"{page.url}/{film}.mp4")
        assert told is True
    guest.look("result")
    link = page.text_content("#link")
    assert link == page.url
    # what the stage and the operator see of it, at another desk
    desk = guest.page.context.browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    _stage_and_admin(Guest(desk.new_page(), server.url, "desk"))
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete everything now").click()
    page.wait_for_url("**/gone")
    guest.look("gone")
    assert list((server.workspace / "booth" / "visitors").iterdir()) == []
    guest.page.goto(link)
    assert "nothing any more" in page.text_content("main")
    assert [told for told in guest.complaints if "400" not in told] == []


def _stage_and_admin(operator: Guest) -> None:
    page = operator.page
    operator.go("/admin")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("table")
    assert "Vera" in page.text_content("table") and "done" in page.text_content("table")
    operator.look("admin")
    page.get_by_role("link", name="Open the stage").click()
    page.wait_for_selector("#stage[data-step='0']")
    operator.look("stage_0")
    for step in range(1, 5):
        page.keyboard.press(" ")
        page.wait_for_selector(f"#stage[data-step='{step}']")
        page.wait_for_timeout(1500)  # a scene fades in
        operator.look(f"stage_{step}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#stage[data-step='3']")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_selector("#stage.empty")
    operator.look("stage_empty")
    assert not operator.complaints


@pytest.mark.parametrize("guest", ["desk"], indirect=True)
def test_a_round_is_played_by_keyboard(guest: Guest) -> None:
    page = guest.page
    guest.go("/")
    guest.look("begin")
    guest.go("/game")
    guest.look("hall")
    page.get_by_role("button", name="Play").click()
    page.wait_for_url("**/game/*")
    guest.look("game")
    for number in range(1, 11):
        # a browser sets the focus with its first frame
        page.wait_for_function("document.activeElement.value === 'real'")
        page.keyboard.press("Tab" if number % 3 == 0 else "Shift")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    page.fill("#who", "Anna")
    guest.look("played")
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/game")
    assert "Anna" in page.text_content(".best")
    guest.look("best")
    assert not guest.complaints


def test_a_killed_server_loses_nobody(tmp_path: Path) -> None:
    from tools.booths import RunningBooth, open_page, rendered_photo, send_photo

    links = []

    async def come(url: str) -> None:
        async with httpx.AsyncClient(timeout=120) as client:
            answer = await send_photo(client, url, rendered_photo(), await open_page(client, url))
        links.append(answer.headers["hx-redirect"])

    booth = RunningBooth(tmp_path / "workspace", "workers=0")
    asyncio.run(come(booth.url))
    booth.end(signal.SIGKILL)
    booth = RunningBooth(tmp_path / "workspace", "workers=0")
    try:
        told = httpx.get(f"{booth.url}{links[0]}", timeout=120).text
    finally:
        booth.end()
    assert "You are next" in told


def test_the_photo_is_written_anew_before_anything_is_made_of_it(tmp_path: Path, monkeypatch) -> None:
    made = []
    maker = SimpleNamespace(make=lambda image, folder, *_: made.append((image.shape, folder)))
    monkeypatch.setattr(booth_film, "maker_of", lambda _: maker)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "ACME phone"
    photo, out = tmp_path / "photo.jpg", tmp_path / "result"
    for is_clean in (False, True):
        photo.write_bytes(encoded("JPEG", exif=exif))
        said = [f"photo={photo}", f"out={out}", f"workspace={tmp_path}", f"clean_photo={str(is_clean).lower()}"]
        booth_film.make_souvenir(compose_config("booth_film", said))
        assert made.pop() == ((60, 40, 3), out) and (b"ACME" in photo.read_bytes()) != is_clean


def test_what_was_seen_together_is_not_looked_at_again(tmp_path: Path, monkeypatch) -> None:
    looks, made = [], []

    class Maker:
        def seen(self, photos):
            looks.append(len(photos))
            return [UserError("no face") if image.mean() < 1 else image.shape for image, _ in photos]

        def write(self, seen, folder, consent):
            made.append((folder.name, seen, consent))

        def make(self, image, folder, which, consent):
            made.append((folder.name, "alone", consent))

    monkeypatch.setattr(booth_film, "maker_of", lambda _: Maker())
    lines = {}
    for name, settings in (("a", []), ("b", []), ("dark", []), ("c", ["seconds=1"])):
        photo = tmp_path / f"{name}.jpg"
        write_image(photo, np.full((30, 40, 3), 0 if name == "dark" else 200, np.uint8))
        lines[name] = [f"photo={photo}", f"out={tmp_path / f'out_{name}'}", f"consent={name}", "clean_photo=true",
                       f"workspace={tmp_path}", *settings]  # fmt: skip
    missing = [f"photo={tmp_path / 'missing.jpg'}", f"workspace={tmp_path}"]
    booth_film.look_ahead([*lines.values(), missing])
    assert looks == [3, 1]
    for line in lines.values():
        booth_film.make_souvenir(compose_config("booth_film", line))
    seen = [(f"out_{name}", (30, 40, 3), name) for name in ("a", "b")]
    assert made == [*seen, ("out_dark", "alone", "dark"), ("out_c", (30, 40, 3), "c")] and looks == [3, 1]
    booth_film.make_souvenir(compose_config("booth_film", lines["a"]))  # once more: what was seen is used once
    assert made[-1] == ("out_a", "alone", "a")


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    for said, words in (
        ("url=booth", "https://booth.example"), ("gallery=nowhere", "no such folder"), ("game=.", "into real/"),
        ("mail.server=mail.example", "url="),
    ):  # fmt: skip
        assert words in one_line_error(run("booth", said, "workers=0", cwd=tmp_path, code=2))
    assert "10 characters" in one_line_error(
        run("booth", "workers=0", cwd=tmp_path, code=2, FACESWAP_BOOTH_PASSWORD="short")
    )
