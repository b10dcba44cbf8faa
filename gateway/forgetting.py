"""`siaga gateway --forget SOURCE`: have a broker drop our session, for when a source is given up.

A broker keeps a persistent session, and all that comes for it, until it is told otherwise or its disk is full.
"""

import asyncio
from pathlib import Path
from typing import Final

from gateway.committer import Committer
from gateway.errors import BrokerError, GatewayError
from gateway.lock import exclusive
from gateway.log.schema import FILE
from gateway.log.upkeep import bounded
from gateway.log.writer import LogWriter
from gateway.mqtt.broker import told
from gateway.mqtt.handshake import LEVELS, NAMES, Caller
from gateway.session_key import client_id
from gateway.source_memory import SourceMemory
from gateway.sources import broker_named
from sensors.city import load_city
from sensors.detector import DETECTOR_VERSION
from sensors.settings import Settings

NOTED_S: Final = 10.0  # a disk that is slower is told


async def forget(settings: Settings, source: str) -> str:
    """Connect once with a clean session, then remember nothing of the source; what was done, in a sentence.

    Raises GatewayError while a gateway runs on the data directory, or where it has no log; BrokerError where the broker
    cannot be reached or refuses us.
    """
    data_dir = Path(settings.data_dir)
    if not (data_dir / FILE).is_file():
        raise GatewayError(f"{data_dir}: there is no log here, so no broker has a session of it")
    catalogue, _ = load_city(settings.city)
    broker = broker_named(settings, catalogue.city, source)
    with exclusive(data_dir):
        log_settings = bounded(settings.log, data_dir)
        committer = Committer(LogWriter(data_dir, log_settings, DETECTOR_VERSION), data_dir, log_settings)
        try:
            name = client_id(committer.writer.session_key, source)
            caller = Caller(broker, name, settings.mqtt, asyncio.Event())
            level = await caller.forget(LEVELS[broker.protocol])
            memory = SourceMemory(committer)
            await memory.forget(broker.known_as)
            await memory.flush(within_s=NOTED_S)
        except TimeoutError as error:
            why = f"no answer within {settings.mqtt.connect_timeout_s:g} s"
            raise BrokerError(f"broker {source} ({broker.address.url}): {why}") from error
        except OSError as error:
            raise BrokerError(f"broker {source} ({broker.address.url}): {told(error)}") from error
        finally:
            committer.close()
    return f"{source} ({broker.address.url}, MQTT {NAMES[level]}): our session is dropped, and what waited in it"
