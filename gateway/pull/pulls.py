"""All pull sources of the city in force, each a task of its own; those of another catalogue take their places."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

import msgspec

from gateway.errors import BrokerError
from gateway.mqtt.standing import Standing
from gateway.pull.addresses import Addresses, addresses_of
from gateway.pull.puller import Puller
from gateway.status import PullStatus
from sensors.catalogue import Catalogue
from sensors.city import city_folder
from sensors.errors import CatalogueError
from sensors.pull_source import Pull

LOOK_S: Final = 0.5
PATIENCE_S: Final = 10.0  # for the brokers at the start
MAX_SHOWN: Final = 20  # in one status frame
FOLDER: Final = "pulls"

_log = logging.getLogger("gateway.pull")


class Way(Protocol):
    """A broker's session, as far as pulls need it."""

    standing: Standing

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Publish; BrokerError where it is not acknowledged."""


class Ways(Protocol):
    """The sessions with all brokers."""

    def session(self, source: str) -> Way | None:
        """The session of a source."""

    def __iter__(self) -> Iterator[Way]:
        """All of them, in the city's order."""


class Pulls:
    """Runs the pull sources; a reading enters through the source that its pull names, else through the first."""

    def __init__(
        self,
        city: str,
        data_dir: Path,
        ways: Ways,
        catalogue: Callable[[], Catalogue],
        now_us: Callable[[], int],
    ) -> None:
        self._city, self._folder, self._ways = city, data_dir / FOLDER, ways
        self._catalogue, self._now_us = catalogue, now_us
        self._running: dict[str, tuple[Puller, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Follow the catalogue in force until cancelled."""
        present: Catalogue | None = None
        await self._wait_for_a_broker()
        try:
            while True:
                if (catalogue := self._catalogue()) is not present:
                    present = catalogue
                    await self._follow(catalogue)
                await asyncio.sleep(LOOK_S)
        finally:
            await self._end(list(self._running))

    async def _wait_for_a_broker(self) -> None:
        """A page that is fetched before anybody takes its readings is fetched twice."""
        for _ in range(round(PATIENCE_S / LOOK_S)):
            if any(way.standing.connected for way in self._ways):
                return
            await asyncio.sleep(LOOK_S)

    def status(self) -> tuple[PullStatus, ...]:
        """How each fares, in the city's order."""
        shown = list(self._running.values())[:MAX_SHOWN]
        return tuple(_ended(puller.status()) if task.done() else puller.status() for puller, task in shown)

    async def _follow(self, catalogue: Catalogue) -> None:
        wanted = {pull.name: pull for pull in catalogue.city.pulls}
        await self._end([name for name, (puller, _) in self._running.items() if wanted.get(name) != puller.pull])
        addresses = addresses_of(catalogue) if wanted else {}
        for name, pull in wanted.items():
            if name not in self._running:
                self._start(pull, addresses)
            elif self._running[name][0].addresses != addresses:
                self._running[name][0].follow(addresses)

    def _start(self, pull: Pull, addresses: Addresses) -> None:
        try:
            folder = city_folder(self._city)
        except CatalogueError:
            folder = Path()
        kept = self._folder / f"{pull.name}.unreadable"
        puller = Puller(pull, folder, kept, lambda topic, payload: self._publish(pull, topic, payload), self._now_us)
        puller.follow(addresses)
        task = asyncio.create_task(puller.run(), name=f"gateway.pull.{pull.name}")
        task.add_done_callback(_tell)
        self._running[pull.name] = puller, task

    async def _end(self, names: list[str]) -> None:
        tasks = [self._running.pop(name)[1] for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _publish(self, pull: Pull, topic: str, payload: bytes) -> None:
        """Through the session of its source; where one broker stands for all sources, through that."""
        way = self._ways.session(pull.publish_to) or next(iter(self._ways), None)
        if way is None:
            raise BrokerError("there is no broker to publish to")
        await way.publish(topic, payload, qos=1)


def _ended(status: PullStatus) -> PullStatus:
    return msgspec.structs.replace(status, error="ended by a fault of ours, see the log", failures=status.failures + 2)


def _tell(task: asyncio.Task[None]) -> None:
    """A pull's bug ends that pull, said with its name, and nothing else."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("%s ended by a fault of ours", task.get_name(), exc_info=error)
