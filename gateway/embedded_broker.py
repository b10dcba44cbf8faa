"""The embedded broker, a NATS server with its MQTT face and file storage: its program and its configuration."""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from gateway.errors import BrokerError

PROGRAM: Final = "nats-server"
HOST: Final = "127.0.0.1"  # it leaves loopback only with credentials, which this version does not have
FOLDER: Final = "broker"
MAX_ACK_PENDING: Final = 20_000  # the default, 1,024, caps QoS 1 at 16 k messages/s with our commits
STORE_BYTES: Final = (
    4 * 1024**3
)  # what waits for the gateway: about 12 h of 500 messages/s; publishers are refused beyond
MEMORY_BYTES: Final = 64 * 1024**2  # MQTT stores in files; without a bound NATS takes three quarters of the memory
STORE_SHARE: Final = 10  # and never more than a tenth of the disk
LEAST_FREE_BYTES: Final = 16 * 1024**2  # below this a restarted broker could not open its store


def find_program() -> Path:
    """The server's program: beside this interpreter (the wheel puts it there), else on PATH; else BrokerError."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(PROGRAM)
    if found is None:
        raise BrokerError(f"{PROGRAM} is neither beside {sys.executable} nor on PATH; `make run` installs it")
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
            f"  max_memory_store: {MEMORY_BYTES}",
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
        raise BrokerError(f"{error.filename or folder}: {error.strerror}") from error
    return (str(program), "--config", str(file))


def is_news(line: str) -> bool:
    """Whether a line of the broker's output is for the operator; its [INF] lines only fill the screen."""
    return "[INF]" not in line
