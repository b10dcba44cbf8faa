"""Readings that a person heard by radio, telephone or chat, and typed in.

A request comes over the gateway's socket, the answer goes back there.  Between two ticks each becomes a row of the log,
judged like any other: it drives levels, and ends a silence until the gauge is overdue again.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.engine import Engine
from gateway.log.rows import Entry
from gateway.phenomenon_time import EARLIEST_US
from gateway.status import MAX_WAITING, ObservedFrame, ObserveFrame, StatusServer
from sensors.catalogue import Datastream
from sensors.origin import Origin
from sensors.times import MINUTE_US, rfc3339
from sensors.units import conversion

AHEAD_US: Final = MINUTE_US  # a person's clock may run ahead of ours by so much

_log = logging.getLogger("gateway.hearing")

Commit = Callable[[Callable[[], Entry | None]], Awaitable[None]]


class Refused(Exception):
    """It becomes no observation: why, and which field is at fault."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(text)
        self.where = where


class Hearing:
    """Serves the readings that wait at the socket."""

    def __init__(self, engine: Engine, server: StatusServer) -> None:
        self._engine, self._server = engine, server

    async def serve(self, now_us: Callable[[], Awaitable[int]], commit: Commit, *, holds_live: bool) -> None:
        """Take those that wait; each is answered when it is on disk.  What comes meanwhile waits for the next tick."""
        for _ in range(MAX_WAITING):
            request = self._server.next_heard()
            if request is None:
                return
            frame, answer = request
            answer(await self._take(frame, await now_us(), commit, holds_live=holds_live))

    async def _take(self, frame: ObserveFrame, now_us: int, commit: Commit, *, holds_live: bool) -> ObservedFrame:
        try:
            datastream, value = _checked(frame, self._engine, now_us)
        except Refused as refused:
            return ObservedFrame(error=str(refused), where=refused.where)
        origin = Origin.MANUAL if holds_live or not self._engine.is_exercise else Origin.SIMULATED
        time_us = min(frame.time_us, now_us)
        await commit(lambda: self._engine.hear(datastream, time_us, value, origin, now_us))
        _log.info("%s typed in %s = %g %s at %s", frame.by, datastream.id, value, datastream.unit, rfc3339(time_us))
        return ObservedFrame(value=value, origin=origin.word)


def _checked(frame: ObserveFrame, engine: Engine, now_us: int) -> tuple[Datastream, float]:
    """The datastream, and the value in its unit.  Raises Refused."""
    datastream = engine.city.catalogue.datastream_by_id.get(frame.datastream)
    if datastream is None:
        raise Refused("path.sensor_id", f"there is no sensor {frame.datastream!r}")
    if datastream.derivation is not None:
        raise Refused("path.sensor_id", f"{datastream.id} is computed from others: type in what it is computed from")
    if not EARLIEST_US <= frame.time_us <= now_us + AHEAD_US:
        expected = f"expected one from {rfc3339(EARLIEST_US)} to now, {rfc3339(now_us)}"
        raise Refused("body.time", f"time: {expected}, got {rfc3339(frame.time_us)}")
    value = _value_in(frame, datastream)
    newest_us, newest = engine.newest_of(datastream.number)
    if min(frame.time_us, now_us) == newest_us and value != newest:
        text = (
            f"time: there is a reading of {rfc3339(newest_us)} already, {newest:g}, and it stays: give another second"
        )
        raise Refused("body.time", text)
    return datastream, value


def _value_in(frame: ObserveFrame, datastream: Datastream) -> float:
    """The value in the datastream's unit, within its bounds: beyond them it was heard or typed wrong."""
    known = conversion(frame.unit or datastream.unit, datastream.unit, datastream.property)
    if known is None:
        raise Refused("body.unit", f"unit: expected {datastream.unit} or what converts to it, got {frame.unit!r}")
    value = known.apply(frame.value)
    low = -math.inf if datastream.valid_min is None else datastream.valid_min
    high = math.inf if datastream.valid_max is None else datastream.valid_max
    if not math.isfinite(value) or not low <= value <= high:
        bounds = f"expected {low:g} to {high:g} {datastream.unit}"
        raise Refused("body.value", f"value: {bounds}, got {value:g}: was it heard or typed wrong?")
    return value
