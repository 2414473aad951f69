"""How servers are started: addresses, passwords, workers that are replaced."""

from __future__ import annotations

import socket
import sys
import time

import pytest

from faceswap.utils.errors import UserError
from faceswap.web import serving
from faceswap.web.serving import SHORTEST_PASSWORD, address_of, hosts_of, listening, password_of, workers


def test_a_worker_that_was_killed_is_replaced_and_all_end_with_the_block(tmp_path, monkeypatch):
    started = []
    real = serving._started

    def idle(line: list[str]):
        assert line[1:3] == ["-m", "faceswap.worker"] and "end_with_parent=true" in line
        started.append(real([sys.executable, "-c", "import time; time.sleep(600)"]))
        return started[-1]

    monkeypatch.setattr(serving, "_started", idle)
    monkeypatch.setattr(serving, "_LOOK_SECONDS", 0.05)
    with workers(tmp_path, "", 2):
        started[0].kill()
        deadline = time.monotonic() + 60
        while len(started) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(started) == 3 and started[1].poll() is None and started[2].poll() is None
    assert all(one.poll() is not None for one in started)


def test_an_address_that_is_taken_is_told(tmp_path):
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UserError, match=f"port={port}.*say another port"), listening("127.0.0.1", port):
            pass


def test_who_comes_before_the_server_is_up_waits():
    with listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=30) as guest:
        answered, _ = listener.accept()
        with answered:
            assert answered.getpeername() == guest.getsockname()


def test_names_are_those_under_which_others_may_ask():
    assert hosts_of("127.0.0.1") == serving.LOOPBACK and address_of("127.0.0.1", 80) == "http://127.0.0.1:80/"
    assert "10.0.0.5" in hosts_of("10.0.0.5") and address_of("10.0.0.5", 80) == "http://10.0.0.5:80/"


def test_a_short_password_is_refused(monkeypatch):
    for value in ("", "x" * (SHORTEST_PASSWORD - 1)):
        monkeypatch.setenv("A_PASSWORD", value)
        with pytest.raises(UserError, match="A_PASSWORD"):
            password_of("A_PASSWORD", "why")
    monkeypatch.setenv("A_PASSWORD", "x" * SHORTEST_PASSWORD)
    assert password_of("A_PASSWORD", "why") == "x" * SHORTEST_PASSWORD
