"""The connections to the brokers that actuators hang on: commands out at QoS 1, never retained; their words in.

One connection a broker; it is made anew, with full jitter, for as long as the city has actuators there.
"""

import asyncio
import logging
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from aiomqtt import Client, Message, MqttError

from command_center.actuators.command import Command, Standing, payload_of
from command_center.actuators.desk import ActuatorDesk
from command_center.actuators.trouble import Trouble
from command_center.clock import now_us
from gateway.errors import BrokerError
from gateway.mqtt.broker import Broker
from gateway.own_login import with_login
from gateway.sources import brokers
from sensors.actuator import Actuator
from sensors.catalogue import Text
from sensors.errors import SettingsError
from sensors.settings import Settings

LOOK_EVERY_S: Final = 1.0  # whether the city has other actuators by now
PUBLISH_S: Final = 10.0
RECONNECT_S: Final = 10.0
COMPLAIN_EVERY: Final = 60  # failed connections
QOS: Final = 1
Plan = list[tuple[Broker, tuple[Actuator, ...]]]

_log = logging.getLogger("command_center.actuators")


class ActuatorLinks:
    """`run` lives; `errors` says why which broker cannot be reached."""

    def __init__(self, settings: Settings, desk: ActuatorDesk) -> None:
        self._settings, self._desk = settings, desk
        self.errors: dict[str, tuple[str, int]] = {}  # by broker: why, and since when (µs UTC)

    async def run(self) -> None:
        """Keep a connection to each broker that actuators hang on."""
        while True:
            plan = self._plan()
            if not plan:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            tasks = [
                asyncio.create_task(self._keep(broker, actuators), name=f"command_center.actuators.{broker.name}")
                for broker, actuators in plan
            ]
            try:
                await self._until_other_than(plan, tasks)
            finally:
                for task in tasks:
                    task.cancel()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
            for (broker, _), end in zip(plan, ends, strict=True):
                if isinstance(end, Exception):  # a mistake of ours: no siren may hang on it unseen; begun anew
                    _log.error("the link to broker %s ended", broker.name, exc_info=end)
                    self._tell(broker.name, f"{type(end).__name__}: {end}")
                    await asyncio.sleep(LOOK_EVERY_S)

    async def _until_other_than(self, plan: Plan, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Until other actuators are to be linked, or a link has ended."""
        while self._plan() == plan and not any(task.done() for task in tasks):  # noqa: ASYNC110 (a catalogue and a login rung for nobody: they are looked at)
            await asyncio.sleep(LOOK_EVERY_S)

    def _plan(self) -> Plan:
        """Each broker with what hangs on it; made-up rows hang on none."""
        catalogue = self._desk.catalogue
        real = [] if catalogue is None else [one for one in catalogue.actuators if not one.is_illustrative]
        if catalogue is None or not real:
            return []
        try:
            settings = with_login(self._settings, "command-center")
            found = {broker.name: broker for broker in brokers(settings, catalogue.city)}
        except SettingsError as error:
            self._tell("settings", str(error))
            return []
        first = next(iter(found), "")
        plan: dict[str, list[Actuator]] = {}
        for one in real:
            plan.setdefault(one.broker if one.broker in found else first, []).append(one)
        return [(found[name], tuple(those)) for name, those in plan.items() if name in found]

    async def _keep(self, broker: Broker, actuators: tuple[Actuator, ...]) -> None:
        failures = 0
        while True:
            try:
                await self._connected(broker, actuators)
            except* (MqttError, OSError, BrokerError) as found:
                why = "; ".join(dict.fromkeys(str(error) or type(error).__name__ for error in _leaves(found)))
                if failures % COMPLAIN_EVERY == 0:
                    _log.error("broker %s of %d actuators: %s", broker.name, len(actuators), why)
                failures += 1
                self._tell(broker.name, why)
            await asyncio.sleep(random.uniform(0, min(RECONNECT_S, 1.5 ** min(10, failures))))  # noqa: S311 (jitter)

    async def _connected(self, broker: Broker, actuators: tuple[Actuator, ...]) -> None:
        by_topic: dict[str, list[Actuator]] = {}
        for one in actuators:
            if one.tells:
                by_topic.setdefault(one.state_topic, []).append(one)
        async with self._client(broker) as client:
            for topic in by_topic:
                await client.subscribe(topic, qos=QOS)
            self._tell(broker.name, "")
            _log.info("broker %s: %d actuators, %d topics heard", broker.name, len(actuators), len(by_topic))
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send(client, {one.actuator: one for one in actuators}))
                async for message in client.messages:
                    await self._hear(message, by_topic)
                sending.cancel()

    async def _hear(self, message: Message, by_topic: Mapping[str, list[Actuator]]) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else str(message.payload).encode()
        for one in by_topic.get(message.topic.value, ()):
            await self._desk.hear(one, payload, now_us(), retained=message.retain)

    async def _send(self, client: Client, ours: Mapping[str, Actuator]) -> None:
        """What is to be sent to these actuators, as it comes; what has expired meanwhile is not."""
        while True:
            for name in [name for name in self._desk.outgoing if name in ours]:
                await self._publish(client, ours[name], self._desk.outgoing[name])
            await self._desk.doorbell.wait(LOOK_EVERY_S)

    async def _publish(self, client: Client, actuator: Actuator, command: Command) -> None:
        if command.standing(now_us()) is Standing.WAITING:
            topic, payload = actuator.set_topic, payload_of(actuator, command)
            await client.publish(topic, payload, qos=QOS, retain=False, timeout=PUBLISH_S)
            await self._desk.sent(command, now_us())
        if self._desk.outgoing.get(actuator.actuator) is command:
            del self._desk.outgoing[actuator.actuator]

    def _tell(self, name: str, why: str) -> None:
        """What is wrong with a broker; empty = nothing any more."""
        _, since_us = self.errors.pop(name, ("", now_us()))
        if why:
            self.errors[name] = (why, since_us)
        self._desk.broker_troubles = [
            Trouble(
                actuator=broker,
                kind="broker",
                since_us=since_us,
                text=Text(
                    f"Broker sirene {broker} tidak terhubung: {told}", f"No link to the sirens' broker {broker}: {told}"
                ),
            )
            for broker, (told, since_us) in self.errors.items()
        ]

    def _client(self, broker: Broker) -> Client:
        user, password = broker.credentials()
        return Client(
            broker.address.host,
            broker.address.port,
            username=user or None,
            password=password or None,
            identifier=f"siaga-actuators-{broker.name[:32]}-{os.getpid()}",
            tls_context=broker.tls(),
            # The authority still counts; to this machine's own broker we go by an address that no certificate bears.
            tls_insecure=True if broker.address.tls and broker.server_name else None,
            timeout=PUBLISH_S,
        )


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
