"""The HTTP listener: a socket bound before anything else starts, and uvicorn on it without its own signal handling."""

import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from command_center.errors import ListenError
from sensors.settings import HttpSettings

BACKLOG: Final = 1024
STOP_S: Final = 1  # what open requests get to end


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn takes a WebSocket that was refused with an answer for a mistake of the application."""
    return not str(record.msg).startswith("ASGI callable returned without completing handshake")


class Server(uvicorn.Server):
    """uvicorn, stopped by `should_exit`; signals are the application's own affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(settings: HttpSettings) -> socket.socket:
    """A socket bound to the configured address; ListenError where it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"http: {settings.host}:{settings.port}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"http: cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    return listener


def server(app: ASGIApp) -> Server:
    """A server for `app`, not started."""
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return Server(
        uvicorn.Config(
            app,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=65_536,
            proxy_headers=False,  # who asks is who connected: X-Forwarded-For is anybody's word
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=STOP_S,
            server_header=False,
        )
    )
