"""SIGHUP while the log takes nothing: the wish stays, and is said, until it is done."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gateway import status
from gateway.app import serve
from gateway.errors import LogFull
from gateway.log.writer import LogWriter
from gateway.status import StatusFrame
from sensors.catalogue import Catalogue
from sensors.settings import LogSettings, MqttSettings, Settings
from tests.unit.gateway.mqtt.scripted_broker import ScriptedBroker


def test_a_reload_that_the_disk_refused_is_done_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.app.RELOAD_AGAIN_S", 0.05)
    monkeypatch.setattr("gateway.app.STATUS_S", 0.05)
    install = LogWriter.install_catalogue
    refusing: list[bool] = []

    def without_room(writer: LogWriter, catalogue: Catalogue, now_us: int) -> int:
        if refusing:
            raise LogFull("no room on the disk")
        return install(writer, catalogue, now_us)

    async def frames_until(reader: asyncio.StreamReader, *, pending: bool) -> StatusFrame:
        async with asyncio.timeout(10.0):
            while True:
                frame = status.ANSWER_FRAME.decode(await reader.readline())
                if isinstance(frame, StatusFrame) and bool(frame.reload_error) == pending:
                    return frame

    async def story() -> None:
        async with ScriptedBroker() as broker:
            mqtt = MqttSettings(url=f"mqtt://127.0.0.1:{broker.port}", canary=False)
            log = LogSettings(reserve_mib=0, min_free_mib=0)
            settings = Settings(city="mojokerto", data_dir=str(tmp_path), mqtt=mqtt, log=log)
            runs = asyncio.create_task(serve(settings))
            try:
                async with asyncio.timeout(10.0):
                    while not (tmp_path / status.FILE).exists() or not broker.connects:
                        assert not runs.done()
                        await asyncio.sleep(0.01)
                reader, writer = await status.connect(tmp_path)
                before = await frames_until(reader, pending=False)
                refusing.append(True)
                os.kill(os.getpid(), signal.SIGHUP)
                waiting = await frames_until(reader, pending=True)
                assert "no room on the disk" in waiting.reload_error
                assert waiting.city_faults == before.city_faults  # the files are in order
                refusing.clear()
                after = await frames_until(reader, pending=False)
                assert after.city_faults == before.city_faults
                writer.close()
            finally:
                if not runs.done():
                    os.kill(os.getpid(), signal.SIGTERM)
                await runs

    monkeypatch.setattr(LogWriter, "install_catalogue", without_room)
    mask = os.umask(0o077)
    try:
        asyncio.run(story())
    finally:
        os.umask(mask)
