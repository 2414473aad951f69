"""What a run tells of itself: written when something was trained, once, and not behind its checkpoint."""

from __future__ import annotations

import contextlib
import json
import os
import shutil

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from faceswap.media.pictures.stamp import picture_mark
from faceswap.swap.models.registry import MODELS
from faceswap.swap.runs.checkpoints import list_checkpoints
from faceswap.swap.runs.event_files import drop_events_after
from faceswap.swap.runs.run_log import RunLog
from faceswap.swap.training import trainer
from faceswap.utils.errors import UserError
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import assert_same_run, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")
EVERY = {"save_every": 2, "preview_every": 2, "log_every": 2}


def content(run):
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def events(run):
    found = EventAccumulator(str(run), size_guidance={"tensors": 0, "scalars": 0, "images": 0})
    return found.Reload()


@pytest.mark.parametrize("asked", [{"iterations": 5}, {"iterations": 6}, {"iterations": 9, "minutes": 1e-9}])
def test_a_session_that_trains_nothing_changes_nothing(sets, tmp_path, asked):
    run = train(sets, tmp_path / "run", config_text="iterations: 6")
    before = content(run)
    train(sets, run, **{"config_text": "iterations: 5", **asked})
    assert content(run) == before


def test_a_session_that_cannot_begin_changes_no_record(sets, tmp_path, monkeypatch):
    run = train(sets, tmp_path / "run", config_text="iterations: 6")
    before = content(run)

    def fail(self, batch):
        raise UserError("no first step")

    monkeypatch.setattr(trainer.TrainStep, "step", fail)
    with pytest.raises(UserError, match="no first step"):
        train(sets, run, iterations=9, config_text="iterations: 9")
    assert content(run) == before


EVENTFUL = {"config_text": "seed: 0", "iterations": 6, **EVERY}
PLACES = {
    "scalars": (RunLog, "scalars"),
    "picture": (RunLog, "preview"),
    "report": (RunLog, "report"),
    "save": (trainer.CheckpointIO, "save"),
}


