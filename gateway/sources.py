"""The sources: one session per broker, started, changed and stopped as the city in force says."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.errors import BrokerError
from gateway.mqtt.broker import Broker
from gateway.mqtt.flow_proof import Memory
from gateway.mqtt.session import Session
from gateway.session_key import client_id
from gateway.subscription import filters_of
from sensors.broker_address import broker_address
from sensors.catalogue import City, Source
from sensors.city import city_folder
from sensors.errors import CatalogueError, SettingsError
from sensors.settings import MqttSettings, Settings

SOURCE: Final = "broker"  # the name of the one that `[mqtt] url` names
GOODBYE_S: Final = 1.0  # a vanished source's last UNSUBSCRIBE and DISCONNECT may take so long

_log = logging.getLogger("gateway.mqtt")


class Sources:
    """Every session, each in a task of its own; iterating gives those that are meant to be connected.

    A session runs into no error: whatever happens to one, the others go on.
    """

    def __init__(self, settings: Settings, key: str, memory: Memory, arrived: asyncio.Event) -> None:
        self._settings, self._key = settings, key
        self._memory, self._arrived = memory, arrived
        self._sessions: dict[str, Session] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._wanted: dict[str, tuple[Broker, tuple[str, ...]]] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def session(self, source: str) -> Session | None:
        """The session of a source, by the name that arrivals bear."""
        return self._sessions.get(source)

    async def run(self, city: City) -> None:
        """Keep the city's sessions until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            await self.follow(city)
            await asyncio.Event().wait()

    async def follow(self, city: City) -> None:
        """Make the sessions those of `city`: new ones start, changed ones are made anew, vanished ones end."""
        wanted = {broker.name: (broker, filters_of(city, broker.name)) for broker in brokers(self._settings, city)}
        for name in [name for name in self._sessions if name not in wanted]:
            _log.warning("source %s is gone from the city: unsubscribed, its broker keeps what waits there", name)
            await self._end(name, unsubscribe_all=True)
        for name, (broker, filters) in wanted.items():
            session = self._sessions.get(name)
            if session is not None and session.broker == broker:
                session.refilter(filters)
                continue
            if session is not None:
                _log.info("source %s has changed: connecting anew", name)
                await self._end(name, unsubscribe_all=session.broker.address.url != broker.address.url)
            self._start(broker, filters)

    async def close(self) -> None:
        """Say goodbye to every broker; they keep the sessions."""
        await asyncio.gather(*(session.close() for session in self), return_exceptions=False)

    def _start(self, broker: Broker, filters: tuple[str, ...]) -> None:
        if self._group is None:
            raise RuntimeError("follow before run")
        name = broker.name
        session = Session(broker, client_id(self._key, name), filters, self._settings.mqtt, self._memory, self._arrived)
        self._sessions[name] = session
        self._tasks[name] = self._group.create_task(session.run(), name=f"gateway.mqtt.{name}")

    async def _end(self, name: str, *, unsubscribe_all: bool) -> None:
        session, task = self._sessions.pop(name), self._tasks.pop(name)
        task.cancel()
        await asyncio.wait({task})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await session.close(unsubscribe_all=unsubscribe_all)


def brokers(settings: Settings, city: City) -> list[Broker]:
    """The broker of the settings, else the city's sources, else the embedded one on this machine.

    A source whose address makes no sense is left out and logged; `siaga check` names it too.
    """
    mqtt = settings.mqtt
    if mqtt.url:
        return [_of_settings(SOURCE, mqtt.url, mqtt)]
    if not city.sources:
        return [_of_settings("embedded", f"mqtt://127.0.0.1:{mqtt.port}", mqtt)]
    try:
        folder = city_folder(settings.city)
    except CatalogueError:  # the city's last good version is in force, its folder is gone
        folder = Path.cwd()
    found = []
    for source in city.sources:
        try:
            found.append(_of_source(source, folder))
        except SettingsError as error:
            _log.error("source %s: %s", source.name, error)
    return found


def broker_named(settings: Settings, city: City, name: str) -> Broker:
    """The source called `name`; BrokerError names those that there are."""
    known = {broker.name: broker for broker in brokers(settings, city)}
    if name not in known:
        raise BrokerError(f"no source {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def _of_settings(name: str, url: str, mqtt: MqttSettings) -> Broker:
    address = broker_address(url)
    folder = Path.cwd()
    return Broker(
        name=name,
        address=address,
        protocol=mqtt.protocol,
        user=mqtt.user,
        password=mqtt.password,
        password_file=_file(folder, mqtt.password_file),
        ca_file=_file(folder, mqtt.ca_file),
        cert_file=_file(folder, mqtt.cert_file),
        key_file=_file(folder, mqtt.key_file),
        server_name=mqtt.server_name,
        canary=mqtt.canary,
        session_expiry_s=mqtt.session_expiry_s,
    )


def _of_source(source: Source, folder: Path) -> Broker:
    return Broker(
        name=source.name,
        address=broker_address(source.url),
        protocol=source.protocol,
        user=source.user,
        password_env=source.password_env,
        password_file=_file(folder, source.password_file),
        ca_file=_file(folder, source.ca_file),
        cert_file=_file(folder, source.cert_file),
        key_file=_file(folder, source.key_file),
        server_name=source.server_name,
        canary=source.canary,
        session_expiry_s=source.session_expiry_s,
    )


def _file(folder: Path, name: str) -> Path | None:
    return folder / name if name else None
