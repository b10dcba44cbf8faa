"""The field devices of the virtual city: who reports when, in the native payload, and what they get wrong.

Physics runs `speed` times faster than the clock on the wall, but every reading carries the real time: the city looks
alive.  Pure: real time and local hour are passed in.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from sensors.catalogue import Datastream
from sensors.health_kinds import is_health
from sensors.origin import Origin
from sensors.times import rfc3339
from simulator.broker import Message
from simulator.city import STEP_S, CityPlan, VirtualCity
from simulator.crossings import Event
from simulator.faults import MALFORMED_PAYLOADS
from simulator.gauges import RIVER_KINDS
from simulator.rivers import Indices
from simulator.truth import TruthRow

RIVER_PERIOD_S = 2.0  # real seconds between two readings of a river gauge
OTHER_PERIOD_S = 5.0
HEALTH_PERIOD_S = 30.0  # a device speaks of itself less often than of the river
MALFORMED_PERIOD_S = (120.0, 300.0)  # a real device sends nonsense now and then
MAX_STEPS_PER_TICK = 500  # about 0.1 s of work; a city that was suspended catches up over several ticks


class Moment(NamedTuple):
    """Now, as the clock's edge read it: seconds since the start (monotonic), UTC, and the city's hour of the day."""

    elapsed_s: float
    now_us: int
    hour: float


class Tick(NamedTuple):
    """What one tick brought: messages to publish in this order, and the truth about them."""

    messages: list[Message]
    truth: list[TruthRow]


class Reading(msgspec.Struct, omit_defaults=True):
    """The native payload of one reading."""

    ts: int
    value: float | None
    unit: str = ""
    origin: str = "live"


# To a reading that somebody else publishes a device gives way for so long; but less than the silence that the city
# allows it in a storm, or the pause would itself be an alarm.
YIELDS_MOST_S = 120.0
YIELDS_SHARE = 2.0 / 3.0
RECENT = 8  # own payloads of a topic that may still come back from the broker
ENCODER = msgspec.json.Encoder()


class Devices:
    """All devices of a virtual city; call `tick` often, with a `Moment` that never goes back."""

    def __init__(self, plan: CityPlan, hour: float) -> None:
        self.city = VirtualCity(plan, hour)
        self._plan = plan
        self._rng = np.random.default_rng([plan.seed, 5])
        datastreams = plan.catalogue.datastreams
        self._topics = [f"telemetry/{d.station}/{d.property}" for d in datastreams]
        self._period_s = np.array([_period_s(d.kind) for d in datastreams])
        self._due_s = self._period_s * self._rng.uniform(0.0, 1.0, len(datastreams))
        self._sent: dict[str, deque[bytes]] = {topic: deque(maxlen=RECENT) for topic in self._topics}
        allowed_s = [_allowed_silence_s(d, plan.catalogue.city.silence.intervals) for d in datastreams]
        self._yields_s = {
            topic: min(YIELDS_MOST_S, YIELDS_SHARE * s) for topic, s in zip(self._topics, allowed_s, strict=True)
        }
        self._yields_until_s = dict.fromkeys(self._topics, 0.0)
        self._next_malformed_s = self._rng.uniform(*MALFORMED_PERIOD_S)

    def tick(self, moment: Moment) -> Tick:
        """Let the city live up to `moment` and collect what its devices send."""
        events = self._advance(moment)
        truth = [self._truth_row(event, moment) for event in events]
        due = self._due(moment.elapsed_s)
        messages = self._readings(due, moment, truth)
        if moment.elapsed_s >= self._next_malformed_s:
            messages.append(self._malformed(moment, truth))
        return Tick(messages, truth)

    def _advance(self, moment: Moment) -> list[Event]:
        events: list[Event] = []
        for _ in range(MAX_STEPS_PER_TICK):
            if self.city.time_s + STEP_S > moment.elapsed_s * self._plan.speed:
                break
            events += self.city.step(moment.hour)
        return events

    def _due(self, elapsed_s: float) -> Indices:
        due = np.flatnonzero(self._due_s <= elapsed_s)
        missed = np.floor((elapsed_s - self._due_s[due]) / self._period_s[due])
        self._due_s[due] += (missed + 1.0) * self._period_s[due]
        return due

    def _readings(self, due: Indices, moment: Moment, truth: list[TruthRow]) -> list[Message]:
        """One message per datastream that is due and not silent; its true value goes into `truth`."""
        datastreams = self._plan.catalogue.datastreams
        ts, time = moment.now_us // 1000, rfc3339(moment.now_us // 1000 * 1000)
        messages = []
        for i, value in zip(due.tolist(), self.city.observe(due).tolist(), strict=True):
            datastream = datastreams[i]
            if self.city.is_silent(datastream.station) or moment.elapsed_s < self._yields_until_s[self._topics[i]]:
                continue
            payload = encode_reading(Reading(ts, value, datastream.unit, Origin.SIMULATED.word))
            messages.append(self._message(i, payload))
            truth.append(TruthRow(time, datastream.station, datastream.property, float(self.city.values[i]), ""))
        return messages

    def hear(self, message: Message, elapsed_s: float) -> None:
        """Somebody else's reading of a datastream stands for a while: the virtual device does not speak over it."""
        sent = self._sent.get(message.topic)
        if sent is not None and message.payload not in sent:
            self._yields_until_s[message.topic] = elapsed_s + self._yields_s[message.topic]

    def _message(self, i: int, payload: bytes) -> Message:
        self._sent[self._topics[i]].append(payload)
        return Message(self._topics[i], payload)

    def _truth_row(self, event: Event, moment: Moment) -> TruthRow:
        datastream = self._plan.catalogue.datastreams[event.datastream]
        return TruthRow(
            rfc3339(moment.now_us // 1000 * 1000),
            datastream.station,
            datastream.property,
            event.true_value,
            event.name,
        )

    def _malformed(self, moment: Moment, truth: list[TruthRow]) -> Message:
        """A payload that is none, from some device."""
        self._next_malformed_s = moment.elapsed_s + self._rng.uniform(*MALFORMED_PERIOD_S)
        i = int(self._rng.integers(len(self._topics)))
        truth.append(self._truth_row(Event(i, "malformed_payload", float(self.city.values[i])), moment))
        return self._message(i, _pick(MALFORMED_PAYLOADS, self._rng))


def _period_s(kind: str) -> float:
    if is_health(kind):
        return HEALTH_PERIOD_S
    return RIVER_PERIOD_S if kind in RIVER_KINDS else OTHER_PERIOD_S


def _allowed_silence_s(datastream: Datastream, intervals: float) -> float:
    """After so many seconds the detector calls the datastream silent, at the earliest."""
    storm_s = datastream.interval_storm_s
    return intervals * min(datastream.interval_calm_s, datastream.interval_calm_s if storm_s is None else storm_s)


def encode_reading(reading: Reading) -> bytes:
    """The JSON of one reading."""
    return ENCODER.encode(reading)


def _pick(payloads: Sequence[bytes], rng: np.random.Generator) -> bytes:
    return payloads[int(rng.integers(len(payloads)))]
