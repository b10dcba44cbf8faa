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

_log = logging.getLogger("gateway.center")


class CenterWatch:
    """Judges by when the command center was last heard on the status socket; started at `started_s` (monotonic)."""

    def __init__(self, city: str, started_s: float) -> None:
        self._city, self._started_s = city, started_s
        self._state: Literal["", "ok", "silent"] = ""  # "" = not known yet
        self._since_us = 0
        self._told: dict[str, tuple[str, int]] = {}  # source → (state, connection) that it was told on
        self._telling: dict[str, asyncio.Task[None]] = {}  # source → the newest publish

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

    def tell(self, sessions: Iterable[Session]) -> None:
        """Publish the state where it is not known yet, one at a time to each broker.

        One that does not acknowledge is told nothing else before it does, or before its connection's end.
        """
        if self._state:
            for session in sessions:
                self._tell_one(session, (self._state, session.connections))

    def close(self) -> None:
        """Wait for no broker any more."""
        for telling in self._telling.values():
            telling.cancel()

    def _tell_one(self, session: Session, telling: tuple[str, int]) -> None:
        name = session.broker.name
        if not session.broker.canary or not session.standing.connected:
            return
        under_way = self._telling.get(name)
        if self._told.get(name) != telling and (under_way is None or under_way.done()):
            self._telling[name] = asyncio.create_task(self._publish(session, telling), name=f"gateway.center.{name}")

    async def _publish(self, session: Session, telling: tuple[str, int]) -> None:
        body = {"command_center": self._state, "since": rfc3339(self._since_us), "city": self._city}
        try:
            await session.publish(TOPIC, msgspec.json.encode(body), qos=1, retain=True, within_s=None)
            self._told[session.broker.name] = telling
        except BrokerError as error:
            _log.debug("%s is not told to broker %s: %s", TOPIC, session.broker.name, error)
