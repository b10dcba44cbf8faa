"""The link to the gateway: its status frames and doorbell in, our cursor and heartbeat out."""

import asyncio
import logging
import random
from pathlib import Path
from typing import Final

import msgspec

from command_center.alarms.desk import AlarmDesk
from command_center.alarms.store import READER
from command_center.bell import Bell
from command_center.clock import now_us
from command_center.history.keeper import HistoryKeeper
from gateway import status
from gateway.status import CommitFrame, CursorFrame, StatusFrame
from sensors.times import NEVER, SECOND_US

SILENT_AFTER_S: Final = 5.0  # a link without a frame for so long is made anew
RECONNECT_MAX_S: Final = 2.0

_log = logging.getLogger("command_center.gateway_link")


class GatewayLink:
    """What the gateway said last, and whether it is still there."""

    def __init__(self, data_dir: Path, desk: AlarmDesk, doorbell: Bell, news: Bell, keeper: HistoryKeeper) -> None:
        self._data_dir, self._desk, self.keeper = data_dir, desk, keeper
        self._doorbell, self._news = doorbell, news
        self.frame: StatusFrame | None = None
        self.heard_us = NEVER  # when the newest frame came
        self.connected = False
        self._writer: asyncio.StreamWriter | None = None

    def silent_s(self, at_us: int) -> float:
        """Seconds since the newest frame; infinite where none came yet."""
        return float("inf") if self.heard_us == NEVER else (at_us - self.heard_us) / SECOND_US

    async def run(self) -> None:
        """Keep the link for ever; full jitter between attempts."""
        attempt = 0
        while True:
            try:
                await self._listen()
                error = "closed by the gateway"
            except (OSError, TimeoutError, ValueError) as failure:
                error = str(failure) or type(failure).__name__
            if self.connected or attempt == 0:
                _log.warning("gateway: no link: %s", error)
            attempt = 1 if self.connected else min(attempt + 1, 10)
            self.connected = False
            self._news.ring()
            await asyncio.sleep(random.uniform(0, min(RECONNECT_MAX_S, 0.1 * 2**attempt)))  # noqa: S311

    def report(self) -> None:
        """Tell the gateway how far the log is applied and compacted; our heartbeat.  Without a link: nothing."""
        stored = self._desk.stored
        if self._writer is not None and stored is not None:
            frame = CursorFrame(
                reader=READER,
                log_id=stored.log_id,
                seq=stored.seq,
                compacted_seq=self.keeper.compacted_seq(stored.log_id),
            )
            self._writer.write(status.encode(frame))

    def ask_reload(self, by: str) -> bool:
        """Ask the gateway to read the city's files again; whether there is a link to ask by."""
        if self._writer is None or not self.connected:
            return False
        self._writer.write(status.encode(status.ReloadFrame(by=by[: status.MAX_BY])))
        return True

    async def _listen(self) -> None:
        """Take frames until the gateway goes."""
        reader, self._writer = await status.connect(self._data_dir)
        try:
            while True:
                async with asyncio.timeout(SILENT_AFTER_S):
                    line = await reader.readline()
                if not line:
                    return
                self._hear(line)
        finally:
            self._writer.close()
            self._writer = None

    def _hear(self, line: bytes) -> None:
        try:
            frame = status.GATEWAY_FRAME.decode(line)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a frame of the gateway: {error}") from error
        self.heard_us = now_us()
        if isinstance(frame, CommitFrame):
            self._doorbell.ring()
            return
        if not self.connected:
            _log.info("gateway: linked, pid %d, log %s at row %d", frame.pid, frame.log_id, frame.last_seq)
            self.connected = True
        self.frame = frame
        self._doorbell.ring()
        self._news.ring()
