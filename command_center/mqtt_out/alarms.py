"""Open alarms, retained under `siaga/alarm/{station}/{property}`, cleared when they are normal again.

What the broker holds is reconciled with what is true: each connection begins by hearing what is retained there, so that
an alarm that ended while nobody was connected, or that somebody else put there, does not stand for ever.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.mqtt_out.feed import Out
from command_center.observation_view import ORIGIN_WORDS
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from sensors.sharing import Audience, may_see
from sensors.times import NEVER, rfc3339

TOPIC: Final = "siaga/alarm"
MOST_HELD: Final = 10_000  # topics that the broker may hold; what is beyond is counted and heard on the next connection


class AlarmMessage(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm as a program of another agency reads it (docs/mqtt-out.md)."""

    id: str
    datastream: str  # {station}:{property}
    state: str  # as the API has it
    level: str  # `silent` where its gauge is silent
    rank: int
    severity: int
    value: float | None  # that reached the level, in `unit`
    limit: float | None
    unit: str
    since: str  # when the level was reached
    silent: bool
    verify: bool  # what reached the level is suspect
    exercise: bool  # simulated, replayed or a made-up level: nothing real
    quality: int
    origin: str


class AlarmFeed:
    """A feed (`command_center.mqtt_out.feed.Feed`)."""

    name = "alarm"
    filters: Sequence[str] = (f"{TOPIC}/+/+",)

    def __init__(self, desk: AlarmDesk, picture: Picture, tail: Tail, readers: Audience) -> None:
        self._desk, self._picture, self._tail, self._readers = desk, picture, tail, readers
        self._held: dict[str, bytes] = {}  # by the broker, as far as is known
        self._made: dict[str, tuple[Alarm, bytes]] = {}  # by topic
        self.left_out = 0  # retained messages beyond the bound

    def begin(self) -> None:
        """Nothing is known of what the broker holds."""
        self._held.clear()

    def hear(self, topic: str, payload: bytes) -> None:
        """The broker holds this; what it is matters only where it is another than what is true."""
        if topic not in self._held and len(self._held) >= MOST_HELD:
            self.left_out += 1
        elif payload:
            self._held[topic] = payload

    async def due(self, at_us: int, most: int) -> Sequence[Out]:
        """What stands there otherwise than it is; nothing before the log was read to its end once."""
        del at_us
        if self._tail.at_end_us == NEVER or self._picture.directory is None:
            return ()
        true = dict(self._true())
        outs = [Out(topic, payload, retain=True) for topic, payload in true.items() if self._held.get(topic) != payload]
        outs += [Out(topic, b"", retain=True) for topic in self._held if topic not in true]
        return outs[:most]

    def published(self, out: Out) -> None:
        """The broker holds it."""
        if out.payload:
            self._held[out.topic] = out.payload
        else:
            self._held.pop(out.topic, None)

    def _true(self) -> Iterator[tuple[str, bytes]]:
        """(topic, payload) of each alarm that is open, real history left out, and may be read."""
        directory = self._picture.directory
        known = {} if directory is None else directory.catalogue.datastream_by_id
        made = {}
        for alarm in self._desk.open_alarms():
            datastream = known.get(alarm.datastream)
            if datastream is None or alarm.historical or not may_see(datastream.sharing, self._readers):
                continue
            topic = f"{TOPIC}/{datastream.station}/{datastream.property}"
            before = self._made.get(topic)
            payload = before[1] if before is not None and before[0] is alarm else _payload(alarm)
            made[topic] = alarm, payload
            yield topic, payload
        self._made = made


def _payload(alarm: Alarm) -> bytes:
    shown = alarm.shown
    message = AlarmMessage(
        id=alarm.id,
        datastream=alarm.datastream,
        state=alarm.state,
        level=shown.level,
        rank=shown.rank,
        severity=alarm.severity,
        value=shown.value,
        limit=shown.limit,
        unit=alarm.unit,
        since=rfc3339(shown.time_us),
        silent=alarm.silence is not None,
        verify=shown.verify,
        exercise=shown.exercise,
        quality=shown.quality,
        origin=ORIGIN_WORDS[shown.origin],
    )
    return msgspec.json.encode(message)
