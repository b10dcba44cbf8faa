"""A life lived by the detector and by the slow loop, and where the two first part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from sensors.batch import empty_batch
from sensors.catalogue import Catalogue, Datastream
from sensors.detector import install, step
from sensors.rules import compile_rules
from sensors.state import State, fresh_state, resume
from sensors.transition import Transition
from tests.oracle.cities import START_US
from tests.oracle.detector_loop import LoopDetector
from tests.oracle.happenings import Happening, Observe, Pause, Reload, Wait, end_us, received

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class Parting:
    """The happening after which they told different things."""

    index: int
    found: list[Transition]
    expected: list[Transition]
    begin_us: int


def parting(catalogue: Catalogue, life: Sequence[Happening]) -> Parting | None:
    """The first happening after which detector and loop tell different things; None where they agree."""
    state = fresh_state(compile_rules(catalogue, START_US), START_US)
    loop = LoopDetector(catalogue, START_US)
    for index, happening in enumerate(life):
        begin_us = state.now_us
        if isinstance(happening, Reload):
            catalogue = happening.catalogue
        state, found = happen(state, happening, catalogue)
        expected = happen_slowly(loop, happening, catalogue)
        if as_told(found) != as_told(expected):
            return Parting(index, list(found), expected, begin_us)
    return None


def as_told(transitions: Sequence[Transition]) -> list[bytes]:
    """The transitions as the log stores them."""
    return [msgspec.json.encode(t) for t in transitions]


def happen(state: State, happening: Happening, catalogue: Catalogue) -> tuple[State, tuple[Transition, ...]]:
    """To the detector; `catalogue` is the one in force, of a reload the new one."""
    now_us = state.now_us
    match happening:
        case Observe(observations):
            batch = received(observations, catalogue, now_us)
            return step(state, batch, end_us(batch, now_us))
        case Wait(gap_us):
            return step(state, empty_batch(), now_us + gap_us)
        case Pause(by_us):
            return resume(state, now_us + by_us), ()
        case Reload():
            return install(state, compile_rules(catalogue, now_us), now_us)


def happen_slowly(loop: LoopDetector, happening: Happening, catalogue: Catalogue) -> list[Transition]:
    """To the loop."""
    now_us = loop.now_us
    match happening:
        case Observe(observations):
            batch = received(observations, catalogue, now_us)
            return loop.step(batch, end_us(batch, now_us))
        case Wait(gap_us):
            return loop.step(empty_batch(), now_us + gap_us)
        case Pause(by_us):
            loop.resume(now_us + by_us)
            return []
        case Reload():
            return loop.install(catalogue, now_us)


def reduced(catalogue: Catalogue, life: Sequence[Happening]) -> tuple[Catalogue, list[Happening]]:
    """A smaller city and a shorter life in which they still part."""
    smaller = True
    while smaller:
        smaller = False
        for city, days in _smaller(catalogue, list(life)):
            if parting(city, days) is not None:
                catalogue, life, smaller = city, days, True
                break
    return catalogue, list(life)


def _smaller(catalogue: Catalogue, life: list[Happening]) -> Iterator[tuple[Catalogue, list[Happening]]]:
    """Each with one thing less."""
    for index, happening in enumerate(life):
        before, after = life[:index], life[index + 1 :]
        yield catalogue, before + after
        if isinstance(happening, Observe):
            yield from ((catalogue, [*before, less, *after]) for less in _fewer(happening))
        elif isinstance(happening, Reload):
            yield from ((catalogue, [*before, Reload(city), *after]) for city in _plainer(happening.catalogue))
    yield from ((city, life) for city in _plainer(catalogue))


def _fewer(happening: Observe) -> Iterator[Observe]:
    rows = happening.observations
    for size in (len(rows) // 2, 4, 1):
        if 0 < size <= len(rows):
            for begin in range(0, len(rows), size):
                yield Observe(rows[:begin] + rows[begin + size :])
    for index, row in enumerate(rows):
        for plainer in (row._replace(quality=1), row._replace(origin=0), row._replace(reasons=0)):
            if plainer != row:
                yield Observe((*rows[:index], plainer, *rows[index + 1 :]))


def _plainer(catalogue: Catalogue) -> Iterator[Catalogue]:
    if catalogue.reaches:
        yield msgspec.structs.replace(catalogue, reaches=())
    streams = catalogue.datastreams
    for index, stream in enumerate(streams):
        for plainer in _plainer_streams(stream):
            yield msgspec.structs.replace(catalogue, datastreams=(*streams[:index], plainer, *streams[index + 1 :]))


def _plainer_streams(stream: Datastream) -> Iterator[Datastream]:
    """Without a level, a delay, a margin; the places of the rows stay as they are."""
    for index, level in enumerate(stream.levels):
        before, after = stream.levels[:index], stream.levels[index + 1 :]
        yield msgspec.structs.replace(stream, levels=before + after)
        yield from (msgspec.structs.replace(stream, levels=(*before, one, *after)) for one in _changed(level, _PLAIN))
    yield from _changed(stream, _DULL)


def _changed(struct: S, columns: Mapping[str, object]) -> Iterator[S]:
    """Each with one column changed."""
    for column, value in columns.items():
        if getattr(struct, column) != value:
            yield msgspec.structs.replace(struct, **{column: value})


_PLAIN = {"hysteresis": 0.0, "on_delay_s": 0.0, "off_delay_s": 0.0, "effective_from": ""}
_DULL = {
    "interval_storm_s": None,
    "fall_limit_per_h": None,
    "rise_limit_per_h": None,
    "kind": "rain",
    "interval_calm_s": 5000.0,
}
