"""The process: how it starts, what it prints, how it stops."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from command_center.app import serve
from command_center.errors import ListenError, OperationsError
from command_center.operations import FILE
from sensors.settings import HttpSettings, Settings
from tests import plain_http
from tests.unit.command_center.little_city import LEVEL, NOW_US, entry
from tests.unit.command_center.running import Gateway, until


@contextmanager
def process(data_dir: Path, port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`siaga command-center` in a process of its own."""
    command = [sys.executable, "-m", "command_center", "command-center", "--data-dir", str(data_dir)]
    started = subprocess.Popen(
        [*command, "--http-port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    try:
        return plain_http.get(f"http://127.0.0.1:{port}/readyz").status_code in (200, 503)
    except httpx.TransportError:
        return False


def test_the_first_password_is_shown_once_and_opens(tmp_path: Path, port: int) -> None:
    with process(tmp_path, port) as first:
        until(lambda: answers(port))
        first.send_signal(signal.SIGTERM)
        out, err = first.communicate(timeout=30)
        assert first.returncode == 0, err
    password = re.search(r"first user: admin, password: (\S+)", out)
    assert password is not None
    assert password[1] not in err
    assert re.search(r"audit: record \d+ carries [0-9a-f]{64}", err), "the head of the audit chain, for a copy outside"
    with process(tmp_path, port) as second:
        until(lambda: answers(port))
        login = {"user": "admin", "password": password[1]}
        assert plain_http.post(f"http://127.0.0.1:{port}/api/v1/login", json=login).status_code == 200
        second.send_signal(signal.SIGINT)
        assert second.communicate(timeout=30)[0] == ""
        assert second.returncode == 0


def test_it_stops_whoever_is_connected(tmp_path: Path, port: int) -> None:
    gateway = Gateway(tmp_path)
    gateway.append(entry([(LEVEL, NOW_US, 1.0)]))
    gateway.close()
    with process(tmp_path, port, SIAGA_ADMIN_PASSWORD="x") as running:
        until(lambda: answers(port))
        until(lambda: plain_http.get(f"http://127.0.0.1:{port}/api/v1/sensors").json()["items"])
        with (
            connect(f"ws://127.0.0.1:{port}/api/v1/live") as wall,
            socket.create_connection(("127.0.0.1", port)) as idle,
        ):
            wall.recv(timeout=30)
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")  # and no more
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=30)
            assert running.returncode == 0


def test_a_port_in_use_is_said_in_one_line_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with process(tmp_path, port) as refused:
            out, err = refused.communicate(timeout=30)
        assert (refused.returncode, out) == (1, "")
        assert err.count("\n") == 1
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in err
        assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_operations_db_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    settings = Settings(data_dir=str(tmp_path), http=HttpSettings(port=0))
    with pytest.raises(OperationsError, match=r"operations\.db: file is not a database"):
        asyncio.run(serve(settings))


def test_an_address_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), http=HttpSettings(host="192.0.2.1", port=0))
    with pytest.raises(ListenError, match=r"192\.0\.2\.1"):
        asyncio.run(serve(settings))
