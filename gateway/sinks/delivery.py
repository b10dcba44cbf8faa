"""Lines to the server until it has taken them: waiting out outages, finding the lines that it will never take."""

import logging
import random
import re
import threading
from collections import Counter
from typing import Final, Protocol

from gateway.sinks.influx import Answer, Outcome
from gateway.sinks.store import RefusedLine

FIRST_PAUSE_S: Final = 0.5
DOUBTED: Final = 8  # refusals in a row
PROBE: Final = b"siaga_sink alive=1i\n"  # a line that cannot be wrong, at the server's own time
# InfluxDB wrote the other lines of the request and says how many it left out (older than its retention, say).
_PARTIAL_WRITE: Final = re.compile(r"partial write:.*\bdropped=(\d+)")

_log = logging.getLogger("gateway.sink")


class Server(Protocol):
    """Takes lines."""

    def write(self, lines: bytes) -> Answer:
        """Send lines, wait for the answer."""


class Stopping(Exception):
    """The process ends before the server took the lines; they are sent again at the next start."""


class Delivery:
    """`error` says why the server does not take lines just now; "" = it does."""

    def __init__(self, server: Server, retry_max_s: float, stopping: threading.Event, counted: Counter[str]) -> None:
        self._server, self._retry_max_s = server, retry_max_s
        self._stopping, self._counted = stopping, counted
        self.error = ""

    def deliver(self, lines: bytes) -> list[RefusedLine]:
        """Send lines; returns once the server has all but the returned ones.  Raises Stopping."""
        pauses = _Pauses(self._retry_max_s)
        while True:
            answer = self._ask(lines)
            if answer.outcome is Outcome.TAKEN:
                return []
            if self._counts_left_out(answer, lines.count(b"\n")):
                return []
            if self._ask(PROBE).outcome is Outcome.TAKEN:
                return self._refused_of(lines, answer)
            self._wait(_takes_nothing(answer), pauses)

    def _refused_of(self, lines: bytes, answer: Answer) -> list[RefusedLine]:
        """Halve what is refused until each refused line stands alone; the rest is taken on the way.

        A server that begins to refuse everything meanwhile must not be believed: a refused line counts as such once the
        server has taken something after it, and after `DOUBTED` refusals in a row it is asked with the probe.
        """
        whole = lines.splitlines(keepends=True)
        refused: list[RefusedLine] = []
        doubtful = [RefusedLine(whole[0].rstrip(b"\n"), answer.reason)] if len(whole) == 1 else []
        left = _halves(whole)
        in_a_row = 0
        while left or doubtful:
            if (in_a_row >= DOUBTED or not left) and not self._takes_the_probe():
                left += [[line.line + b"\n"] for line in doubtful]
                doubtful, in_a_row = [], 0
                continue
            if in_a_row >= DOUBTED or not left:
                refused, doubtful, in_a_row = refused + doubtful, [], 0
                continue
            part = left.pop()
            answer = self._ask(b"".join(part))
            if answer.outcome is Outcome.TAKEN or self._counts_left_out(answer, len(part)):
                refused, doubtful, in_a_row = refused + doubtful, [], 0
                continue
            in_a_row += 1
            if len(part) == 1:
                doubtful.append(RefusedLine(part[0].rstrip(b"\n"), answer.reason))
            left += _halves(part)
        self._counted["points_refused"] += len(refused)
        if refused:
            _log.warning("%d points refused and kept in sinks.db, the first: %s", len(refused), refused[0].reason)
        return refused

    def _takes_the_probe(self) -> bool:
        """Whether the server takes what cannot be wrong; False, after waiting until it does, where it did not."""
        pauses = _Pauses(self._retry_max_s)
        is_first = True
        while (answer := self._ask(PROBE)).outcome is not Outcome.TAKEN:
            is_first = False
            self._wait(_takes_nothing(answer), pauses)
        return is_first

    def _counts_left_out(self, answer: Answer, lines: int) -> bool:
        """Whether the server wrote a request of so many lines but for some of them, which are counted."""
        left_out = _PARTIAL_WRITE.search(answer.reason)
        if left_out is None:
            return False
        _log.warning("the server left out %s points: %s", left_out[1], answer.reason)
        self._counted["points_refused"] += min(int(left_out[1]), lines)
        return True

    def _ask(self, lines: bytes) -> Answer:
        """What the server says to lines in the end; while it says to wait, they are sent again."""
        pauses = _Pauses(self._retry_max_s)
        while True:
            self._counted["requests"] += 1
            self._counted["request_bytes"] += len(lines)
            answer = self._server.write(lines)
            if answer.outcome is not Outcome.WAIT:
                if self.error and answer.outcome is Outcome.TAKEN:
                    _log.warning("the server takes points again")
                    self.error = ""
                return answer
            self._wait(answer, pauses)

    def _wait(self, answer: Answer, pauses: "_Pauses") -> None:
        """Say why, once, and pause: as long as the server says, or with full jitter."""
        if not self.error:
            _log.warning("the server does not take points, they are kept and sent later: %s", answer.reason)
        self.error = answer.reason
        self._counted["retries"] += 1
        if self._stopping.wait(max(answer.retry_after_s, pauses.next_s())):
            raise Stopping


def _halves(lines: list[bytes]) -> list[list[bytes]]:
    """The later half and the earlier one; none of a single line."""
    middle = len(lines) // 2
    return [lines[middle:], lines[:middle]] if middle else []


def _takes_nothing(answer: Answer) -> Answer:
    return Answer(Outcome.WAIT, f"the server takes nothing at all: {answer.reason}")


class _Pauses:
    """Between 0 and a bound that doubles up to `longest_s`."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._bound_s = FIRST_PAUSE_S

    def next_s(self) -> float:
        bound_s = min(self._bound_s, self._longest_s)
        self._bound_s = 2 * bound_s
        return random.uniform(0, bound_s)  # noqa: S311
