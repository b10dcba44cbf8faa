"""When the log rows whose observations are in memory were written: one mark a minute."""

from typing import Final

from sensors.times import HOUR_US, MINUTE_US, NEVER

_AT_ONCE: Final = 0.01  # of the days that are kept: so much is forgotten at a time


class Ages:
    """Tells from which row on memory is young enough, and since when it is whole.

    Ages are counted from the `now` of the newest row, not from a clock: what is in memory follows from the log alone.
    """

    def __init__(self, days: float) -> None:
        self._keep_us = days * 24 * HOUR_US
        self._marks: dict[int, tuple[int, int]] = {}  # by minute: the first row of it, (seq, now)
        self._newest = self._log_end = (0, NEVER)
        self._forgot_us = NEVER

    def begin(self, seq: int, now_us: int) -> None:
        """The newest row of the log, before any is in memory."""
        self._log_end = (seq, now_us)

    def note(self, seq: int, now_us: int) -> None:
        """A row whose observations are in memory; rows may come in any order."""
        minute = now_us // MINUTE_US
        self._marks[minute] = min((seq, now_us), self._marks.get(minute, (seq, now_us)))
        self._newest = max(self._newest, (seq, now_us))

    def too_old_before(self) -> int | None:
        """The row before which all are too old; None where it is not time to forget."""
        now_us = self._newest[1]
        if abs(now_us - self._forgot_us) < self._keep_us * _AT_ONCE:
            return None
        self._forgot_us = now_us
        oldest_minute = (now_us - self._keep_us * (1 - _AT_ONCE)) // MINUTE_US
        return min((mark[0] for minute, mark in self._marks.items() if minute >= oldest_minute), default=None)

    def whole_since_us(self, floor_seq: int) -> int | None:
        """`now` of the oldest row from which on memory is whole; None where that is the log's first row.

        `floor_seq` is the first row of which nothing was left out or forgotten.
        """
        self._marks = {minute: mark for minute, mark in self._marks.items() if mark[0] >= floor_seq}
        seq, now_us = min(self._marks.values(), default=max(self._newest, self._log_end))
        return None if seq <= 1 else now_us
