"""Issued public warnings over MQTT: retained at QoS 1 under `siaga/alert/{id}`, the CAP message itself.

What was updated, cancelled or is past its end is cleared.  Each connection begins with all of the last days, so that
nothing that ended while nobody was connected stays behind.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from aiomqtt import Client, MqttError

from command_center.alerts import store
from command_center.alerts.record import Record, State
from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.operations import Operations
from sensors.broker_access import embedded_access
from sensors.broker_address import BrokerAddress, broker_address
from sensors.errors import SettingsError
from sensors.settings import MqttSettings

TOPIC: Final = "siaga/alert"
LOOK_S: Final = 1.0
PUBACK_S: Final = 10.0
RETRY_S: Final = 5.0  # to a broker that is away
MAX_MESSAGES: Final = 1_000  # of the last days
_COMPLAIN_EVERY: Final = 60

_log = logging.getLogger("command_center.alerts")


def retained(record: Record, xml: bytes, at_us: int) -> bytes:
    """What stands under a warning's topic: its message, or nothing once it is over."""
    expires_us = record.expires_us()
    is_over = record.state is not State.ISSUED or expires_us is None or expires_us <= at_us
    return b"" if is_over or record.alert.scope != "Public" else xml


class AlertPublishing:
    """Publishes to one broker: the settings', or the embedded one; where there is neither, nothing."""

    def __init__(self, operations: Operations, data_dir: Path, settings: MqttSettings) -> None:
        self._operations, self._data_dir, self._settings = operations, data_dir, settings
        self.published = 0  # since the start, clearings included
        self.connected = False
        self.error = ""
        self._failures = 0

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            try:
                address = await asyncio.to_thread(self._address)
                if address is not None:
                    await self._serve(address)
            except (MqttError, OperationsError, OSError, SettingsError) as error:
                self._complain(error)
            finally:
                self.connected = False
            await asyncio.sleep(RETRY_S)

    async def _serve(self, address: BrokerAddress) -> None:
        """One connection, until it breaks."""
        client = Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier=f"siaga-center-alerts-{os.getpid()}",
            tls_context=ssl.create_default_context(cafile=address.ca_file or None) if address.tls else None,
            # The authority still counts; to this machine's own broker we go by an address that no certificate bears.
            tls_insecure=True if address.tls and address.server_name else None,
        )
        told: dict[str, bytes] = {}
        async with client:
            self.connected, self.error, self._failures = True, "", 0
            while True:
                await self._tell(client, told)
                await asyncio.sleep(LOOK_S)

    async def _tell(self, client: Client, told: dict[str, bytes]) -> None:
        """Publish what has changed since this connection's last look."""
        at_us = now_us()
        since_us = at_us - store.LONGEST_US
        found: Sequence[tuple[Record, bytes]]
        found = await asyncio.to_thread(store.issued_since, self._operations, since_us, MAX_MESSAGES)
        for record, xml in found:
            payload = retained(record, xml, at_us)
            if told.get(record.id) != payload:
                await client.publish(f"{TOPIC}/{record.id}", payload, qos=1, retain=True, timeout=PUBACK_S)
                told[record.id] = payload
                self.published += 1
        for gone in set(told) - {record.id for record, _ in found}:
            del told[gone]

    def _address(self) -> BrokerAddress | None:
        """Where, and as whom."""
        mqtt = self._settings
        access = embedded_access(self._data_dir, "command-center", mqtt.url)
        if access is not None:
            return access.address
        if not mqtt.url:
            return None
        address = broker_address(mqtt.url)
        named = replace(address, ca_file=mqtt.ca_file, server_name=mqtt.server_name)
        return replace(named, user=mqtt.user, password=self._password()) if mqtt.user else named

    def _password(self) -> str:
        file = self._settings.password_file
        if not file:
            return self._settings.password
        return Path(file).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")

    def _complain(self, error: Exception) -> None:
        self.error = str(error)
        if self._failures % _COMPLAIN_EVERY == 0:
            _log.warning("warnings are not published over MQTT: %s", self.error)
        self._failures += 1
