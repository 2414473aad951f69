"""python -m faceswap.edit: photos and films in, photos and films out; one line for what cannot be done."""

import json
import shlex

import numpy as np
import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.runner import run_command
from faceswap.edit import edit
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.stylegan.directions.directions import Direction, DirectionSet, save_directions
from faceswap.stylegan.weights.files import generator_hash, load_generator
from tests.browsing import browsed
from tests.clips import make_clip
from tests.commands.conftest import run
from tests.stylegan.tiny import tiny_files


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A folder with a clip of the cartoon face, its first frame as a photo, and settings that name tiny weights."""
    folder = tmp_path_factory.mktemp("edit")
    clip = make_clip(folder, "clip", 10)
    write_image(folder / "photo.png", next(iter(read_frames(clip.video))).image)
    points = ["finder=landmarks", f"finder.path={clip.landmarks}"]
    weights = [*tiny_files(folder), f"directions={folder / 'directions.safetensors'}"]
    return folder, [*weights, *points, "mask=hull", "steps=2"]


def called(capfd, *arguments):
    code = run_command("edit", edit, list(arguments))
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return code, out.strip(), err


def test_a_film_comes_back_edited_with_its_sound(inputs):
    folder, common = inputs
    ran = run("edit", f"video={folder / 'clip.mp4'}", *common, "smile=0:3", "age=-1", "batch_size=4", cwd=folder)
    assert (
        ran.path == folder / "workspace" / "out" / "clip_edited_smile_0-3_age_-1_steps_2_finder_landmarks_mask_hull.mp4"
    )
    info = probe(ran.path)
    assert info.frame_count == 10 and info.has_audio
    told = json.loads(ran.path.with_name(f"{ran.path.name}.report.json").read_text())
    assert told["edits"] == {"smile": [0, 3], "age": [-1, -1]} and told["faces"] == told["frames"] == 10
    changes = [
        np.abs(a.image.astype(int) - b.image).mean()
        for a, b in zip(read_frames(folder / "clip.mp4"), read_frames(ran.path), strict=True)
    ]
    assert min(changes) > 0.3


@pytest.mark.parametrize("paste", ["change", "whole"])
def test_a_photo_changes_where_the_face_is(inputs, tmp_path, capfd, paste):
    folder, common = inputs
    code, out, err = called(capfd, f"photo={folder / 'photo.png'}", *common, "smile=+3", f"paste={paste}",
                            f"out={tmp_path / 'edited.png'}")  # fmt: skip
    assert code == 0, err
    change = np.abs(read_image(out).astype(int) - read_image(folder / "photo.png")).max(-1)
    assert change[72, 96] > 0 and change[:10].max() == 0
    assert json.loads((tmp_path / "edited.png.report.json").read_text())["photos"] == 1


def test_nothing_changes_without_strength(inputs, tmp_path, capfd):
    folder, common = inputs
    code, out, err = called(capfd, f"photo={folder / 'photo.png'}", *common, "smile=0", f"out={tmp_path / 'same.png'}")
    assert code == 0, err
    assert (read_image(out) == read_image(folder / "photo.png")).all()


def test_an_inverted_photo_is_edited_as_it_is(inputs, tmp_path, capfd):
    from faceswap.invert import invert

    folder, common = inputs
    tools = [one for one in common if one.startswith(("generator", "encoder", "finder"))]
    made = run_command("invert", invert, [f"photo={folder / 'photo.png'}", *tools, "steps=2", f"out={tmp_path}"])
    stored = capfd.readouterr().out.strip()
    assert made == 0 and stored.endswith("photo.latent.safetensors")
    pictures = []
    for source in (stored, folder / "photo.png"):
        code, out, err = called(capfd, f"photo={source}", *common, "smile=2", f"out={tmp_path / 'edited.png'}")
        assert code == 0, err
        pictures.append(read_image(out).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_sheet_and_page(inputs, tmp_path, capfd):
    folder, common = inputs
    code, out, err = called(capfd, f"photo={folder / 'photo.png'}", *common, "sheet=true", f"out={tmp_path / 's.png'}")
    assert code == 0, err
    assert read_image(out).shape[1] == 7 * 192  # two directions, strengths from -3 to 3
    code, out, err = called(capfd, f"photo={folder / 'photo.png'}", *common, "page=true", "smile=0.7",
                            f"out={tmp_path / 'p.html'}")  # fmt: skip
    assert code == 0, err
    text = (tmp_path / "p.html").read_text()
    assert out.endswith("p.html") and "@@" not in text and "http" not in text
    told = json.loads(text.partition("const data = ")[2].partition(";\n")[0])
    assert {name: told["sigmas"][name][place] for name, place in told["opened"].items()} == {"age": 0, "smile": 0.7}
    assert [len(told["changes"][name]) for name in ("age", "smile")] == [13, 14] and told["edited"]
    program, *again = shlex.split(told["line"])[2:]  # without the moves, which the page adds as its sliders stand
    request = compose_config("edit", [f"photo={folder / 'photo.png'}", *common])
    assert (program, compose_config("edit", again)) == ("faceswap.edit", request)
    assert not np.array_equal(read_image(tmp_path / "p.png"), read_image(folder / "photo.png"))
    code, out, err = called(capfd, f"photo={folder / 'photo.png'}", *common, "page=true", f"out={tmp_path / 'q.html'}")
    assert code == 0 and out.endswith("q.html") and not (tmp_path / "q.png").exists(), err


@pytest.mark.slow
def test_the_page_says_what_is_exact_and_what_is_near(inputs, tmp_path, capfd, chromium):
    folder, common = inputs
    photo = f"photo={folder / 'photo.png'}"
    code, _, err = called(capfd, photo, *common, "page=true", "smile=1", "age=1.5", f"out={tmp_path / 'p.html'}")
    assert code == 0, err
    with browsed(chromium, "phone") as page:
        page.goto((tmp_path / "p.html").as_uri())
        told = page.locator("#told")
        seen = []
        for name, place in ((None, 0), ("age", 6), ("smile", 4), ("age", 8), ("smile", 6), ("age", 6)):
            if name:
                slider = page.locator("label", has_text=name).locator("input")
                slider.evaluate(
                    "(input, place) => { input.value = place; input.dispatchEvent(new Event('input')) }", place
                )
            seen.append(told.inner_text())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    opened, one, other, both, alone, none = seen
    assert opened.startswith("As the command draws it") and opened.endswith("age=1.5 smile=1")
    assert one.startswith("As the command") and one.endswith(" smile=1") and "age=" not in one
    assert other.startswith("As the command") and other.endswith(" smile=-1")
    assert both.startswith("Near to the edit, not the same") and both.endswith(" age=1 smile=-1")
    assert alone.startswith("As the command") and alone.endswith(" age=1")
    assert none.strip() == "The photo as it is."


def test_what_cannot_be_edited_is_told_in_one_line(inputs, tmp_path, capfd):
    folder, common = inputs
    other = tmp_path / "other.safetensors"
    axis = np.eye(32, dtype=np.float32)[0]
    save_directions(other, DirectionSet({"smile": Direction("smile", axis, axis.copy(), 1.0, generator="0" * 64)}))
    owner = generator_hash(load_generator(folder / "generator.safetensors"))
    grey = tmp_path / "grey.png"
    write_image(grey, np.full((64, 64, 3), 90, np.uint8))
    (tmp_path / "nothing.mp4").touch()
    photo = f"photo={folder / 'photo.png'}"
    for arguments, told in (
        ([*common, "smile=1"], "one of photo=... and video=..."),
        ([photo, *common], "say what to change, for instance smile=+1.5; there are the directions: age, smile"),
        ([photo, *common, "smlie=1"], "there is no direction 'smlie' (there are: age, smile)"),
        ([photo, *common, "smile=lots"], "a strength is a number of sigmas"),
        ([photo, *common, "smile=0:2"], "a ramp such as smile=0:2 needs a video"),
        (
            [photo, *common, "smile=1", f"directions={other}"],
            f"was found in another generator (000000000000, not {owner[:12]}): find it in this one with python -m"
            " faceswap.directions",
        ),
        ([photo, *common, "smile=1", "paste=glue"], "paste=glue is not known"),
        ([f"photo={grey}", *common, "finder=builtin", "~finder.path", "smile=1"], ""),
        ([f"video={tmp_path / 'nothing.mp4'}", *common, "smile=1"], "nothing.mp4"),
        ([f"video={folder / 'clip.mp4'}", *common, "smile=1", "sheet=true"], "take one photo"),
        ([photo, *common, "smile=1", f"out={folder / 'photo.png'}"], "it is what photo= names"),
    ):
        code, out, err = called(capfd, *arguments, *([] if "out=" in arguments[-1] else [f"out={tmp_path / 'o.png'}"]))
        assert (code, out) == (2, ""), (arguments, err)
        last = err.strip().splitlines()[-1]
        assert last.startswith("error: ") and told in last, last
    assert not (tmp_path / "o.png").exists()


def test_frames_without_a_face_pass_and_none_at_all_is_told(inputs, tmp_path, capfd):
    folder, common = inputs
    points = tmp_path / "some.npz"
    with np.load(folder / "clip.landmarks.npz") as known:
        np.savez(points, **{name: known[name][:4] for name in known.files})
    code, _, err = called(capfd, f"video={folder / 'clip.mp4'}", *common, f"finder.path={points}", "smile=3",
                            f"out={tmp_path / 'e.mp4'}")  # fmt: skip
    assert code == 0, err
    assert json.loads((tmp_path / "e.mp4.report.json").read_text())["faces"] == 4
    code, _, err = called(capfd, f"video={folder / 'clip.mp4'}", *common, f"finder.path={points}", "smile=3",
                            "start=6", f"out={tmp_path / 'f.mp4'}")  # fmt: skip
    assert code == 2 and "no face was found in any of the 4 frames" in err
