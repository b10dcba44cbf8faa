"""Lines to standard output from a thread of its own: a paused terminal (Ctrl-S) or a full pipe must not stop a city."""

import os
import queue
import threading
from types import TracebackType
from typing import Final, Self

QUEUE_LINES: Final = 10_000  # about 1 MB
CLOSE_S: Final = 0.5  # what a reader that has stopped reading may cost at the end


class Printer:
    """Writes lines in order.  When 10,000 wait, further ones are dropped, counted, and the count is told later."""

    def __init__(self, fd: int = 1, queue_lines: int = QUEUE_LINES) -> None:
        self._fd = fd
        self._lines: queue.Queue[str | None] = queue.Queue(queue_lines)
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self.dropped = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._lines.put(None, timeout=CLOSE_S)
        except queue.Full:
            return
        self._thread.join(CLOSE_S)

    def say(self, line: str) -> None:
        """Queue one line (without its line feed); never waits."""
        try:
            if self.dropped:
                self._lines.put_nowait(f"siaga  | {self.dropped} lines were not shown: nobody read them in time")
                self.dropped = 0
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            data = (line + "\n").encode(errors="backslashreplace")
            while data:
                try:
                    data = data[os.write(self._fd, data) :]
                except BlockingIOError:
                    threading.Event().wait(0.01)
                except OSError:  # the reader has gone for good: go on without output
                    data = b""
