"""Tells whoever listens on MQTT that the command center is silent: nobody sees alarms then.

`siaga/status` is retained and says `silent` or `ok`.  It is published to each source when that changes, and again on
each new connection.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from gateway.errors import BrokerError
from gateway.mqtt.session import Session
from sensors.times import SECOND_US, rfc3339

TOPIC: Final = "siaga/status"
READER: Final = "command-center"  # what it calls itself on the status socket
SILENT_S: Final = 10.0
PATIENCE_S: Final = 2.0  # with one broker: the others want to be told, too

_log = logging.getLogger("gateway.center")


class CenterWatch:
    """Judges by when the command center was last heard on the status socket; started at `started_s` (monotonic)."""

    def __init__(self, city: str, started_s: float) -> None:
        self._city, self._started_s = city, started_s
        self._state: Literal["", "ok", "silent"] = ""  # "" = not known yet
        self._since_us = 0
        self._told: dict[str, tuple[str, int]] = {}  # source → (state, connection) that it was told on

    def look(self, heard_s: float | None, now_s: float, now_us: int) -> None:
        """Judge; `heard_s` is None where it was never heard."""
        silent_s = now_s - (self._started_s if heard_s is None else heard_s)
        if silent_s > SILENT_S:
            if self._state != "silent":
                _log.error("no word of the command center for %.0f s: said on %s", silent_s, TOPIC)
                self._state, self._since_us = "silent", now_us - int(silent_s * SECOND_US)
        elif heard_s is not None and self._state != "ok":
            if self._state:
                _log.warning("the command center is back")
            self._state, self._since_us = "ok", now_us

    async def tell(self, sessions: Iterable[Session]) -> None:
        """Publish the state where it is not known yet; a broker that does not take it is asked again the next time."""
        if self._state:
            await asyncio.gather(*(self._tell_one(session) for session in sessions))

    async def _tell_one(self, session: Session) -> None:
        told = (self._state, session.connections)
        if not session.broker.canary or not session.standing.connected or self._told.get(session.broker.name) == told:
            return
        body = {"command_center": self._state, "since": rfc3339(self._since_us), "city": self._city}
        try:
            async with asyncio.timeout(PATIENCE_S):
                await session.publish(TOPIC, msgspec.json.encode(body), qos=1, retain=True)
            self._told[session.broker.name] = told
        except (BrokerError, TimeoutError) as error:
            _log.debug("%s is not told to broker %s: %s", TOPIC, session.broker.name, error)
