"""Random small cities and what they send, for the detector's laws; drawn by hypothesis from `tests.oracle.cities`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple, TypeVar

import msgspec
from hypothesis import strategies as st

from sensors.batch import Batch, concatenate, empty_batch
from sensors.catalogue import Catalogue
from sensors.detector import step
from sensors.rules import compile_rules
from sensors.state import State, fresh_state
from sensors.transition import Transition
from tests.oracle.agreement import happen
from tests.oracle.cities import START_US, Pick, a_city, with_datastreams
from tests.oracle.happenings import (
    GAPS_US,
    Happening,
    Reload,
    Sent,
    a_life,
    a_sent,
    end_us,
    later_us,
    received,
)

__all__ = ["START_US", "Sent", "end_us", "received", "with_datastreams"]  # and what is defined here

T = TypeVar("T")

gaps_us = st.sampled_from(GAPS_US)
cuts = st.lists(st.integers(0, 25), max_size=6)
pauses_us = st.lists(gaps_us, min_size=6, max_size=6)


def picking(draw: st.DrawFn) -> Pick:
    """Choices by hypothesis; it shrinks to the first option."""

    def pick(options: Sequence[T]) -> T:
        return options[draw(_places(len(options)))]

    return pick


@cache
def _places(n: int) -> st.SearchStrategy[int]:
    """One strategy for all choices among so many: to make and check a new one for each costs more than to draw."""
    return st.sampled_from(range(n))


@st.composite
def catalogues(draw: st.DrawFn, *, numbers: Sequence[int] = (), with_reaches: bool = True) -> Catalogue:
    """A numbered catalogue, of these numbers or of any."""
    return a_city(picking(draw), numbers=numbers, with_reaches=with_reaches)


@st.composite
def sendings(draw: st.DrawFn, *, max_size: int = 30) -> tuple[Sent, ...]:
    """What is sent; often much about little: most of it by one datastream."""
    pick = picking(draw)
    places = pick((range(5), (0, 0, 0, 0, 1)))
    return tuple(a_sent(pick, places) for _ in range(draw(st.integers(0, max_size))))


@st.composite
def lives(draw: st.DrawFn, *, numbers: Sequence[int] = (), max_size: int = 6) -> list[Happening]:
    """What happens."""
    return a_life(picking(draw), draw(st.integers(1, max_size)), range(1, 12), numbers=numbers)


class Tick(NamedTuple):
    """What one step judges."""

    batch: Batch
    now_us: int


def split(batch: Batch, after_us: int, cuts: Sequence[int], pauses_us: Sequence[int]) -> Iterator[Tick]:
    """The batch cut at those places of `cuts` where the gateway can cut it, with an empty tick after each.

    It can where everything before was received before everything after.
    """
    begin, now_us = 0, after_us
    for cut, pause_us in zip(sorted({c % (len(batch) + 1) for c in cuts}), pauses_us, strict=False):
        until_us = end_us(batch.take(slice(0, cut)), after_us)
        if cut < len(batch) and until_us >= batch.receive_us[cut:].min():
            continue
        yield Tick(batch.take(slice(begin, cut)), until_us)
        begin, now_us = cut, until_us
        if cut < len(batch):
            now_us = min(until_us + pause_us, int(batch.receive_us[cut:].min()) - 1)
            yield Tick(empty_batch(), now_us)
    yield Tick(batch.take(slice(begin, len(batch))), max(now_us, end_us(batch, after_us)))


def run(state: State, ticks: Sequence[Tick]) -> tuple[State, list[Transition]]:
    """The state after all ticks, and every transition."""
    transitions: list[Transition] = []
    for tick in ticks:
        state, found = step(state, tick.batch, tick.now_us)
        transitions += found
    return state, transitions


def started(catalogue: Catalogue, *, plain: bool = False) -> State:
    """The state of a detector that has heard nothing yet."""
    return fresh_state(compile_rules(catalogue, START_US, plain=plain), START_US)


def as_bytes(transitions: Sequence[Transition]) -> list[bytes]:
    """The transitions as the log stores them."""
    return [msgspec.json.encode(t) for t in transitions]


def merged(ticks: Sequence[Tick]) -> Tick:
    """All ticks as one."""
    return Tick(concatenate([t.batch for t in ticks]), ticks[-1].now_us)


@dataclass(frozen=True)
class World:
    """A city and what it sent."""

    catalogue: Catalogue
    batch: Batch
    past: tuple[Happening, ...] = ()  # what happened before
    begin_us: int = START_US  # when it had

    @property
    def now_us(self) -> int:
        """When the last observation came."""
        return end_us(self.batch, self.begin_us)

    def sending(self, **columns: object) -> "World":
        """The same with other columns."""
        return replace(self, batch=replace(self.batch, **columns))  # type: ignore[arg-type]


@st.composite
def worlds(
    draw: st.DrawFn, *, numbers: Sequence[int] = (), with_reaches: bool = True, with_intervals: bool = True
) -> World:
    """A random city and what it sends."""
    catalogue = draw(catalogues(numbers=numbers, with_reaches=with_reaches))
    if not with_intervals:
        streams = tuple(
            msgspec.structs.replace(d, kind="rain" if d.kind == "interval" else d.kind) for d in catalogue.datastreams
        )
        catalogue = msgspec.structs.replace(catalogue, datastreams=streams)
    return World(catalogue, received(draw(sendings()), catalogue, START_US))


@st.composite
def worlds_with_a_past(draw: st.DrawFn) -> World:
    """A random city that something has happened to, and what it sends now."""
    catalogue = draw(catalogues())
    past = tuple(h for h in draw(lives(max_size=4)) if not isinstance(h, Reload))
    begin_us = START_US
    for happening in past:
        begin_us = later_us(begin_us, happening, catalogue)
    return World(catalogue, received(draw(sendings()), catalogue, begin_us), past, begin_us)


def begun(world: World) -> State:
    """The state of its detector when its past is over."""
    state = started(world.catalogue)
    for happening in world.past:
        state, _ = happen(state, happening, world.catalogue)
    assert state.now_us == world.begin_us
    return state