@pytest.fixture(scope="module")
def whole(sets, tmp_path_factory):
    """An uninterrupted run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, "tiny", Tiny)
        return train(sets, tmp_path_factory.mktemp("whole") / "run", **EVENTFUL)


def killed_while_training(sets, run, place: str, at: int) -> None:
    """Trains in a process that dies before or after the `at`-th entry of a kind."""
    when, kind = place.split()
    owner, name = PLACES[kind]
    real, count = getattr(owner, name), []

    def dying(*arguments, **more):
        count.append(1)
        if when == "before" and len(count) == at:
            os._exit(9)
        result = real(*arguments, **more)
        if len(count) == at:
            os._exit(9)
        return result

    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            setattr(owner, name, dying)
            train(sets, run, **EVENTFUL)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize(
    ("place", "at"),
    [("before save", 1), ("after save", 2), ("before save", 3), ("after save", 3), ("after report", 2),
     ("before report", 3), ("after picture", 3), ("after scalars", 5)],
)  # fmt: skip
def test_a_killed_and_resumed_run_tells_the_same_as_an_uninterrupted_one(sets, whole, tmp_path, place, at):
    run = tmp_path / "run"
    killed_while_training(sets, run, place, at)
    train(sets, run, **EVENTFUL)
    assert_same_run(whole, run)
    ours, theirs = ({str(p.relative_to(r)): picture_mark(p) for p in r.rglob("*.jpg")} for r in (run, whole))
    assert ours == theirs
    mine, other = (json.loads((r / "report.json").read_text()) for r in (run, whole))
    for name in ("iteration", "validation", "score", "losses", "best"):
        assert mine[name] == other[name], name
    told, wanted = events(run), events(whole)
    assert told.Tags()["tensors"] == wanted.Tags()["tensors"]
    for kind, read in (("tensors", "Tensors"), ("scalars", "Scalars"), ("images", "Images")):
        for tag in wanted.Tags()[kind]:
            steps = [[event.step for event in getattr(one, read)(tag)] for one in (told, wanted)]
            assert steps[0] == steps[1], tag


def test_what_an_earlier_version_left_behind_its_checkpoint_is_caught_up(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=6, **EVERY)
    wanted = json.loads((run / "report.json").read_text())
    (run / "report.json").write_text(json.dumps(wanted | {"iteration": 4, "validation": {}}))
    train(sets, run, iterations=6, **EVERY)
    told = json.loads((run / "report.json").read_text())
    assert (told["iteration"], told["validation"]) == (6, wanted["validation"])
    assert [path.name for path in list_checkpoints(run)] == ["00000006", "00000004"]


def test_a_checkpoint_is_kept_when_a_picture_cannot_be_written(sets, tmp_path):
    run = tmp_path / "run"
    (run / "previews").mkdir(parents=True)
    (run / "previews" / "held_out").touch()
    with pytest.raises(UserError, match="held_out"):
        train(sets, run, iterations=6, **EVERY)
    assert [path.name for path in list_checkpoints(run)] == ["00000002"]


def test_events_beyond_a_step_are_dropped_and_others_stay_as_they_are(tmp_path):
    with RunLog(tmp_path, 0, "a: 1", {"model": "tiny", "loss.l1": 0.5}) as log:
        for step in range(0, 50, 10):
            log.scalars({"loss": step / 10}, step)
            log.note("time", str(step), step)
    (path,) = tmp_path.glob("events.out.*")
    whole = path.read_bytes()
    drop_events_after(path.parent, 40)
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-3])  # a killed process's last event
    drop_events_after(path.parent, 20)
    told = events(tmp_path)
    assert [event.step for event in told.Scalars("loss")] == [0, 10, 20]
    assert [event.step for event in told.Tensors("time/text_summary")] == [0, 10, 20]
    assert whole.startswith(path.read_bytes()[:100])
    path.write_bytes(b"no events at all, but long enough to be some")
    drop_events_after(path.parent, 20)
    drop_events_after(path.parent, 0)
    assert not path.exists()
    drop_events_after(tmp_path / "nowhere", 5)


def test_sessions_of_one_second_are_read_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.5)
    folder = tmp_path
    for session, number in enumerate((30, 4, 100, 5)):  # process numbers, which their names end with
        monkeypatch.setattr("os.getpid", lambda number=number: number)
        with RunLog(tmp_path, session, "") as log:
            log.scalars({"loss": session}, session)
        (folder / f"notes_{session}").touch()
        folder.joinpath(f"events.out.tfevents.link{session}").symlink_to(tmp_path / "elsewhere")
    monkeypatch.undo()
    assert [event.step for event in events(tmp_path).Scalars("loss")] == [0, 1, 2, 3]
    assert len(list(folder.iterdir())) == 12


def test_unchanged_settings_are_told_once(sets, tmp_path):
    run = train(sets, tmp_path / "run", config_text="seed: 0", iterations=2)
    train(sets, run, config_text="seed: 0", iterations=4)
    train(sets, run, config_text="seed: 0\niterations: 6", iterations=6)
    assert [event.step for event in events(run).Tensors("config/text_summary")] == [0, 4]


def test_previews_are_marked_as_made(sets, tmp_path):
    from PIL import Image

    run = train(sets, tmp_path / "run", iterations=1)
    for path in run.rglob("*.jpg"):
        assert b"Made with AI" in path.read_bytes()
        assert min(Image.open(path).size) > 128


def test_a_new_run_is_looked_at_sooner(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=35, preview_every=500, save_every=500)
    assert sorted(path.stem for path in (run / "previews").glob("*.jpg")) == ["00000010", "00000030", "00000035"]
    shutil.rmtree(run / "previews")
    train(sets, run, iterations=36, preview_every=500, save_every=500)
    assert [path.stem for path in (run / "previews").glob("*.jpg")] == ["00000036"]


def test_a_run_whose_name_is_no_utf8_is_trained_and_goes_on(sets, tmp_path):
    run = tmp_path / os.fsdecode(b"ren\xe9")
    train(sets, run, iterations=2, config_text="seed: 0")
    train(sets, run, iterations=4, config_text="seed: 0")
    assert json.loads((run / "report.json").read_text())["iteration"] == 4
    assert list(run.glob("events.out.*"))


@pytest.mark.parametrize("name", ["config.yaml", "report.json"])
def test_a_pipe_among_the_records_is_not_waited_for(sets, tmp_path, name):
    run = train(sets, tmp_path / "run", iterations=2, config_text="seed: 0")
    (run / name).unlink()
    os.mkfifo(run / name)
    train(sets, run, iterations=4, config_text="seed: 0")
    assert json.loads((run / "report.json").read_text())["iteration"] == 4


def test_what_a_killed_process_left_of_the_best_weights_goes(sets, tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / ".tmpA1b2C3").touch()
    run = train(sets, tmp_path / "run", iterations=1)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["00000001"]


def test_tensorboard_calls_runs_by_their_names(sets, tmp_path):
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    for name in ("craig_brosnan", "exp1"):
        train(sets, tmp_path / "runs" / name, iterations=2)
    listed = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "runs"))
    assert sorted(listed.Runs()) == ["craig_brosnan", "exp1"]
