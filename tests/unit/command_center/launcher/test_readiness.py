"""Asking the command center whether it is ready."""

import asyncio

from command_center.launcher.readiness import wait_until_ready


async def answered(*answers: bytes, deadline_s: float = 30.0) -> bool:
    waiting = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        return await wait_until_ready("0.0.0.0", server.sockets[0].getsockname()[1], deadline_s)  # noqa: S104


def test_it_is_asked_until_it_is_ready() -> None:
    assert asyncio.run(answered(b"", b"HTTP/1.1 503 Not Ready\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"))


def test_it_is_not_ready_in_time() -> None:
    assert not asyncio.run(answered(b"HTTP/1.1 503 Not Ready\r\n\r\n", deadline_s=0.2))
