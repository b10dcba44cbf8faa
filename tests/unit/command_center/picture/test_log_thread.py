"""The log's thread notices another file, and a moment without one is no fault."""

import asyncio
from pathlib import Path

from command_center.picture.log_thread import LogThread
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings


def test_another_file_is_noticed_and_a_moment_without_one_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        log = LogThread(tmp_path)
        LogWriter(tmp_path, LogSettings(), 1).close()
        first = await log.open()
        assert not log.is_replaced()
        (tmp_path / "log.db").rename(tmp_path / "aside")
        assert not log.is_replaced()
        LogWriter(tmp_path, LogSettings(), 1).close()
        assert log.is_replaced()
        assert await log.open() != first
        assert not log.is_replaced()
        await log.close()

    asyncio.run(story())
