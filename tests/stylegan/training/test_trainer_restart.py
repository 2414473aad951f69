"""What restart=true removes of a training, and what is no run."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from faceswap.stylegan.training.config import (
    MonitorSettings,
    NetworkSettings,
)
from faceswap.stylegan.training.run_folder import (
    GENERATOR_FILE,
    KIND,
    check_folder,
    forget,
    read_record,
)
from faceswap.stylegan.training.state import CHECKPOINT
from faceswap.utils.errors import UserError
from tests.stylegan.training.small import SETTINGS, train_generator


def test_restart_waits_until_its_settings_are_known_to_be_good(data, tmp_path):
    train_generator(data, tmp_path, kimg=0.004, **SETTINGS)
    before = (tmp_path / CHECKPOINT).read_bytes()
    for settings in (
        {"grow_from": str(tmp_path / "none.safetensors")},
        {"monitor": MonitorSettings(samples=8), "inception": str(tmp_path / "none.pth")},
        {"plan": NetworkSettings(64, [8] * 5, 16)},  # the pictures are of 32 px
    ):
        with pytest.raises(UserError):
            train_generator(data, tmp_path, kimg=0.004, restart=True, **SETTINGS | settings)
        assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_restart_removes_what_a_training_wrote_and_nothing_else(data, tmp_path):
    run, photos = tmp_path / "run", tmp_path / "photos"
    photos.mkdir()
    (photos / "00000024.jpg").write_bytes(b"of the user")
    train_generator(data, run, kimg=0.004, **SETTINGS)
    photos_there = (run / "previews" / "holiday.jpg", run / "previews" / "20190101.jpg")
    for kept in (run / "notes.txt", *photos_there, run / "pictures-of-mine.npy"):
        kept.write_bytes(b"of the user")
    for gone in (run / "previews" / "00000003.jpg", run / "events.out.tfevents.1"):
        gone.write_bytes(b"of an earlier training")
    train_generator(data, run, kimg=0.004, restart=True, **SETTINGS)
    for kept in (run / "notes.txt", *photos_there, run / "pictures-of-mine.npy"):
        assert kept.read_bytes() == b"of the user"
    assert not (run / "previews" / "00000003.jpg").exists() and not (run / "events.out.tfevents.1").exists()
    shutil.rmtree(run / "previews")
    (run / "previews").symlink_to(photos)
    for restart in (True, False):
        with pytest.raises(UserError, match="is a link"):
            train_generator(data, run, kimg=0.008, restart=restart, **SETTINGS)
    assert (photos / "00000024.jpg").read_bytes() == b"of the user"


@pytest.mark.parametrize(
    "name", ["generator.safetensors", "config.yaml", "report.json", "previews/00000001.jpg", "events.out.tfevents.1"]
)
def test_a_folder_of_other_files_is_no_run(data, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("of the user")
    for restart in (False, True):
        with pytest.raises(UserError, match="is no training of this program"):
            train_generator(data, tmp_path, kimg=0.004, restart=restart, **SETTINGS)
    assert (tmp_path / name).read_text() == "of the user" and not (tmp_path / CHECKPOINT).exists()


def test_a_run_whose_checkpoint_is_gone_is_not_begun_anew_in_silence(data, whole, tmp_path):
    run = shutil.copytree(whole, tmp_path / "run")
    (run / CHECKPOINT).unlink()
    made = (run / GENERATOR_FILE).read_bytes()
    with pytest.raises(UserError, match=r"checkpoint\.pt is gone.*24 pictures.*restart=true"):
        train_generator(data, run, kimg=0.028, **SETTINGS)
    assert (run / GENERATOR_FILE).read_bytes() == made
    train_generator(data, run, kimg=0.004, restart=True, **SETTINGS)


@pytest.mark.parametrize("is_old", [False, True])
def test_a_removal_that_was_stopped_anywhere_is_gone_on_with(whole, tmp_path, monkeypatch, is_old):
    record = {"kind": KIND} if is_old else read_record(whole)
    places = sum(1 for path in whole.rglob("*") if path.is_file())
    for place in range(places + 1):
        run = shutil.copytree(whole, tmp_path / str(place))
        if is_old:
            (run / "report.json").unlink()
        removals = iter(range(place))

        def stop(path, missing_ok=False, *, remove=Path.unlink, removals=removals):
            if next(removals, None) is None:
                raise KeyboardInterrupt
            remove(path, missing_ok=missing_ok)

        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(Path, "unlink", stop)
            forget(run, record)
        check_folder(run, read_record(run))
        forget(run, read_record(run))
        check_folder(run, read_record(run))
        left = sorted(path.name for path in run.rglob("*") if path.is_file() and not (is_old and path.suffix == ".jpg"))
        assert left == ["report.json"]
