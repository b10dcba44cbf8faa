"""The embedded broker, a NATS server with its MQTT face and file storage: its program and its configuration."""

import logging
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from gateway.devices.opening import Opening, local_opening
from gateway.devices.registry import FOLDER, Registry, write_private
from gateway.devices.users import LOGIN_S, authorization, own_secrets
from gateway.errors import BrokerError
from sensors.broker_access import FILE as ACCESS_FILE

PROGRAM: Final = "nats-server"
HOST: Final = "127.0.0.1"  # where it listens unless the settings open it further
STORE_BYTES: Final = (
    4 * 1024**3
)  # what waits for the gateway: about 12 h of 500 messages/s; publishers are refused beyond
MEMORY_BYTES: Final = 64 * 1024**2  # MQTT stores in files; without a bound NATS takes three quarters of the memory
STORE_SHARE: Final = 10  # and never more than a tenth of the disk
LEAST_FREE_BYTES: Final = 16 * 1024**2  # below this a restarted broker could not open its store

SAME_NEWS_S: Final = 60.0
MAX_NEWS: Final = 1_000  # remembered
_WHEN_AND_WHERE: Final = re.compile(r"^\[\d+\] [\d/]+ [\d:.]+ |\S+:\d+ - mid:\d+ - ")
_PLAIN: Final = "Plaintext passwords detected"  # of the nameless user, whose password is random at each start

_log = logging.getLogger("gateway.broker")


def find_program() -> Path:
    """The server's program: beside this interpreter (the wheel puts it there), else on PATH; else BrokerError."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(PROGRAM)
    if found is None:
        raise BrokerError(f"{PROGRAM} is neither beside {sys.executable} nor on PATH; `make run` installs it")
    return Path(found)


def configuration(folder: Path, opening: Opening, users: list[str], store_bytes: int) -> str:
    """The text of `nats.conf`."""
    host = f"[{opening.listen_host}]" if ":" in opening.listen_host else opening.listen_host
    return "\n".join(
        (
            "# Written by `siaga run` at each start and whenever a device changes; changes made here are lost.",
            'server_name: "siaga"  # JetStream and MQTT need one',
            f'listen: "{HOST}:-1"  # NATS cannot do without this listener: a port that the kernel picks',
            "jetstream {",
            f"  store_dir: {_quoted(str(folder))}",
            "  sync_interval: always  # acknowledged to a device means on the disk",
            f"  max_file_store: {store_bytes}",
            f"  max_memory_store: {MEMORY_BYTES}",
            "}",
            "mqtt {",
            f'  listen: "{host}:{opening.door.port}"',
            '  ack_wait: "10s"',
            f"  max_ack_pending: {opening.max_ack_pending}",
            *_tls(opening),
            "}",
            *users,
            "",
        )
    )


def _tls(opening: Opening) -> list[str]:
    if not opening.cert_file:
        return []
    return [
        "  tls {",
        f"    cert_file: {_quoted(opening.cert_file)}",
        f"    key_file: {_quoted(opening.key_file)}",
        f"    timeout: {LOGIN_S}",
        "  }",
    ]


def _quoted(text: str) -> str:
    """A string as the server's configuration language has it; of JSON's escapes it knows only some."""
    return '"' + re.sub(r'[\x00-\x1f"\\]', lambda match: f"\\x{ord(match[0]):02X}", text) + '"'


def command(data_dir: Path, port: int, opening: Opening | None = None) -> tuple[str, ...]:
    """Write the configuration below `data_dir` and give the command line that starts the broker.

    Without an `opening` it listens on this machine alone.  BrokerError where something cannot be written.
    """
    return (str(find_program()), "--config", str(write_configuration(data_dir, opening or local_opening(port))))


def write_configuration(data_dir: Path, opening: Opening) -> Path:
    """Write `nats.conf`, and for our own programs where to knock; BrokerError where that fails.

    A damaged list of devices lets no device in, and is said; everything else runs.
    """
    folder = (data_dir / FOLDER).absolute()
    registry = Registry(data_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store_bytes = min(STORE_BYTES, shutil.disk_usage(folder).total // STORE_SHARE)
    except OSError as error:
        raise BrokerError(f"{error.filename or folder}: {error.strerror}") from error
    anonymous = opening.is_local and not registry.exists()
    try:
        devices = registry.devices()
    except BrokerError as error:
        _log.error("no device can connect: %s", error)
        devices = {}
    users = authorization(own_secrets(data_dir), devices, anonymous=anonymous)
    file = folder / "nats.conf"
    text = configuration(folder, opening, users, store_bytes)
    write_private(file, text.encode("utf-8", "surrogateescape"))
    write_private(folder / ACCESS_FILE, msgspec.json.encode(opening.door))
    return file


def is_news(line: str) -> bool:
    """Whether a line of the broker's output is for the operator; its [INF] lines only fill the screen."""
    return "[INF]" not in line and _PLAIN not in line


class News:
    """Lines for the operator; what the same client complains of again within a minute is not.

    A revoked device that comes back every second must not bury everything else.
    """

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._told_s: dict[str, float] = {}

    def __call__(self, line: str) -> bool:
        """Whether to show a line now."""
        if not is_news(line):
            return False
        said, now_s = _WHEN_AND_WHERE.sub("", line), self._clock_s()
        if now_s - self._told_s.get(said, -SAME_NEWS_S) < SAME_NEWS_S:
            return False
        if len(self._told_s) >= MAX_NEWS:
            self._told_s.clear()
        self._told_s[said] = now_s
        return True
