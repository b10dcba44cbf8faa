"""Whether a login works at the running broker: tried, not assumed."""

import asyncio
import ssl
import time
from enum import Enum, auto
from typing import Final

from aiomqtt import Client, MqttCodeError, MqttError

from sensors.broker_access import Door

PATIENCE_S: Final = 6.0  # `siaga run` looks at the devices' list several times a second; a loaded machine takes longer
TOLD_S: Final = 0.8  # until it has been told, as a rule: a login too early is an error on its screen
PAUSE_S: Final = 0.5


class Outcome(Enum):
    """What a broker makes of a login."""

    ACCEPTED = auto()
    REFUSED = auto()
    NO_BROKER = auto()


def try_login(door: Door, user: str, secret: str) -> Outcome:
    """Connect as a device; a broker that refuses is asked again for some seconds, as it may not have been told yet."""
    return asyncio.run(_try(door, user, secret))


async def _try(door: Door, user: str, secret: str) -> Outcome:
    give_up = time.monotonic() + PATIENCE_S
    await asyncio.sleep(TOLD_S)
    while True:
        outcome = await _once(door, user, secret)
        if outcome is not Outcome.REFUSED or time.monotonic() > give_up:
            return outcome
        await asyncio.sleep(PAUSE_S)


async def _once(door: Door, user: str, secret: str) -> Outcome:
    try:
        tls = ssl.create_default_context(cafile=door.ca_file or None) if door.tls else None
        client = Client(
            door.host,
            door.port,
            username=user,
            password=secret,
            identifier=f"{user}-try",
            timeout=PATIENCE_S,
            tls_context=tls,
            tls_insecure=True if door.tls and door.server_name else None,
        )
        async with client:
            return Outcome.ACCEPTED
    except MqttCodeError:
        return Outcome.REFUSED
    except (MqttError, OSError):
        return Outcome.NO_BROKER
