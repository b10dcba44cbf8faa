"""MQTT out, wired: one connection to the broker that the settings name, and the feeds that go over it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final

from aiomqtt import Message

from command_center.broker_link import WINDOW, BrokerLink, Connection, brokers_of
from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.mqtt_out.feed import Feed, Out
from command_center.picture.picture import Picture
from gateway.mqtt.broker import Broker
from sensors.errors import SettingsError
from sensors.settings import Settings
from sensors.times import SECOND_US

LOOK_S: Final = 0.2  # how often the feeds are asked
FOLLOW_S: Final = 1.0  # how often it is asked which broker it is
AWAY_S: Final = 10.0  # a broker may be away for a moment

_log = logging.getLogger("command_center.mqtt_out")


class MqttOut:
    """`run` lives, the rest says how it goes.  It is the use of its own link (`command_center.broker_link.Use`)."""

    def __init__(self, settings: Settings, picture: Picture, feeds: Sequence[Feed]) -> None:
        self._settings, self._picture, self._feeds = settings, picture, feeds
        self.link: BrokerLink | None = None  # None: there is nothing to publish to
        self.error = ""  # why there is none
        self._of_feed: dict[str, str] = {}  # by feed: why it cannot say what is due
        self.published: Counter[str] = Counter()  # messages by feed, clearings included

    @property
    def connected(self) -> bool:
        """Whether the broker takes messages."""
        return self.link is not None and self.link.connected

    def faults(self, at_us: int) -> list[str]:
        """What does not work, in words."""
        faults = [f"MQTT out: {error}" for error in (self.error, *self._of_feed.values()) if error]
        link = self.link
        if link is not None and link.error and (at_us - link.since_us) / SECOND_US > AWAY_S:
            faults.append(f"MQTT out, broker {link.broker.name}: {link.error}")
        return faults

    async def run(self) -> None:
        """Publish for ever, to the broker that is the right one then."""
        while True:
            broker = self._broker()
            self.link = None if broker is None else BrokerLink(broker, "out", self)
            task = None if self.link is None else asyncio.create_task(self.link.run(), name="command_center.out.link")
            try:
                while self._broker() == broker:  # noqa: ASYNC110 (a catalogue and a login rung for nobody)
                    await asyncio.sleep(FOLLOW_S)
            finally:
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    @property
    def topics(self) -> Sequence[str]:
        """What the feeds have to know of what the broker holds."""
        return tuple(name for feed in self._feeds for name in feed.filters)

    async def serve(self, connection: Connection) -> None:
        """Publish what is due, some at a time, each acknowledged by the broker."""
        for feed in self._feeds:
            feed.begin()
        while True:
            is_busy = False
            for feed in self._feeds:
                outs = await self._due(feed)
                await asyncio.gather(*(self._publish(connection, feed, out) for out in outs))
                is_busy |= len(outs) == WINDOW
            if not is_busy:
                await asyncio.sleep(LOOK_S)

    async def hear(self, message: Message) -> None:
        """What the broker holds; what is published while we listen is our own."""
        if message.retain and isinstance(message.payload, bytes):
            for feed in self._feeds:
                if any(message.topic.matches(name) for name in feed.filters):
                    feed.hear(message.topic.value, message.payload)

    async def _due(self, feed: Feed) -> Sequence[Out]:
        try:
            outs = await feed.due(now_us(), WINDOW)
        except OperationsError as error:
            if feed.name not in self._of_feed:
                _log.error("%s: %s", feed.name, error)
            self._of_feed[feed.name] = f"{feed.name}: {error}"
            return ()
        if self._of_feed.pop(feed.name, ""):
            _log.info("%s: going on", feed.name)
        return outs

    async def _publish(self, connection: Connection, feed: Feed, out: Out) -> None:
        await connection.publish(out.topic, out.payload, retain=out.retain)
        feed.published(out)
        self.published[feed.name] += 1

    def _broker(self) -> Broker | None:
        """Which broker it is; None before there is a catalogue, and where there is none."""
        directory = self._picture.directory
        if directory is None:
            return None
        name = self._settings.mqtt_out.broker
        try:
            known = brokers_of(self._settings, directory.catalogue.city)
        except SettingsError as error:
            self._say(str(error))
            return None
        if name and name not in known:
            self._say(f"mqtt_out.broker: no broker {name!r}; known are {', '.join(known) or 'none'}")
            return None
        self._say("")
        # Where we may publish no canary, we may publish nothing, unless we were told to.
        return known[name] if name else next((broker for broker in known.values() if broker.canary), None)

    def _say(self, error: str) -> None:
        if error and error != self.error:
            _log.error("%s", error)
        self.error = error
