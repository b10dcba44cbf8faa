"""The links to the brokers that actuators hang on: commands out at QoS 1, never retained; their words in.

One link a broker (`command_center.broker_link`), for as long as the city has actuators there.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from aiomqtt import Message

from command_center.actuators.command import Command, Standing, payload_of
from command_center.actuators.desk import ActuatorDesk
from command_center.actuators.trouble import Trouble, link_trouble
from command_center.broker_link import BrokerLink, Connection, brokers_of
from command_center.clock import now_us
from gateway.mqtt.broker import Broker
from sensors.actuator import Actuator
from sensors.errors import SettingsError
from sensors.settings import Settings
from sensors.times import SECOND_US

AWAY_US: Final = 10 * SECOND_US
LOOK_EVERY_S: Final = 1.0  # whether the city has other actuators by now
NO_BROKER: Final = "neither the settings nor the city name a broker, and none was opened here"
Plan = list[tuple[Broker, tuple[Actuator, ...]]]

_log = logging.getLogger("command_center.actuators")


class ActuatorLinks:
    """`run` lives; `links` says how each goes."""

    def __init__(self, settings: Settings, desk: ActuatorDesk) -> None:
        self._settings, self._desk = settings, desk
        self.links: list[BrokerLink] = []
        self._error, self._error_us = "", 0  # why there is no plan, and since when

    async def run(self) -> None:
        """Keep a link to each broker that actuators hang on."""
        while True:
            plan = self._plan()
            self.links = [
                BrokerLink(broker, "actuators", ActuatorUse(self._desk, actuators)) for broker, actuators in plan
            ]
            tasks = [
                asyncio.create_task(link.run(), name=f"command_center.actuators.{link.broker.name}")
                for link in self.links
            ]
            try:
                await self._until_other_than(plan)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_other_than(self, plan: Plan) -> None:
        """Until other actuators are to be linked; what is wrong with the links is told meanwhile."""
        while self._plan() == plan:
            self._desk.broker_troubles = self._troubles()
            await asyncio.sleep(LOOK_EVERY_S)

    def _troubles(self) -> list[Trouble]:
        """A broker may be away for a moment: that is nobody's work yet."""
        late_us = now_us() - AWAY_US
        found = [
            link_trouble(link.broker.name, link.error, link.since_us)
            for link in self.links
            if link.error and (link.connected or link.since_us < late_us)
        ]
        return [*found, link_trouble("settings", self._error, self._error_us)] if self._error else found

    def _plan(self) -> Plan:
        """Each broker with what hangs on it; made-up rows hang on none."""
        catalogue = self._desk.catalogue
        real = [] if catalogue is None else [one for one in catalogue.actuators if not one.is_illustrative]
        if catalogue is None or not real:
            self._say("")
            return []
        try:
            found = brokers_of(self._settings, catalogue.city)
        except SettingsError as error:
            self._say(str(error))
            return []
        self._say("" if found else NO_BROKER)
        first = next(iter(found), "")
        plan: dict[str, list[Actuator]] = {}
        for one in real:
            plan.setdefault(one.broker if one.broker in found else first, []).append(one)
        return [(found[name], tuple(those)) for name, those in plan.items() if name in found]

    def _say(self, error: str) -> None:
        if error and error != self._error:
            self._error_us = now_us()
            _log.error("no link to sirens and lamps: %s", error)
        self._error = error


class ActuatorUse:
    """One broker's actuators, over one link."""

    def __init__(self, desk: ActuatorDesk, actuators: Sequence[Actuator]) -> None:
        self._desk = desk
        self._ours = {one.actuator: one for one in actuators}
        self._by_topic: dict[str, list[Actuator]] = {}
        for one in actuators:
            if one.tells:
                self._by_topic.setdefault(one.state_topic, []).append(one)

    @property
    def topics(self) -> Sequence[str]:
        """Where they answer."""
        return tuple(self._by_topic)

    async def serve(self, connection: Connection) -> None:
        """What is to be sent to these actuators, as it comes; what has expired meanwhile is not."""
        while True:
            for name in [name for name in self._desk.outgoing if name in self._ours]:
                await self._publish(connection, self._ours[name], self._desk.outgoing[name])
            await self._desk.doorbell.wait(LOOK_EVERY_S)

    async def hear(self, message: Message) -> None:
        """What they say."""
        payload = message.payload if isinstance(message.payload, bytes) else str(message.payload).encode()
        for one in self._by_topic.get(message.topic.value, ()):
            await self._desk.hear(one, payload, now_us(), retained=message.retain)

    async def _publish(self, connection: Connection, actuator: Actuator, command: Command) -> None:
        if command.standing(now_us()) is Standing.WAITING:
            await connection.publish(actuator.set_topic, payload_of(actuator, command))
            await self._desk.sent(command, now_us())
        if self._desk.outgoing.get(actuator.actuator) is command:
            del self._desk.outgoing[actuator.actuator]
