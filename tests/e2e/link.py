"""A link between a client and a broker that a test can cut."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Final, Self

BLOCK_BYTES: Final = 65_536


class Link:
    """Forwards TCP connections to `target_port` on loopback; listens on `port`.  Runs in a thread of its own.

    `cut` ends every connection at once, as a router does that reboots.  `upstream` may change what goes to the target.
    """

    def __init__(self, target_port: int, upstream: Callable[[bytes], bytes] = bytes) -> None:
        self._target_port = target_port
        self._upstream = upstream
        self._writers: set[asyncio.StreamWriter] = set()
        self._forwarding: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._listening: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()
        self.port = self._listening.result(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cut(self) -> None:
        """End all connections now; new ones are taken at once."""
        self._loop.call_soon_threadsafe(self._abort)

    def close(self) -> None:
        """Stop forwarding."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self._listening.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        self._abort()
        await asyncio.gather(*self._forwarding)

    def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._forwarding.add(task)
        task.add_done_callback(self._forwarding.discard)
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:  # the broker is down: so is the link
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(far_writer)
        try:
            await asyncio.gather(_pump(reader, far_writer, self._upstream), _pump(far_reader, writer))
        finally:
            for one in (writer, far_writer):
                one.transport.abort()
                self._writers.discard(one)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Callable[[bytes], bytes] = bytes
) -> None:
    """Until either side is gone; then the other goes, too."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(BLOCK_BYTES):
            writer.write(change(data))
            await writer.drain()
    writer.transport.abort()
