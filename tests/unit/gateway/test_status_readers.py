"""What readers of the log tell over the socket is kept, within bounds."""

import asyncio
from pathlib import Path

from gateway import status
from gateway.status import MAX_CLIENTS, MAX_COUNTERS, CursorFrame, StatusServer


def told(tmp_path: Path, frames: list[CursorFrame]) -> StatusServer:
    """A server that was told these frames."""

    async def tell() -> StatusServer:
        server = StatusServer(tmp_path)
        await server.start()
        try:
            reader, writer = await status.connect(tmp_path)
            for frame in frames:
                writer.write(status.encode(frame))
            writer.write_eof()
            assert await reader.read() == b""  # it has read everything, and closes
            writer.close()
        finally:
            await server.stop()
        return server

    return asyncio.run(tell())


def test_a_reader_tells_its_error_and_its_counters(tmp_path: Path) -> None:
    frame = CursorFrame(reader="sink-influx", log_id="l", seq=7, error="gone", counters={"points": 3.0})
    assert told(tmp_path, [frame]).cursors == {"sink-influx": frame}


def test_a_reader_cannot_fill_the_memory(tmp_path: Path) -> None:
    many = {f"c{n}": 1.0 for n in range(2 * MAX_COUNTERS)}
    frames = [CursorFrame(reader=f"r{n}", log_id="l", seq=n, counters=many) for n in range(2 * MAX_CLIENTS)]
    server = told(tmp_path, frames)
    assert len(server.cursors) == MAX_CLIENTS
    assert {len(frame.counters) for frame in server.cursors.values()} == {MAX_COUNTERS}


def test_a_reader_that_is_gone_is_not_present(tmp_path: Path) -> None:
    server = told(tmp_path, [CursorFrame(reader=name, log_id="l", seq=1) for name in ("here", "gone")])
    server.heard_s["gone"] -= status.PRESENT_S + 1
    assert list(server.present()) == ["here"]
    assert list(server.cursors) == ["here", "gone"]
