"""The studio as a maker uses it: started as a command, used in a browser, from a film to a swapped film."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap.core.face_record import read_records
from faceswap.core.face_set import ALIGNMENTS
from faceswap.curation.repair.painted import read_painted
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.accessibility import axe_source, serious_faults
from tests.browsing import Server, Visitor, browsed, served
from tests.clips import write_clip
from tests.commands.conftest import one_line_error, run
from tests.test_layout import PACKAGE

FRAMES = 14


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio as a user starts it, with one worker; its address has the token."""
    with served("studio", tmp_path_factory.mktemp("studio"), "device=cpu") as started:
        yield started


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Half a second of two rendered actors."""
    folder = tmp_path_factory.mktemp("films")
    for name in ("hanna", "vera"):
        frames = read_frames(probe(PACKAGE.parent / "demo" / f"{name}.mp4"), 0, FRAMES)
        write_clip(folder / f"{name}.mp4", [frame.image for frame in frames])
    return {path.stem: path for path in folder.iterdir()}


class Maker(Visitor):
    """Somebody at a browser who has opened the address with the token."""

    def __init__(self, page, url: str, kind: str) -> None:
        super().__init__(page, url.partition("/?")[0], kind)
        page.goto(url)

    def wait_for_job(self) -> None:
        """Waits until the job on the page has ended well, and looks at it."""
        self.page.wait_for_url("**/jobs/*")
        self.page.wait_for_selector(".state.done, .state.failed")
        assert self.page.text_content(".state") == "done", self.page.text_content("#state")


@pytest.fixture
def maker(chromium: str, server: Server, request: pytest.FixtureRequest) -> Iterator[Maker]:
    kind = getattr(request, "param", "desk")
    with browsed(chromium, kind) as page:
        yield Maker(page, server.url, kind)


def test_from_a_film_to_a_swapped_film(maker: Maker, server: Server, films: dict[str, Path], tmp_path: Path) -> None:
    page = maker.page
    run("extract", f"video={films['hanna']}", f"workspace={server.workspace}", "finder.device=cpu", cwd=tmp_path)
    maker.look("begun")
    with page.expect_navigation():
        page.set_input_files("#send", films["vera"])
    page.get_by_role("link", name="Extract vera.mp4").click()
    maker.look("extract")
    page.get_by_role("button", name="Find the faces").click()
    maker.wait_for_job()
    maker.look("extracted")
    assert page.text_content("#line").startswith("python -m faceswap.extract video=")

    page.get_by_role("link", name="Curate them").click()
    page.locator(".face input").nth(0).check()
    maker.look("faces")
    repair_a_landmark(maker, server)
    paint_a_mask(maker, server)

    maker.go("/train")
    page.select_option("#a", "hanna")
    page.select_option("#b", "vera")
    page.fill("#who", "rendered actors")
    page.click("summary")
    page.select_option("#model", "lite")
    for setting, value in {
        "iterations": 20,
        "preview_every": 10,
        "save_every": 10,
        "log_every": 5,
        "batch_size": 2,
    }.items():
        page.fill(f"#{setting}", str(value))
    page.wait_for_function("() => document.getElementById('line')?.textContent.includes('iterations=20')")
    maker.look("train")
    page.get_by_role("button", name="Train").click()
    page.wait_for_url("**/runs/hanna_vera")
    page.wait_for_selector(".state.done, .state.failed")
    assert page.text_content(".state") == "done", page.text_content("#live")
    page.wait_for_selector("figure img")
    page.wait_for_selector("figure svg")
    maker.look("run")

    page.get_by_role("link", name="Convert with it").click()
    page.wait_for_selector("#ab[data-drawn]")
    shown = page.get_attribute("#ab", "data-drawn")
    assert "vera.mp4" in shown
    maker.look("convert")
    page.keyboard.press("k")  # a keyframe at 0, and one at 3 with half the strength
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.focus("#strength")
    page.keyboard.press("Home")
    page.wait_for_selector("#ab[data-drawn*='frame=3']")
    page.focus("#frame")
    page.keyboard.press("[")
    assert page.input_value("#frame") == "0"
    page.keyboard.press("ArrowRight")
    page.select_option("#mask", "hull")
    page.wait_for_selector("[id='mask.forehead']")
    page.wait_for_selector("#ab[data-drawn*='mask=hull']")
    assert "frame=1&" in page.get_attribute("#ab", "data-drawn")
    page.get_by_role("button", name="Queue the whole film").click()
    maker.wait_for_job()
    assert "mask=hull" in page.text_content("#line") and "strength={0: 1, 3: 0}" in page.text_content("#line")
    with page.expect_download() as saved:
        page.click("#save")
    saved.value.save_as(tmp_path / "film.mp4")
    assert probe(tmp_path / "film.mp4").frame_count == FRAMES
    maker.look("converted")
    assert not maker.complaints


def repair_a_landmark(maker: Maker, server: Server) -> None:
    """Moves a point by the pointer, another by keys, carries the change along and takes one step back."""
    page, folder = maker.page, server.workspace / "faces" / "vera"
    before = {one.frame: one.points for one in read_records(folder / ALIGNMENTS)}
    page.get_by_role("link", name="Repair on the film").click()
    page.wait_for_selector("#repair[data-loaded]")
    page.wait_for_selector("#marks circle")
    nose = page.locator("#marks circle").nth(30).bounding_box()
    page.mouse.move(nose["x"] + nose["width"] / 2, nose["y"] + nose["height"] / 2)
    page.mouse.down()
    page.mouse.move(nose["x"] + nose["width"] / 2 + 12, nose["y"] + nose["height"] / 2, steps=3)
    page.mouse.up()
    page.focus("#surface")
    page.keyboard.press("n")
    page.keyboard.press("Shift+ArrowDown")
    maker.look("repair")
    page.keyboard.press("s")
    page.wait_for_selector("#where:text('saved')")
    page.fill("#first", "0")
    page.fill("#last", "5")
    page.click("#carry")
    page.wait_for_selector("#where:text('5 faces changed')")
    after = {one.frame: one.points for one in read_records(folder / ALIGNMENTS)}
    moved = {frame: after[frame] - before[frame] for frame in after}
    assert moved[0][30][0] > 2 and abs(moved[0][31] - (0, 10)).max() < 0.5 and abs(moved[0][:30]).max() < 0.01
    assert abs(moved[5][31] - (0, 10)).max() < 2 and abs(moved[6]).max() == 0
    page.focus("#surface")
    page.keyboard.press("u")
    page.wait_for_selector("#where:text('taken back')")
    after = {one.frame: one.points for one in read_records(folder / ALIGNMENTS)}
    assert (after[5] == before[5]).all() and (after[0] != before[0]).any()
    page.get_by_role("link", name="Back to the faces").click()


def paint_a_mask(maker: Maker, server: Server) -> None:
    """Keeps what lies under the brush, moved by keys, as it was filmed."""
    page, place = maker.page, server.workspace / "faces" / "vera" / "masks"
    page.get_by_role("link", name="Paint masks").click()
    page.wait_for_selector("#masks[data-loaded]")
    page.focus("#surface")
    page.keyboard.down(" ")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.up(" ")
    maker.look("masks")
    page.keyboard.press("s")
    page.wait_for_selector("#painted .mark")
    mask = read_painted(place / "000000.png")
    width, height = page.get_attribute("#canvas", "width"), page.get_attribute("#canvas", "height")
    assert mask.shape == (int(height), int(width)) and mask[int(height) // 2, int(width) // 2] == 0
    assert 0 < (mask < 128).mean() < 0.05
    page.click("#remove")
    page.wait_for_selector("#painted:empty", state="attached")
    page.get_by_role("link", name="Back to the faces").click()


PAGES = {
    "home": "/", "extract": "/extract", "train": "/train", "photos": "/photos", "queue": "/jobs",
    "faces": "/faces/vera", "repair": "/faces/vera/repair", "masks": "/faces/vera/masks",
    "people": "/faces/vera/people", "run": "/runs/hanna_vera", "runs": "/runs?run=hanna_vera",
    "convert": "/convert?run=hanna_vera", "nothing": "/nothing",
}  # fmt: skip
READY = {"convert": "#ab[data-drawn]", "repair": "#repair[data-loaded]", "masks": "#masks[data-loaded]"}


@pytest.mark.parametrize("maker", ["phone", "desk"], indirect=True)
def test_nobody_is_kept_out_of_a_page(maker: Maker) -> None:
    """After the film above: all pages have something to show, fit, and can be read and used without a pointer."""
    source, faults = axe_source(), list[str]()
    for name, path in PAGES.items():
        maker.go(path)
        maker.page.wait_for_selector(READY.get(name, "main"))
        maker.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        maker.look(name)
        faults += serious_faults(maker.page, source)
    assert not faults
    assert not [told for told in maker.complaints if "404" not in told]


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    assert "FACESWAP_STUDIO_PASSWORD" in one_line_error(run("studio", "host=0.0.0.0", cwd=tmp_path, code=2))
    assert "no such folder" in one_line_error(run("studio", "media=nowhere", cwd=tmp_path, code=2))
