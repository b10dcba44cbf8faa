"""Figures that are gathered as work is done: how long readings and commits take, what was refused and why."""

import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.log.rows import DeadLetter
from gateway.status import HistogramStatus

# Upper bounds in seconds: from one quiet reading (10 ms) over a full tick (50 ms) to a disk that holds everything up.
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Histogram:
    """Counts by duration; one addition a call, however many things took that long."""

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def note(self, took_s: float, times: int = 1) -> None:
        """`times` things took so long; a bound belongs to the bucket below it, as Prometheus has it."""
        self._counts[bisect.bisect_left(self._bounds, took_s)] += times
        self._sum += took_s * times

    def status(self) -> HistogramStatus:
        """For the status frame."""
        return HistogramStatus(bounds=self._bounds, counts=tuple(self._counts), sum=self._sum)


class Measured:
    """What the flow notes after every commit."""

    def __init__(self) -> None:
        self.commit_s = Histogram()
        self.reading_s = Histogram()
        self.refused: Counter[tuple[str, str]] = Counter()  # by source and reason: both are few

    def note(self, messages: int, letters: Iterable[DeadLetter], gathered_s: float, commit_s: float) -> None:
        """A commit is on disk.

        `gathered_s` is the time since the first message of its tick was read from the socket: none of its `messages`
        waited longer, so the histogram of readings is never better than the truth.
        """
        self.commit_s.note(commit_s)
        if messages:
            self.reading_s.note(gathered_s, messages)
        for letter in letters:
            self.refused[letter.source, letter.reason] += 1

    def histograms(self) -> dict[str, HistogramStatus]:
        """For the status frame."""
        return {"commit_seconds": self.commit_s.status(), "reading_seconds": self.reading_s.status()}
