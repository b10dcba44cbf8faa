"""The embedded broker: its configuration as the real server reads it, and what it does with it."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiomqtt
import pytest

from gateway.canary import Canary
from gateway.embedded_broker import HOST, News, command, find_program, is_news
from gateway.errors import BrokerError

START_S = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def broker(data_dir: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(data_dir, port), stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def test_the_server_accepts_the_configuration_whatever_the_folder_is_called(tmp_path: Path) -> None:
    data_dir = tmp_path / 'kota "Mojo" $HOME \\ é'
    program, _option, file = command(data_dir, 1883)
    checked = subprocess.run([program, "-c", file, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_what_is_promised_stands_in_the_configuration(tmp_path: Path) -> None:
    text = Path(command(tmp_path, 1899)[2]).read_text(encoding="utf-8")
    for line in (
        'listen: "127.0.0.1:1899"',
        "sync_interval: always",
        "max_ack_pending: 20000",
        'ack_wait: "10s"',
        "max_file_store: ",
        f'store_dir: "{tmp_path / "broker"}"',
    ):
        assert line in text


def test_a_missing_program_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python3"))
    with pytest.raises(BrokerError, match="nats-server is neither beside"):
        find_program()


def test_only_what_the_operator_needs_is_passed_on() -> None:
    assert not is_news("[77] 2026/11/22 22:11:29.103525 [INF] Server is ready")
    assert is_news("[77] 2026/11/22 22:11:29.103525 [WRN] Filestore could not sync")
    assert is_news("nats-server: nats.conf:2:1: unknown field")


def test_the_same_complaint_is_passed_on_once_a_minute() -> None:
    now_s = 0.0
    news = News(lambda: now_s)
    again = '[77] 2026/11/23 01:43:{:02d}.04 [ERR] 10.0.0.{}:4{} - mid:{} - "S1" - authentication error - User "S1"'
    assert [news(again.format(n, n, n, n)) for n in (10, 11, 12)] == [True, False, False]
    assert news(again.format(13, 1, 1, 1).replace("S1", "S2"))
    now_s = 61.0
    assert news(again.format(14, 1, 1, 1))


@pytest.mark.broker
def test_a_good_broker_beats_and_listens_on_loopback_only(tmp_path: Path) -> None:
    port = free_port()
    with broker(tmp_path, port) as process:
        asyncio.run(Canary(HOST, port).first_beat(START_S))
        assert {address.split(":")[0] for address in listening(process.pid)} == {"127.0.0.1"}


@pytest.mark.broker
def test_a_broker_killed_hard_comes_back_with_its_store(tmp_path: Path) -> None:
    async def before(port: int) -> None:
        await Canary(HOST, port).first_beat(START_S)
        async with subscriber(port) as one:
            await one.subscribe("uji/#", qos=1)
        async with aiomqtt.Client(HOST, port) as other:
            await other.publish("uji/air", b"182", qos=1)  # returns when the broker has acknowledged it

    async def after(port: int) -> bytes:
        await Canary(HOST, port).first_beat(START_S)
        async with subscriber(port) as one, asyncio.timeout(START_S):
            return bytes((await anext(aiter(one.messages))).payload)

    port = free_port()
    with broker(tmp_path, port):
        asyncio.run(before(port))
    with broker(tmp_path, port):
        assert asyncio.run(after(port)) == b"182"


def subscriber(port: int) -> aiomqtt.Client:
    """One whose session stays with the broker."""
    return aiomqtt.Client(HOST, port, identifier="uji", clean_session=False)


def listening(pid: int) -> set[str]:
    """Addresses on which a process listens, from /proc."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed in the meantime
            inodes.add(str(link.readlink()))
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in inodes:
                host, port = columns[1].split(":")
                packed = bytes.fromhex(host)
                text = socket.inet_ntop(socket.AF_INET, packed[::-1]) if len(packed) == 4 else f"[{host}]"
                addresses.add(f"{text}:{int(port, 16)}")
    return addresses
