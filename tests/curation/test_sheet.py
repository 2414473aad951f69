"""The sheet is one page that shows every face, runs one script, and takes names for what they are."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest

from faceswap.curation.sheet import _DIGITS, pack_points
from tests.curation.made import curate_faces, embedder, mixed_set, picture, record_of, write_set

HOSTILE = [
    "</script><script>document.title='hit'.png".replace("/", "\u2215"), "<img src=x onerror=alert(1)>.png",
    "javascript:alert(1).png", "a&amp;\"'`b.png", "{{data}}.png", "#?%41 .png", "\u2028\u202e.png", "n\udcffo.png",
]  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, and the texts of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.labelled = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script" and data.strip():
            self.scripts.append(data)


def page_of(faces, **settings):
    text = curate_faces(faces, **settings).read_text(encoding="utf-8")
    page = Page(text)
    return text, page, json.loads(page.scripts[0])


def test_all_is_in_the_page(tmp_path):
    faces = mixed_set(tmp_path / "mixed")
    text, page, data = page_of(faces, embedder=embedder(), sort="blur")
    assert data["name"] == "mixed" and data["sort"] == "blur"
    assert data["files"] == [f"{i:06d}_00.png" for i in range(12)]
    assert {len(column) for column in data["columns"].values()} == {12} == {len(data["points"])}
    assert [i for i, bits in enumerate(data["against"]) if bits] == [2, 4, 7]
    assert data["sameAs"][2] == 1 and data["details"]["2"] == "repeats 000001_00.png"
    assert "blurred: 0.90, more than 0.75" in data["details"]["4"]
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text.replace("http-equiv", ""))
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "unsafe-inline'; script" in policy


@pytest.mark.parametrize("name", ["mixed", "a b", "it's $HOME `x`", "[1]"])
def test_its_command_works_from_any_folder(tmp_path, name):
    folder = tmp_path / "work space" / "faces" / name
    folder.parent.mkdir(parents=True)
    _, _, data = page_of(mixed_set(folder))
    said = subprocess.run(
        ["sh", "-c", f"python() {{ printf '%s\\n' \"$@\"; }}; {data['command']}"],
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert said.stdout.splitlines() == [
        "-m", "faceswap.curate", f"workspace={tmp_path / 'work space'}", f"faces={name}",
        "apply=~/Downloads/rejects.json",
    ]  # fmt: skip


def test_every_control_has_a_name(tmp_path):
    text, page, _ = page_of(mixed_set(tmp_path / "mixed"))
    assert ("html", {"lang": "en"}) in page.tags
    for tag, attributes in page.tags:
        if tag in ("select", "input"):
            assert re.search(rf'<label[^>]*>(?:(?!</label>).)*id="{attributes["id"]}"', text, re.S)


def test_removed_faces_are_shown_from_where_they_lie(tmp_path):
    _, _, data = page_of(mixed_set(tmp_path / "mixed"), reject=["blur"])
    assert data["removed"] == [4] and data["removedFolder"] == "removed"


def hostile_set(folder):
    faces = []
    for index, name in enumerate(HOSTILE):
        own = record_of(index)
        faces.append((type(own)(**{**vars(own), "file": name}), picture(index)))
    return faces


def test_hostile_names_stay_names(tmp_path):
    faces = hostile_set(tmp_path)
    folder = write_set(tmp_path / "<b>{{script}}&", faces[:-1])  # JSON lines hold no name that is no UTF-8
    text, page, data = page_of(folder)
    assert sorted(data["files"]) == sorted(HOSTILE[:-1])
    assert len(page.scripts) == 2 and text.count("<script") == 2 and "<b>" not in text
    for index, name in enumerate(data["files"]):
        address = data["addresses"].get(str(index), name)
        assert unquote(address) == name and re.fullmatch(r"[\w.~%-]+", address, re.A)


def test_points_come_back_from_their_characters():
    points = np.random.default_rng(0).uniform(-40, 120, (68, 2))
    steps = [_DIGITS.index(character) for character in pack_points(points, 96)]
    back = (np.array(steps[::2]) * 64 + steps[1::2]) / 4096 * 2 - 0.5
    assert np.abs(back * 96 - 0.5 - points.ravel()).max() < 0.1
    assert len(pack_points(points * 1000, 96)) == 272


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    return program


def seen_by(chromium, page, home):
    """The page's elements after its script has run.

    The faces come when Chromium has drawn its first frame, which its virtual time does not wait for: on a busy machine
    the page may be written out before, so it is asked for again.
    """
    for _ in range(5):
        done = subprocess.run(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900",
             f"--user-data-dir={home}", "--virtual-time-budget=4000", "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode or "<html" not in done.stdout:
            pytest.skip(f"Chromium does not run here: {done.stderr[-200:]}")
        if 'class="face' in done.stdout:
            break
    return done.stdout


def test_a_browser_shows_the_faces(tmp_path, chromium):
    sheet = curate_faces(mixed_set(tmp_path / "mixed"), embedder=embedder())
    shown = seen_by(chromium, sheet, tmp_path / "home")
    assert "12 faces of 12 shown" in shown and "3 faces marked to go" in shown
    assert shown.count('class="face goes"') == 3 and shown.count('class="face"') == 9
    assert re.findall(r"<h2>(Person \d)", shown) == ["Person 1", "Person 2"]
    assert 'src="./000003_00.png"' in shown


def test_a_browser_runs_nothing_of_a_name(tmp_path, chromium):
    shown = seen_by(chromium, curate_faces(write_set(tmp_path / "<b>x", hostile_set(tmp_path)[:-1])), tmp_path / "home")
    assert "7 faces of 7 shown" in shown and "<title>Faces of &lt;b&gt;x</title>" in shown
    assert not [tag for tag, attributes in Page(shown).tags if "onerror" in attributes or attributes.get("src") == "x"]
    assert shown.count("<script") == 2
