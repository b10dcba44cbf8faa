"""Issued public warnings over MQTT: retained under `siaga/alert/{id}`, the CAP message itself.

What was updated, cancelled or is past its end is cleared.  Each connection begins with all of the last days, so that
nothing that ended while nobody was connected stays behind.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from command_center.alerts import store
from command_center.alerts.record import Record, State
from command_center.mqtt_out.feed import Out
from command_center.operations import Operations
from sensors.times import SECOND_US

TOPIC: Final = "siaga/alert"
LOOK_US: Final = SECOND_US  # so often operations.db is asked
MAX_MESSAGES: Final = 1_000  # of the last days


def retained(record: Record, xml: bytes, at_us: int) -> bytes:
    """What stands under a warning's topic: its message, or nothing once it is over."""
    expires_us = record.expires_us()
    is_over = record.state is not State.ISSUED or expires_us is None or expires_us <= at_us
    return b"" if is_over or record.alert.scope != "Public" else xml


class AlertFeed:
    """A feed (`command_center.mqtt_out.feed.Feed`)."""

    name = "alert"
    filters: Sequence[str] = ()

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._told: dict[str, bytes] = {}  # by topic, on this connection
        self._looked_us = 0

    def begin(self) -> None:
        """Nothing is told on this connection."""
        self._told.clear()
        self._looked_us = 0

    def hear(self, topic: str, payload: bytes) -> None:
        """What is retained is told anew on each connection anyway."""

    async def due(self, at_us: int, most: int) -> Sequence[Out]:
        """What has changed since it was told.  Raises OperationsError."""
        if 0 <= at_us - self._looked_us < LOOK_US:
            return ()
        since_us = at_us - store.LONGEST_US
        found = await asyncio.to_thread(store.issued_since, self._operations, since_us, MAX_MESSAGES)
        true = {f"{TOPIC}/{record.id}": retained(record, xml, at_us) for record, xml in found}
        self._told = {topic: payload for topic, payload in self._told.items() if topic in true}
        outs = [Out(topic, payload, retain=True) for topic, payload in true.items() if self._told.get(topic) != payload]
        if len(outs) <= most:
            self._looked_us = at_us
        return outs[:most]

    def published(self, out: Out) -> None:
        """The broker holds it."""
        self._told[out.topic] = out.payload
