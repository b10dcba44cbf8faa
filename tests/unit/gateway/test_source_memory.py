"""What is known of the sources: at hand at once, in the log soon, and there again after a restart."""

import asyncio
import threading
from pathlib import Path

import pytest

from gateway.committer import Committer
from gateway.errors import LogFull
from gateway.log.writer import LogWriter
from gateway.source_memory import SourceMemory
from sensors.settings import LogSettings

HANGS_S = 60.0  # at most: the test ends it
LOG = LogSettings(reserve_mib=0, min_free_mib=0)


def test_a_slow_disk_keeps_no_broker_waiting_and_the_newest_text_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.source_memory.RETRY_S", 0.01)
    remember, refusals, written = LogWriter.remember, [LogFull("no room")] * 2, []

    def without_room_at_first(writer: LogWriter, key: str, text: str) -> None:
        if refusals:
            raise refusals.pop()
        written.append(text)
        remember(writer, key, text)

    async def story() -> None:
        committer = Committer(LogWriter(tmp_path, LOG, 1), tmp_path, LOG)
        monkeypatch.setattr(LogWriter, "remember", without_room_at_first)
        memory = SourceMemory(committer)
        runs = asyncio.create_task(memory.run())
        goes_on = threading.Event()
        hung = asyncio.create_task(committer.call(goes_on.wait, HANGS_S))
        try:
            await asyncio.sleep(0.01)
            for n in range(100):
                await memory.remember("pjt", "filters", f"telemetry/{n}")
            assert await memory.recall("pjt", "filters") == "telemetry/99"
            assert not hung.done()  # nothing waits for the committer
            goes_on.set()
            await hung
            await memory.flush(within_s=HANGS_S)
            await asyncio.sleep(0.05)
            await memory.flush(within_s=HANGS_S)
        finally:
            goes_on.set()
            runs.cancel()
            await asyncio.wait({runs})
            committer.close()
        assert len(written) <= 3
        committer = Committer(LogWriter(tmp_path, LOG, 1), tmp_path, LOG)
        try:
            assert await SourceMemory(committer).recall("pjt", "filters") == "telemetry/99"
        finally:
            committer.close()

    asyncio.run(story())
