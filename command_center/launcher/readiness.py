"""Whether the command center answers `/readyz` with 200."""

import asyncio
import contextlib
import time
from typing import Final

REACHABLE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (who listens on all is asked on loopback)
ANSWER_S: Final = 2.0
PAUSE_S: Final = 0.05


async def wait_until_ready(host: str, port: int, deadline_s: float) -> bool:
    """Ask again and again until it is ready; False when it is not within `deadline_s`."""
    give_up = time.monotonic() + deadline_s
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(ANSWER_S):
                if await _status(REACHABLE.get(host, host), port, "/readyz") == b"200":
                    return True
        await asyncio.sleep(PAUSE_S)
    return False


async def _status(host: str, port: int, path: str) -> bytes:
    """The status code of GET `path`."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        status_line = await reader.readuntil(b"\r\n")
        return status_line.split(b" ")[1]
    finally:
        writer.close()
