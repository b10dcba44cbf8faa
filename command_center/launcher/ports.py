"""Listening ports, checked before anything starts: a clear word beats a child that dies in a loop."""

import errno
import socket
import time
from typing import Final

from command_center.errors import StartError

PATIENCE_S: Final = 1.0  # children of a `siaga run` that was killed may need a moment to die


def check_free(host: str, port: int, purpose: str, option: str) -> None:
    """StartError naming port, purpose and option when `port` (1 to 65535) on `host` cannot be listened on."""
    if not 0 < port < 65_536:
        raise StartError(f"{purpose}: {port} is no port, expected 1 to 65535 ({option})")
    give_up = time.monotonic() + PATIENCE_S
    while (error := _listen(host, port)) is not None:
        if error.errno != errno.EADDRINUSE:
            raise StartError(f"{purpose}: cannot listen on {host}:{port}: {error.strerror} ({option})") from error
        if time.monotonic() > give_up:
            raise StartError(
                f"{purpose}: port {port} on {host} is in use by another program; choose another with {option}"
            ) from error
        time.sleep(0.05)


def _listen(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        return error
    return None
