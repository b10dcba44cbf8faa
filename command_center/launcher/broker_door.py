"""The embedded broker's door as `siaga run` keeps it: its own key to it, and who else may come in while it runs."""

import asyncio
import signal
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from command_center.launcher.greeting import program, where_stored
from command_center.launcher.supervisor import Child
from gateway import embedded_broker
from gateway.canary import Canary, Login
from gateway.devices.opening import Opening
from gateway.devices.registry import Registry
from gateway.errors import BrokerError
from sensors.broker_access import embedded_access
from sensors.settings import Settings

LOOK_S: Final = 0.3  # how often the list of devices is looked at: one stat of one file

Say = Callable[[str], None]


def canary_of(data_dir: Path) -> Canary:
    """A canary with its own login at the embedded broker, whose configuration stands; BrokerError where it does not."""
    access = embedded_access(data_dir, "canary")
    if access is None:
        raise BrokerError(f"{data_dir}: the broker's address and secrets cannot be read")
    door, tls = access.door, None
    if door.tls:
        try:
            tls = ssl.create_default_context(cafile=door.ca_file or None)
        except OSError as error:
            raise BrokerError(f"broker: {door.ca_file}: {error}") from error
    login = Login(access.user, access.password, tls, door.server_name or None)
    return Canary(door.host, door.port, login=login)


async def follow_devices(data_dir: Path, opening: Opening, broker: Child, say: Say) -> None:
    """Let the running broker know whenever a device was added, changed or revoked; never returns.

    Whoever may stay is not disconnected.
    """
    registry = Registry(data_dir)
    known = registry.stamp()
    while True:
        await asyncio.sleep(LOOK_S)
        if (stamp := registry.stamp()) == known:
            continue
        known = stamp
        try:
            registry.devices()  # a damaged list must not lock out whoever is in
            embedded_broker.write_configuration(data_dir, opening)
        except BrokerError as error:
            say(f"the broker keeps the devices that it knows: {error}")
            continue
        broker.send(signal.SIGHUP)
        say("the broker was told of a change of its devices")


def how_devices_come_in(opening: Opening, settings: Settings) -> list[str]:
    """The greeting's line on devices: how to add one, and how far the broker is open."""
    door = opening.door
    where = f"they connect to {door.device_host} port {door.port}{' with TLS' if door.tls else ''}"
    if opening.is_local:
        where = "from this machine only; SIAGA_BROKER_HOST=0.0.0.0 SIAGA_BROKER_TLS=self-signed lets others in"
    return [f"  devices {program()} device add STATION{where_stored(settings)}   ({where})"]
