"""From an open connection to a subscribed session: CONNECT at the right protocol level, SUBSCRIBE only where needed."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from gateway.errors import BrokerError, ProtocolError
from gateway.mqtt import codec
from gateway.mqtt.broker import Broker
from gateway.mqtt.link import Link, dial, in_words
from gateway.mqtt.packets import MQTT_5, MQTT_311, SUBACK_FAILURE, Connack, Suback, Unsuback
from sensors.settings import MqttSettings

MAX_RECEIVE: Final = 65_535
GOODBYE_S: Final = 2.0  # a broker that does not close after our DISCONNECT is not waited for
UNSUBSCRIBE_ID: Final = 1
SUBSCRIBE_ID: Final = 2
LEVELS: Final = {"auto": (MQTT_5, MQTT_311), "5": (MQTT_5,), "3.1.1": (MQTT_311,)}
NAMES: Final = {MQTT_5: "5", MQTT_311: "3.1.1"}


class ClosedAtConnect(BrokerError):
    """The broker closed the connection, or spoke in tongues, instead of answering CONNECT."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who connects, and how."""

    broker: Broker
    client_id: str
    settings: MqttSettings
    arrived: asyncio.Event

    async def call(self, levels: tuple[int, ...], *, clean: bool = False) -> tuple[Link, Connack]:
        """An accepted connection at the first of `levels` that the broker speaks.

        It does not speak one where it says so, and where it closes the connection at CONNECT (old brokers do).
        `clean`: the broker is to have no session of ours before, and none after.

        Raises BrokerError, OSError or TimeoutError.
        """
        for place, level in enumerate(levels):
            last = place == len(levels) - 1
            async with asyncio.timeout(self.settings.connect_timeout_s):
                link = await dial(self.broker, level, self.settings.max_packet_bytes, self.arrived)
            try:
                async with asyncio.timeout(self.settings.connect_timeout_s):
                    connack = await self._greet(link, clean=clean)
            except BaseException as error:
                link.abort()
                if last or not isinstance(error, ClosedAtConnect):
                    raise
                continue
            if not connack.code:
                return link, connack
            link.abort()
            if last or not connack.refuses_level:
                raise BrokerError(f"the broker refuses us: {in_words(connack.code, connack.properties.reason)}")
        raise BrokerError(f"protocol: no level to try, got {levels}")

    async def forget(self, levels: tuple[int, ...]) -> int:
        """Have the broker drop our session, and what waits in it; the level at which it did."""
        link, _ = await self.call(levels, clean=True)
        link.send(codec.disconnect(level=link.level))
        link.close()
        with contextlib.suppress(TimeoutError):  # accepted is enough: the session is gone with our connection
            async with asyncio.timeout(GOODBYE_S):
                await link.lost.wait()
        link.abort()
        return link.level

    async def _greet(self, link: Link, *, clean: bool) -> Connack:
        user, password = self.broker.credentials()
        link.send(
            codec.connect(
                self.client_id,
                level=link.level,
                keep_alive_s=self.settings.keep_alive_s,
                user=user,
                password=password,
                clean=clean,
                session_expiry_s=0 if clean else self.broker.session_expiry_s,
                receive_maximum=min(MAX_RECEIVE, self.settings.max_unacknowledged),
            )
        )
        try:
            return await link.answer(Connack)
        except ProtocolError as error:
            raise ClosedAtConnect(f"not an MQTT broker, as it seems: {error}") from error
        except BrokerError as error:
            if link.goodbye is not None:
                raise
            hint = " (does it want a client certificate?)" if self.broker.tls_without_certificate else ""
            raise ClosedAtConnect((link.loss or "the broker closed the connection at CONNECT") + hint) from error


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of SUBSCRIBE: why the optional filter was refused, "" = it was not; which ones got QoS 0 alone."""

    refused: str = ""
    at_qos_0: tuple[str, ...] = ()


async def subscribe(link: Link, filters: tuple[str, ...], optional: str) -> Granted:
    """SUBSCRIBE at QoS 1; the filter `optional` may be refused.  BrokerError for any other one."""
    link.send(codec.subscribe(SUBSCRIBE_ID, filters, level=link.level))
    answer = await link.answer(Suback)
    if len(answer.codes) != len(filters):
        raise BrokerError(f"SUBACK: expected {len(filters)} codes, got {len(answer.codes)}")
    refused = {name: code for name, code in zip(filters, answer.codes, strict=True) if code >= SUBACK_FAILURE}
    why = ", ".join(f"{name}: {in_words(code, answer.reason)}" for name, code in refused.items() if name != optional)
    if why:
        raise BrokerError(f"the broker refuses a subscription: {why}")
    at_qos_0 = tuple(name for name, code in zip(filters, answer.codes, strict=True) if code == 0)
    return Granted(in_words(refused[optional], answer.reason) if optional in refused else "", at_qos_0)


async def unsubscribe(link: Link, filters: tuple[str, ...]) -> None:
    """UNSUBSCRIBE; a filter that the broker does not know is no error."""
    link.send(codec.unsubscribe(UNSUBSCRIBE_ID, filters, level=link.level))
    await link.answer(Unsuback)
