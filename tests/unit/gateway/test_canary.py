"""The canary against a real server: one that works, one that hangs, one that is not there."""

import asyncio
import signal
import subprocess
from pathlib import Path

import pytest

from gateway.canary import Canary
from gateway.embedded_broker import HOST
from gateway.errors import BrokerError
from tests.unit.gateway.test_embedded_broker import START_S, broker, free_port


@pytest.mark.broker
def test_no_broker_is_an_error_after_the_deadline() -> None:
    with pytest.raises(BrokerError, match="fails: "):
        asyncio.run(Canary(HOST, free_port()).first_beat(0.2))


@pytest.mark.broker
def test_a_broker_that_accepts_but_does_not_work_fails_the_canary(tmp_path: Path) -> None:
    port = free_port()

    async def story(process: subprocess.Popen[bytes]) -> str:
        canary = Canary(HOST, port, period_s=0.05, timeout_s=1.0)
        await canary.first_beat(START_S)
        watching = asyncio.create_task(canary.until_failed(lambda: process.pid), name="canary")
        await asyncio.wait([watching], timeout=0.5)
        assert not watching.done()
        process.send_signal(signal.SIGSTOP)  # the kernel goes on accepting connections for it
        return await asyncio.wait_for(watching, START_S)

    with broker(tmp_path, port) as process:
        assert asyncio.run(story(process))


@pytest.mark.broker
def test_a_dead_broker_is_the_supervisors_business_and_a_slow_start_is_no_failure() -> None:
    async def story() -> None:
        canary = Canary(HOST, free_port(), period_s=0.01, timeout_s=0.2)
        for life in (None, 4711):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(canary.until_failed(lambda life=life: life), 0.3)  # type: ignore[misc]

    asyncio.run(story())


def test_a_broker_that_listens_and_never_did_its_work_is_failed_too() -> None:
    async def story() -> str:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), HOST, 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            canary = Canary(HOST, port, period_s=0.01, timeout_s=0.2)
            return await asyncio.wait_for(canary.until_failed(lambda: 4711), START_S)

    assert "closed the connection" in asyncio.run(story())
