"""Small stories for the detector: gauges, what they say minute by minute, and what is told of it in words."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from sensors.batch import Batch, concatenate, empty_batch
from sensors.catalogue import Catalogue, Datastream, Derivation, Level
from sensors.detector import Judgement, install, judge
from sensors.rules import compile_rules
from sensors.state import fresh_state, resume
from sensors.times import MINUTE_US, SECOND_US
from sensors.transition import Transition
from tests.oracle.cities import with_datastreams

BEGIN_US: Final = 1_760_000_010 * SECOND_US  # a whole half minute: late observations are judged at these
NAN: Final = float("nan")


def minute(number: float) -> int:
    """Microseconds UTC of a minute of the story."""
    return BEGIN_US + round(number * MINUTE_US)


def levels(*limits: float, **columns: Any) -> tuple[Level, ...]:
    """L1, L2, … rising at these limits, of severity 1, 2, …, with further columns of levels.csv."""
    kept = {"direction": "rising", **columns}
    return tuple(
        msgspec.convert({"level": f"L{n}", "rank": n, "severity": n, "value": limit, **kept}, Level)
        for n, limit in enumerate(limits, start=1)
    )


def gauge(*limits: float | Level, number: int = 0, **columns: Any) -> Datastream:
    """A gauge of an ungated river with levels at these limits; silent after three hours unless told else."""
    known = tuple(limit for limit in limits if isinstance(limit, Level))
    values = {"property": "level", "kind": "river_level", "unit": "cm", "interval_calm_s": 3600.0, **columns}
    values = {"station": f"S{number}", "number": number, **values}
    stream = msgspec.convert(values, Datastream)
    return msgspec.structs.replace(
        stream, levels=known or levels(*(float(x) for x in limits if not isinstance(x, Level)))
    )


def computed(method: str, *inputs: str, number: int, limits: Sequence[Level] = (), **more: Any) -> Datastream:
    """A derived datastream, its property named by the method."""
    derivation = msgspec.convert({"method": method, "inputs": inputs, **more}, Derivation)
    stream = gauge(*limits, number=number, property=method, kind="derived", unit="1")
    return msgspec.structs.replace(stream, derivation=derivation)


class Row(NamedTuple):
    """One observation: received at a minute, `age` minutes old, of datastream `of`."""

    at: float
    value: float
    age: float = 0.0
    of: int = 0
    quality: int = 1
    reasons: int = 0
    origin: int = 0


Said = Row | tuple[float, float] | tuple[float, float, float]


def batch_of(*said: Said) -> Batch:
    """Observations in order of arrival."""
    rows = [Row(*one) for one in said]
    receive_us = np.array([minute(row.at) for row in rows], np.int64)
    time_us = receive_us - np.array([round(row.age * MINUTE_US) for row in rows], np.int64)
    return Batch(
        datastream=np.array([row.of for row in rows], np.int32),
        time_us=time_us,
        value=np.array([row.value for row in rows], np.float64),
        receive_us=receive_us,
        device_us=time_us.copy(),
        origin=np.array([row.origin for row in rows], np.uint8),
        quality=np.array([row.quality for row in rows], np.uint8),
        reasons=np.array([row.reasons for row in rows], np.uint16),
    )


def every(minutes: float, *values: float, begin: float = 0.0, of: int = 0) -> list[Row]:
    """Values at equal steps, the first at `begin`."""
    return [Row(begin + n * minutes, value, of=of) for n, value in enumerate(values)]


class Story:
    """A detector and what it told; all of it is found in `told`, too."""

    def __init__(self, *streams: Datastream, plain: bool = False, **city: Any) -> None:
        self._city, self._plain = city, plain
        rules = compile_rules(self._catalogue(streams), BEGIN_US, plain=plain)
        self.state = fresh_state(rules, BEGIN_US)
        self.told: list[Transition] = []
        self.judged: list[Batch] = []

    @property
    def batch(self) -> Batch:
        """All observations as judged."""
        return concatenate(self.judged)

    def hears(self, *said: Said) -> list[str]:
        """One batch, judged when its last observation is received."""
        return self.takes(batch_of(*said))

    def takes(self, batch: Batch) -> list[str]:
        """The same of a batch that is there already."""
        return self._after(judge(self.state, batch, int(batch.receive_us.max())))

    def waits_until(self, at: float) -> list[str]:
        """Nothing is heard up to that minute."""
        return self._after(judge(self.state, empty_batch(), minute(at)))

    def installs(self, *streams: Datastream, at: float) -> list[str]:
        """Other rules from that minute on."""
        rules = compile_rules(self._catalogue(streams), minute(at), plain=self._plain)
        self.state, transitions = install(self.state, rules, minute(at))
        self.told += transitions
        return words(transitions)

    def is_paused_until(self, at: float) -> None:
        """Nobody listened until that minute."""
        self.state = resume(self.state, minute(at))

    def value_of(self, number: int) -> list[float]:
        """What a datastream said or had computed, in the order it was stored."""
        batch = self.batch
        values: list[float] = batch.value[batch.datastream == number].tolist()
        return values

    def _catalogue(self, streams: Sequence[Datastream]) -> Catalogue:
        return with_datastreams(streams, **self._city)

    def _after(self, judgement: Judgement) -> list[str]:
        self.state = judgement.state
        self.told += judgement.transitions
        self.judged.append(judgement.batch)
        return words(judgement.transitions)


def words(transitions: Sequence[Transition]) -> list[str]:
    """`kind level cause @minute` of each; behind it `!` for news, `?` for verify now, `#n` of a datastream but 0."""
    return [_word(t) for t in transitions]


def _word(t: Transition) -> str:
    of = f" #{t.datastream}" if t.datastream else ""
    marks = ("" if t.historical else "!") + ("?" if t.verify else "")
    return f"{t.kind} {t.level or '-'} {t.cause} @{(t.time_us - BEGIN_US) / MINUTE_US:.9g}{marks}{of}"
