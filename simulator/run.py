"""`siaga simulate`: the clock and the connection around the virtual city."""

import asyncio
import logging
import random
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sensors.broker_address import BrokerAddress
from sensors.times import from_datetime
from simulator.broker import Publisher, connect
from simulator.city import CityPlan
from simulator.devices import Devices, Moment
from simulator.errors import BrokerUnreachable
from simulator.live_guard import refuse_live_readings
from simulator.truth import TruthFile

log = logging.getLogger(__name__)

TICK_S = 0.2
RECONNECT_MAX_S = 10.0
REPEAT_LOG_S = 30.0  # while the broker stays away


@dataclass(frozen=True, slots=True)
class Run:
    """What to simulate, and where it goes."""

    plan: CityPlan
    address: BrokerAddress
    data_dir: Path


async def simulate(run: Run) -> None:
    """Publish the virtual city until SIGINT or SIGTERM; a broker that is away is waited for.

    Raises LiveDataDirectory as soon as the data directory holds live readings.
    """
    refuse_live_readings(run.data_dir)
    stop = asyncio.Event()
    _stop_on_signals(stop)
    clock = _Clock(ZoneInfo(run.plan.catalogue.city.time_zone))
    devices = Devices(run.plan, clock.hour())
    with TruthFile(run.data_dir / "simulator") as truth:
        await _Transmitter(run, devices, truth, clock).keep_publishing(stop)


class _Clock:
    """The real clock; the city's own time starts at the first connection."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._started_s: float | None = None

    def hour(self) -> float:
        """The city's hour of the day."""
        return _hour(datetime.now(self._zone))

    def moment(self) -> Moment:
        """Now; the first call is the start."""
        monotonic_s = time.monotonic()
        if self._started_s is None:
            self._started_s = monotonic_s
        now = datetime.now(self._zone)
        return Moment(monotonic_s - self._started_s, from_datetime(now), _hour(now))


def _hour(now: datetime) -> float:
    return now.hour + now.minute / 60.0 + now.second / 3600.0


class _Transmitter:
    """Connects, publishes, and connects again."""

    def __init__(self, run: Run, devices: Devices, truth: TruthFile, clock: _Clock) -> None:
        self._run, self._devices, self._truth, self._clock = run, devices, truth, clock
        self._published = 0

    async def keep_publishing(self, stop: asyncio.Event) -> None:
        """Publish until `stop`; reconnects with full jitter, logs the first failure and then every REPEAT_LOG_S."""
        attempt, logged_s = 0, float("-inf")
        while not stop.is_set():
            try:
                async with connect(self._run.address, "siaga-simulator") as publisher:
                    after = f" after {attempt} failed attempts" if attempt else ""
                    log.info("connected to %s%s", self._run.address.url, after)
                    attempt, logged_s = 0, float("-inf")
                    await self._publish(publisher, stop)
            except BrokerUnreachable as error:
                attempt += 1
                if time.monotonic() - logged_s >= REPEAT_LOG_S:
                    logged_s = time.monotonic()
                    log.warning("%s; trying again (attempt %d)", error, attempt)
                await _pause(stop, random.uniform(0.0, min(RECONNECT_MAX_S, 1.5**attempt)))
        log.info("stopped: %d readings published", self._published)

    async def _publish(self, publisher: Publisher, stop: asyncio.Event) -> None:
        """One tick after the other; each waits for its acknowledgements, so at most one reading per sensor waits."""
        listener = asyncio.create_task(self._listen(publisher), name="simulator.listen")
        try:
            await self._publish_ticks(publisher, stop)
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)  # that the broker is gone, publishing says

    async def _listen(self, publisher: Publisher) -> None:
        async for message in publisher.heard("telemetry/+/+"):
            self._devices.hear(message, self._clock.moment().elapsed_s)

    async def _publish_ticks(self, publisher: Publisher, stop: asyncio.Event) -> None:
        while not stop.is_set():
            refuse_live_readings(self._run.data_dir)
            tick = self._devices.tick(self._clock.moment())
            self._truth.write(tick.truth)
            before = publisher.acknowledged
            try:
                await publisher.publish_all(tick.messages)
            finally:
                self._published += publisher.acknowledged - before
            await _pause(stop, TICK_S)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but not past `stop`."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first SIGINT or SIGTERM stops in good order, a second one kills."""
    loop = asyncio.get_running_loop()

    def first(number: signal.Signals) -> None:
        log.info("%s: stopping", number.name)
        stop.set()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first, number)
