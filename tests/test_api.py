"""What `import faceswap` offers, on films of cartoon faces that are trained for a moment."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import faceswap as fs
from faceswap.cli.composing.compose import compose_config
from faceswap.config.build import to_yaml
from faceswap.detect.landmark_files import LandmarksFinder
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.swap.runs.checkpoints import list_checkpoints
from faceswap.swap.training.settings_text import settings_text
from tests.clips import make_clip
from tests.swap.fakes import Tiny, make_face_set

QUICK = {"device": "cpu", "batch_size": 2, "workers": 0, "log_every": 2, "preview_every": 4, "save_every": 4}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A folder with two films, their face sets and a run of a few steps."""
    folder = tmp_path_factory.mktemp("studio")
    for seed, name in enumerate(("craig", "brosnan"), 1):
        clip = make_clip(folder, name, 8, seed=seed)
        found = fs.extract(clip.video, folder / "faces" / name, detector=LandmarksFinder(path=str(clip.landmarks)))
        assert isinstance(found, fs.FaceSet) and len(found) == 8
    run = fs.Trainer(folder / "faces" / "craig", folder / "faces" / "brosnan", model="lite", **QUICK).fit(steps=2)
    assert run == folder / "runs" / "craig_brosnan"
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    return make_face_set(root / "a", 24, seed=1), make_face_set(root / "b", 24, seed=2)


def test_importing_it_is_cheap_and_tells_what_there_is():
    code = (
        "import sys, faceswap\n"
        "assert not {'torch', 'numpy', 'cv2', 'hydra'} & set(sys.modules)\n"
        "assert set(faceswap.__all__) <= set(dir(faceswap))\n"
        "import faceswap.extract, faceswap.convert\n"  # the commands' modules
        "assert faceswap.extract.__module__ == faceswap.convert.__module__ == 'faceswap.api.swapping'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_every_public_name_is_there_and_told():
    for name in fs.__all__:
        assert getattr(fs, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'exract'"):
        _ = fs.exract


def test_python_and_the_command_have_the_same_defaults():
    command = yaml.safe_load(to_yaml(compose_config("train", ["pair.a=x", "pair.b=y"])))
    config = fs.TrainConfig()
    python = yaml.safe_load(settings_text(config, config.build_model(), ("x", "y")).text)
    known = command.keys() & python.keys() - {"pair"}
    assert {name: python[name] for name in known} == {name: command[name] for name in known}
    assert command.keys() - known == {"pair", "run", "workspace"} and python.keys() - known == {"pair"}


def test_a_film_and_a_picture_are_swapped(studio):
    swapper = fs.Swapper.load(studio / "runs" / "craig_brosnan", device="cpu")
    frame = next(iter(read_frames(probe(studio / "brosnan.mp4"), 0, 1))).image
    face = fs.FaceSet.open(studio / "faces" / "brosnan").records[0].face
    before = frame.copy()
    swapped = swapper.swap_image(frame, faces=[face])
    assert swapped.shape == frame.shape and swapped.dtype == np.uint8 and (frame == before).all()
    assert (swapped != frame).any() and (swapped[0] == frame[0]).all()
    assert (swapper.swap_image(frame, faces=[]) == frame).all()
    out = fs.convert(studio / "brosnan.mp4", swapper, studio / "out.mp4", faces=studio / "faces" / "brosnan", stop=4)
    assert out == studio / "out.mp4" and len(list(read_frames(probe(out)))) == 4


def test_training_goes_on_and_validates(sets, tmp_path):
    trainer = fs.Trainer(*sets, tmp_path / "run", model=Tiny, evaluate=False, **QUICK)
    trainer.fit(steps=2)
    trainer.fit(steps=4)
    assert trainer.progress.iteration == 4
    assert [path.name for path in list_checkpoints(tmp_path / "run")] == ["00000004", "00000002"]
    metrics = trainer.validate()
    assert metrics["validation"] > 0 and metrics["validation/a/psnr_db"] > 0


def test_a_state_in_memory_goes_on_as_the_training_would(sets, tmp_path):
    def trainer(name):
        return fs.Trainer(*sets, tmp_path / name, model=Tiny, evaluate=False, **QUICK)

    whole, first, second = trainer("whole"), trainer("first"), trainer("second")
    whole.fit(steps=4)
    first.fit(steps=2)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second.fit(steps=4)
    wanted = whole.model.state_dict()
    assert all((value == wanted[name]).all() for name, value in second.model.state_dict().items())


def test_a_model_a_loss_and_a_callback_of_one_s_own(sets, tmp_path):
    class Counter(fs.Callback):
        steps = 0
        metrics = None

        def on_step_end(self, trainer):
            self.steps += 1

        def on_validation_end(self, trainer, metrics):
            self.metrics = metrics

    def squared(images, masks, targets, target_masks, regions=None):
        return {"squared": ((images - targets).square() * target_masks).mean()}

    counter = Counter()
    trainer = fs.Trainer(
        *sets, tmp_path / "run", model=Tiny(coverage=0.6), loss=squared, callbacks=[counter], evaluate=False, **QUICK
    )
    trainer.fit(steps=3)
    assert counter.steps == 3 and counter.metrics["validation/a/squared"] > 0
    assert set(trainer.results["losses"]) == {"loss/a/squared", "loss/b/squared", "loss/a", "loss/b", "loss"}
    told = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert told["model"]["coverage"] == 0.6 and told["loss"]["_target_"].endswith("squared")


def trainer_with(**settings):
    return lambda place: fs.Trainer(place / "a", place / "b", **settings)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (trainer_with(modle="lite"), "no setting modle: did you mean model"),
        (trainer_with(batch_size=0), "batch_size=0"),
        (lambda place: fs.Trainer(place / "a", place / "b", model="light").setup(), "model=light: there are .*lite"),
        (lambda place: fs.Trainer(place / "a", place / "b", device="cpu").fit(1), "no face set in"),
        (lambda place: fs.Swapper.load(place / "nothing"), "no run .*nothing"),
        (lambda place: fs.extract(place / "nothing.mp4", place / "faces"), "nothing.mp4"),
        (lambda place: fs.extract(place, place / "faces", sise_px=3), "sise_px: did you mean size_px"),
        (lambda place: fs.detect(np.zeros((4, 4), np.uint8)), r"this is uint8 \(4, 4\)"),
        (lambda place: fs.detect(place / "nothing.png"), "nothing.png"),
        (lambda place: fs.align(np.zeros((64, 64, 3), np.uint8), size_px=1), "size_px=1"),
    ],
)
def test_what_the_user_can_mend_is_said_in_one_line(tmp_path, call, says):
    with pytest.raises(fs.Error, match=says) as told:
        call(tmp_path)
    assert "\n" not in str(told.value)


