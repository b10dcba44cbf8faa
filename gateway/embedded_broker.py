"""The embedded broker: where its program is, how it is configured, and whether it still does its work.

A NATS server with its MQTT face and file storage.  The canary asks what matters: is a QoS 1 publish accepted, stored
and delivered?  A port that accepts connections, or a PINGRESP, says nothing about storage (after a full disk NATS goes
on with QoS 0 and drops QoS 1 until it is restarted).
"""

import asyncio
import contextlib
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import aiomqtt

from gateway.errors import BrokerError

PROGRAM: Final = "nats-server"
HOST: Final = "127.0.0.1"  # it leaves loopback only with credentials, which this version does not have
FOLDER: Final = "broker"
MAX_ACK_PENDING: Final = 20_000  # the default, 1,024, caps QoS 1 at 16 k messages/s with our commits
STORE_BYTES: Final = (
    4 * 1024**3
)  # what waits for the gateway: about 12 h of 500 messages/s; publishers are refused beyond
STORE_SHARE: Final = 10  # and never more than a tenth of the disk
LEAST_FREE_BYTES: Final = 16 * 1024**2  # below this a restarted broker could not open its store
PATIENCE_AT_START: Final = 60  # failed beats, each a second or more
CANARY_TOPIC: Final = "siaga/canary/broker"


def find_program() -> Path:
    """The server's program: beside this interpreter (the wheel puts it there), else on PATH; else BrokerError."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(PROGRAM)
    if found is None:
        raise BrokerError(
            f"{PROGRAM} is neither beside {sys.executable} nor on PATH; `make run` installs it", retryable=False
        )
    return Path(found)


def configuration(folder: Path, port: int, store_bytes: int) -> str:
    """The text of `nats.conf`."""
    return "\n".join(
        (
            "# Written by `siaga run` at each start; changes are lost.",
            'server_name: "siaga"  # JetStream and MQTT need one',
            f'listen: "{HOST}:-1"  # NATS cannot do without this listener: a port that the kernel picks',
            "jetstream {",
            f"  store_dir: {_quoted(str(folder))}",
            "  sync_interval: always  # acknowledged to a device means on the disk",
            f"  max_file_store: {store_bytes}",
            "}",
            "mqtt {",
            f'  listen: "{HOST}:{port}"',
            '  ack_wait: "10s"',
            f"  max_ack_pending: {MAX_ACK_PENDING}",
            "}",
            "",
        )
    )


def _quoted(text: str) -> str:
    """A string as the server's configuration language has it; of JSON's escapes it knows only some."""
    return '"' + re.sub(r'[\x00-\x1f"\\]', lambda match: f"\\x{ord(match[0]):02X}", text) + '"'


def command(data_dir: Path, port: int) -> tuple[str, ...]:
    """Write the configuration below `data_dir` and give the command line that starts the broker on loopback `port`."""
    program = find_program()
    folder = (data_dir / FOLDER).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        store_bytes = min(STORE_BYTES, shutil.disk_usage(folder).total // STORE_SHARE)
        file = folder / "nats.conf"
        file.write_text(configuration(folder, port, store_bytes), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise BrokerError(f"{error.filename or folder}: {error.strerror}", retryable=False) from error
    return (str(program), "--config", str(file))


def is_news(line: str) -> bool:
    """Whether a line of the broker's output is for the operator; its [INF] lines only fill the screen."""
    return "[INF]" not in line


class Canary:
    """Publishes to the broker and listens for it, beat after beat, over one connection."""

    def __init__(self, port: int, *, period_s: float = 5.0, timeout_s: float = 2.0, failures: int = 3) -> None:
        self._port = port
        self._period_s = period_s
        self._timeout_s = timeout_s
        self._failures = failures
        self._beats = 0

    async def first_beat(self, deadline_s: float) -> None:
        """Wait until the broker does its work; BrokerError when it does not within `deadline_s`."""
        give_up = time.monotonic() + deadline_s
        while True:
            try:
                async with self._session() as client:
                    await self._beat(client)
                return
            except (aiomqtt.MqttError, TimeoutError) as error:
                if time.monotonic() > give_up:
                    raise BrokerError(f"the broker at {HOST}:{self._port} does not answer: {_reason(error)}") from error
                await asyncio.sleep(0.02)

    async def until_failed(self, life: Callable[[], int | None]) -> str:
        """Beat until so many beats in a row fail; why the last one did.

        `life` tells the broker's present life (its pid; None while it is dead, and then nothing is counted).  Before
        the first good beat of a life there is more patience: a broker may have a large store to read.
        """
        known: int | None = None
        failed, allowed = 0, PATIENCE_AT_START
        while True:
            try:
                async with self._session() as client:
                    while True:
                        await self._beat(client)
                        known, failed, allowed = life(), 0, self._failures
                        await asyncio.sleep(self._period_s)
            except (aiomqtt.MqttError, TimeoutError) as error:
                if (now := life()) is None or now != known:
                    known, failed, allowed = now, 0, PATIENCE_AT_START
                failed += 1
                if failed >= allowed:
                    return _reason(error)
                await asyncio.sleep(min(1.0, self._period_s))

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[aiomqtt.Client]:
        name = f"siaga-canary-{os.getpid()}"
        async with aiomqtt.Client(HOST, self._port, identifier=name, timeout=self._timeout_s) as client:
            await client.subscribe(CANARY_TOPIC, qos=1)
            yield client

    async def _beat(self, client: aiomqtt.Client) -> None:
        """One QoS 1 message to the broker and back; TimeoutError or MqttError when either way fails."""
        self._beats += 1
        word = str(self._beats).encode()
        await client.publish(CANARY_TOPIC, word, qos=1)
        async with asyncio.timeout(self._timeout_s):
            async for message in client.messages:
                if message.payload == word:
                    return


def _reason(error: Exception) -> str:
    return str(error) or "no answer in time"
