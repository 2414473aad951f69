"""Trainings of two processes on this CPU: the same as one of twice the batch; they die, stop and leave out together."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from faceswap.engine.accelerator import choose_accelerator, gpu_errors
from faceswap.engine.process_group import SINGLE_PROCESS, ProcessGroup, find_processes
from faceswap.swap.runs.checkpoints import list_checkpoints
from faceswap.utils.errors import UserError
from tests.processes import forks
from tests.swap.group_member import EVERYTHING, member
from tests.swap.trained_runs import files_of, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


@pytest.fixture
def two_train(sets, tmp_path):
    """Lets two processes train; gives their exit codes and what they said."""

    def start(task: str, was_restarted: int = 0) -> tuple[list[int | None], list[str]]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        both = [
            forks().Process(target=member, args=(task, rank, port, was_restarted, sets, tmp_path / task), daemon=True)
            for rank in (0, 1)
        ]
        for process in both:
            process.start()
        for process in both:
            process.join(250)
            process.kill()
        return [process.exitcode for process in both], [
            (tmp_path / f"{task}.{rank}.txt").read_text() for rank in (0, 1)
        ]

    return start


def curve(run: Path, name: str) -> list[float]:
    events = EventAccumulator(str(run))
    events.Reload()
    return [event.value for event in events.Scalars(name)]


def assert_equal_up_to_rounding(one: Path, two: Path) -> None:
    assert list_checkpoints(one)[0].name == list_checkpoints(two)[0].name
    for mine, other in zip(files_of(one), files_of(two), strict=True):
        assert mine.keys() == other.keys()
        for name, value in mine.items():
            if name == "generator/cpu":
                continue  # each process draws random numbers of its own
            torch.testing.assert_close(
                value, other[name], atol=2e-5, rtol=2e-3, msg=lambda text, name=name: name + text
            )


def test_two_processes_are_one_with_twice_the_batch(sets, tmp_path, two_train):
    codes, told = two_train("train")
    assert codes == [0, 0], told
    both, whole = tmp_path / "train", train(sets, tmp_path / "whole", batch_size=8, **EVERYTHING)
    assert_equal_up_to_rounding(whole, both)
    for name in ("loss", "loss/a/dssim", "loss/b/mask", "loss/a/adversary", "loss/discriminator", "validation"):
        torch.testing.assert_close(curve(whole, name), curve(both, name), atol=1e-5, rtol=1e-4)
    assert len(list(both.glob("events.out.*"))) == 1, "one of them writes"
    assert json.loads((both / "report.json").read_text())["machine"]["processes"] == 2

    codes, told = two_train("die")  # the second, in its last step
    assert codes[1] == -9 and codes[0] == 1 and "another process of this training has ended" in told[0], told
    assert [path.name for path in list_checkpoints(tmp_path / "die")] == ["00000004"]
    codes, told = two_train("die", was_restarted=1)
    assert codes == [0, 0] and (tmp_path / "die/checkpoints/00000004").is_dir(), told
    assert_equal_up_to_rounding(whole, tmp_path / "die")


def test_a_signal_to_one_stops_both_after_the_same_step(tmp_path, two_train):
    codes, told = two_train("stop")
    assert codes == [1, 1] and all("Interrupted: stopped at iteration 3" in text for text in told), told
    assert [path.name for path in list_checkpoints(tmp_path / "stop")] == ["00000003"]


def test_a_bad_batch_of_one_is_left_out_by_both(tmp_path, two_train):
    codes, told = two_train("bad_batch")
    assert codes == [0, 0], told
    assert told[0].count("iteration 3 is left out") == 1 and "left out" not in told[1]
    assert list_checkpoints(tmp_path / "bad_batch")[0].name == "00000006"


def test_processes_that_share_no_folder_are_told_so(tmp_path, two_train, sets):
    train(sets, tmp_path / "other_files1", iterations=2)
    codes, told = two_train("other_files")
    assert codes == [1, 1], told
    assert all("UserError: the processes do not see the same checkpoints (0 to 2)" in text for text in told), told


def test_without_torchrun_a_process_is_alone(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    assert find_processes() is SINGLE_PROCESS
    with SINGLE_PROCESS.connect(torch.device("cpu")), SINGLE_PROCESS.leader_first():
        SINGLE_PROCESS.average([torch.ones(2)])
    assert SINGLE_PROCESS.is_leader and SINGLE_PROCESS.maximum([True, 2.5]) == [1.0, 2.5]


def test_torchrun_s_environment_is_read_and_an_incomplete_one_refused(monkeypatch):
    for name, value in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "2")
    assert find_processes() == ProcessGroup(5, 8, 1, 4, restarts=2) and find_processes().was_restarted
    monkeypatch.delenv("LOCAL_RANK")
    with pytest.raises(UserError, match=r"LOCAL_RANK=, .*start all processes with torchrun"):
        find_processes()


def test_every_process_has_a_gpu_of_its_own(monkeypatch):
    processes = ProcessGroup(rank=6, size=8, local_rank=2, local_size=4)
    assert choose_accelerator("cpu", processes=processes).device == torch.device("cpu")
    monkeypatch.setattr("faceswap.engine.accelerator.choose_device", lambda asked: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert choose_accelerator(precision="fp32", processes=processes).device == torch.device("cuda:2")
    with pytest.raises(UserError, match=r"cuda:1 is one GPU for 8 processes"):
        choose_accelerator("cuda:1", processes=processes)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UserError, match=r"4 processes on this machine share 2 GPU.*--nproc-per-node 2"):
        choose_accelerator(processes=processes)


def test_a_lost_gpu_is_said_in_one_line():
    with (
        pytest.raises(UserError, match=r"GPU has failed \(CUDA error: launch failure\); the same command"),
        gpu_errors(),
    ):
        raise RuntimeError("CUDA error: launch failure\nCompile with `TORCH_USE_CUDA_DSA`")
    for other in (RuntimeError("shapes differ"), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError()):
        with pytest.raises(type(other)), gpu_errors():
            raise other
