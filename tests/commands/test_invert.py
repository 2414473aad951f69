"""python -m faceswap.invert: files, table, and one line for what cannot be done."""

import json

import numpy as np
import pytest

from faceswap.cli.runner import run_command
from faceswap.invert import invert
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.stylegan.inversion.latents import Latent
from faceswap.stylegan.weights.files import load_generator
from tests.clips import make_clip
from tests.commands.conftest import run
from tests.stylegan.tiny import tiny_files


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A folder with photos of the cartoon face, a clip, and the settings that name tiny weights."""
    folder = tmp_path_factory.mktemp("invert")
    clip = make_clip(folder, "clip", 3)
    (folder / "photos").mkdir()
    for frame in read_frames(clip.video):
        write_image(folder / "photos" / f"{frame.index}.png", frame.image)
    points = ["finder=landmarks", f"finder.path={clip.landmarks}"]
    return folder, tiny_files(folder), points


def called(capfd, *arguments):
    code = run_command("invert", invert, list(arguments))
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return code, out.strip(), err


def test_a_photo_becomes_a_file_that_draws_it_again(inputs):
    folder, weights, points = inputs
    ran = run("invert", f"photo={folder / 'photos' / '0.png'}", *weights, *points, "steps=3", "fidelity=0.6",
              "tuning_steps=10", cwd=folder)  # fmt: skip
    own = "inverted_steps_3_fidelity_0.6_tuning_steps_10_finder_landmarks"  # other settings than usual
    assert ran.path == folder / "workspace" / "out" / own / "0.latent.safetensors"
    found = Latent.load(ran.path, load_generator(folder / "generator.safetensors"))
    assert found.tuning is not None and found.source == str(folder / "photos" / "0.png")
    assert set(found.losses) == {"pixels", "perceptual", "identity", "loss"}
    assert read_image(ran.path.with_name("0.reconstruction.png")).shape == (32, 32, 3)
    assert read_image(ran.path.with_name("0.side_by_side.png")).shape[1] == 3 * 256
    assert "perceptual   identity       loss    seconds      steps" in ran.stderr


def test_photos_of_a_folder_and_frames_of_a_video(inputs, tmp_path, capfd):
    folder, weights, points = inputs
    for source, names in (("photos", ["0", "1", "2"]), ("clip.mp4", ["clip-000000", "clip-000002"])):
        every = "every=2" if source == "clip.mp4" else "every=1"
        code, out, err = called(capfd, f"photo={folder / source}", *weights, *points, "steps=1", every,
                                f"out={tmp_path}")  # fmt: skip
        assert code == 0, err
        table = json.loads((tmp_path / f"{source.split('.')[0]}_inverted" / "inversions.json").read_text())
        assert [row["name"] for row in table] == names and all(row["steps"] == 1 for row in table)
        assert all((tmp_path / out / f"{name}.latent.safetensors").is_file() for name in names)


def test_the_trade_off_is_drawn(inputs, tmp_path, capfd):
    folder, weights, points = inputs
    code, out, err = called(capfd, f"photo={folder / 'photos' / '0.png'}", *weights, *points, "steps=1",
                            "tuning_steps=2", "tradeoff=true", f"out={tmp_path}")  # fmt: skip
    assert code == 0, err
    assert read_image(out).std() > 5
    told = json.loads((tmp_path / "0.tradeoff.json").read_text())
    assert [point["fidelity"] for point in told["points"]] == [i / 8 for i in range(9)]
    assert all(-1 <= point["editability"] <= 1 for point in told["points"]) and 0 < told["own_samples"] <= 1


def test_what_cannot_be_inverted_is_told_in_one_line(inputs, tmp_path, capfd):
    folder, weights, points = inputs
    photo = folder / "photos" / "0.png"
    empty = tmp_path / "empty.png"
    write_image(empty, np.full((64, 64, 3), 90, np.uint8))
    (tmp_path / "nothing.mp4").touch()
    for arguments, told in (
        (["photo="], "photo= is missing"),
        ([f"photo={empty}", *weights], "no face was found in"),
        ([f"photo={tmp_path / 'nothing.mp4'}", *weights], "nothing.mp4"),
        ([f"photo={photo}", weights[0], *points], "name its encoder= too, or say guess=average"),
        ([f"photo={photo}", weights[0], "encoder=gone.safetensors", *points], "there are no weights gone.safetensors"),
        ([f"photo={photo}", *weights, *points, "face=7"], "face=7: "),
        ([f"photo={photo}", *weights, *points, "face=nose"], "face=nose: accepted are largest, left, right"),
        ([f"photo={photo}", *weights, *points, "fidelity=3"], "fidelity=3"),
        ([f"photo={folder / 'clip.mp4'}", *weights, *points, "tradeoff=true"], "tradeoff=true takes one photo"),
    ):
        code, out, err = called(capfd, *arguments, f"out={tmp_path / 'out'}")
        assert (code, out) == (2, ""), arguments
        last = err.strip().splitlines()[-1]
        assert last.startswith("error: ") and told in last, last
    assert not (tmp_path / "out").exists()