DEMO = Path(__file__).resolve().parents[1] / "demo" / "vera_test.mp4"


@pytest.fixture(scope="module")
def photo():
    return next(iter(read_frames(probe(DEMO), 0, 1))).image


def test_faces_of_a_photo(photo):
    (face,) = fs.detect(photo)
    assert face.points.shape == (68, 2) and face.score > 0.5
    assert fs.align(photo, face, 96).image.shape == (96, 96, 3)
    vectors = fs.embed(photo, [face, face])
    assert vectors.shape == (2, 128) and np.allclose(vectors @ vectors.T, 1, atol=1e-3)
    (parsed,) = fs.parse(photo, [face])
    assert parsed.NAMES[parsed.labels[128, 128]] in ("nose", "skin") and parsed.frame_to_view.shape == (2, 3)
    nothing = np.zeros((64, 64, 3), np.uint8)
    assert fs.detect(nothing) == [] and fs.embed(nothing).shape == (0, 128) and fs.parse(nothing) == []


def test_faces_are_drawn_inverted_and_edited(photo):
    one = fs.generate(3, device="cpu")
    assert one.ndim == 3 and (one == fs.generate(3, device="cpu")).all() and (one != fs.generate(4, device="cpu")).any()
    inverted = fs.invert(photo, steps=2, device="cpu")
    assert inverted.loss > 0 and inverted.image.dtype == np.uint8
    edited = fs.edit(inverted, {"smile": 2})
    assert edited.shape == photo.shape and (edited != photo).any() and (edited[:4] == photo[:4]).all()
    with pytest.raises(fs.Error, match="smyle"):
        fs.edit(inverted, {"smyle": 2})
