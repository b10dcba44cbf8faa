"""The sink's process: the sink in a thread, beside it the link over which the gateway hears how it goes."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, Final

from gateway import status
from gateway.errors import SinkError
from gateway.lock import held
from gateway.sinks.influx import Influx
from gateway.sinks.sink import Sink
from gateway.sinks.store import SinkStore
from gateway.status import CursorFrame
from sensors.errors import SettingsError
from sensors.settings import Settings

NAME: Final = "influx"
LOCK: Final = "sink.lock"
READER: Final = f"sink-{NAME}"
BEAT_S: Final = 1.0
STOP_S: Final = 1.0  # a request under way may take so long; what it carried is sent again at the next start

_log = logging.getLogger("gateway.sink")


async def serve(settings: Settings) -> None:
    """Run the sink of a data directory until SIGTERM or SIGINT; a second one kills.

    Raises SettingsError or SinkError for what waiting cannot mend.
    """
    if not settings.influx.url:
        raise SettingsError("influx.url is empty: there is no server to hand observations on to")
    data_dir = Path(settings.data_dir)
    os.umask(0o077)
    stopping = threading.Event()
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    another = SinkError(f"{data_dir}: another sink is running on this data directory")
    with (
        held(data_dir / LOCK, taken=lambda _: another),
        SinkStore(data_dir, NAME, settings.influx.dead_letters) as store,
        Influx(settings.influx) as influx,
    ):
        sink = Sink(data_dir, settings.influx, influx, store, stopping)
        _stop_at_signals(stopping, loop)
        # A daemon: a request that hangs must not hold up the end of the process.
        threading.Thread(target=_run, args=(sink, loop, ended), name="sink", daemon=True).start()
        link = asyncio.create_task(_report(data_dir, sink), name="sink.link")
        began = time.monotonic()
        try:
            stop = loop.run_in_executor(None, stopping.wait)
            waited: set[asyncio.Future[Any]] = {stop, ended}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            began = time.monotonic()
            stopping.set()
            await stop
            await asyncio.wait({ended}, timeout=STOP_S)
        finally:
            link.cancel()
            await asyncio.wait({link})
        if ended.done():
            ended.result()
        position = sink.progress.position
        _log.info(
            "stopped in %.3f s, log handed on up to row %d", time.monotonic() - began, position.seq if position else 0
        )


def _run(sink: Sink, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
    """The thread: its end, or what ended it, is told to the loop."""
    try:
        sink.run()
    except BaseException as error:  # noqa: BLE001 - raised again by `serve`
        loop.call_soon_threadsafe(ended.set_exception, error)
    else:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process did not wait for us
            loop.call_soon_threadsafe(ended.set_result, None)


def _stop_at_signals(stopping: threading.Event, loop: asyncio.AbstractEventLoop) -> None:
    def stop() -> None:
        stopping.set()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)


async def _report(data_dir: Path, sink: Sink) -> None:
    """Tell the gateway for ever how far the sink is; without a gateway: nothing."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await status.connect(data_dir)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_discard(reader), name="sink.link.read")
                    tasks.create_task(_beat(writer, sink), name="sink.link.write")
            except* OSError:
                _log.debug("the gateway has closed the link")
            finally:
                writer.close()
        await asyncio.sleep(BEAT_S)


async def _discard(reader: asyncio.StreamReader) -> None:
    """What the gateway says is for others; unread it would cut us off.  Raises ConnectionError at the end."""
    while await reader.read(65_536):
        pass
    raise ConnectionResetError


async def _beat(writer: asyncio.StreamWriter, sink: Sink) -> None:
    while True:
        progress = sink.progress
        if progress.position is not None:
            frame = CursorFrame(
                reader=READER,
                log_id=progress.position.log_id,
                seq=progress.position.seq,
                error=sink.error,
                counters={**sink.counters(), "lag_s": progress.lag_s(time.time_ns() // 1000)},
            )
            writer.write(status.encode(frame))
            await writer.drain()
        await asyncio.sleep(BEAT_S)
