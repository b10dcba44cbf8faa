"""Waves on their way: what was reached upstream and is expected downstream, came, did not come or cannot be seen.

A projection of the log's `wave` transitions, in memory: which rows it takes first does not matter, so a start fills it
from the log like the rest of the picture.  It holds what was found in the last 24 h, at most `MAX_WAVES` findings.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.times import HOUR_US, NEVER, rfc3339
from sensors.transition import Cause, Kind, Transition

KEPT_US: Final = 24 * HOUR_US
MAX_WAVES: Final = 10_000


class WaveView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest wave from one datastream to another."""

    upstream: str
    downstream: str
    upstream_station: str
    downstream_station: str
    level: str  # that was reached upstream, where it is told
    severity: int
    state: Cause  # expected; on_time, early, came_late; absent, unseen (its gauge is silent)
    verify: bool  # the level upstream was reached by a suspect or failed observation, and is not confirmed
    from_: str | None = msgspec.field(name="from")  # the window in which it is, or was, expected
    until: str | None
    arrived: str | None  # when the level was reached downstream
    found: str  # when that became known


class Waves:
    """Findings by their place in the log."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Transition] = {}  # by (seq, ordinal)
        self._newest_us = NEVER
        self.changed = False  # since the wall was told

    def take(self, rows: Iterable[LogRow]) -> None:
        """Take rows of the log, in any order."""
        for row in rows:
            self._newest_us = max(self._newest_us, row.now_us)
            for ordinal, transition in enumerate(row.transitions):
                if transition.kind is Kind.WAVE:
                    self._found[row.seq, ordinal] = transition
                    self.changed = True
        self._forget()

    def view(self, directory: Directory, now_us: int) -> list[WaveView]:
        """The newest wave of each pair of datastreams that has a name, those found last first."""
        pairs: dict[tuple[int, int], list[Transition]] = {}
        for place in sorted(self._found):
            transition = self._found[place]
            if transition.at_us > now_us - KEPT_US:
                pairs.setdefault((transition.other, transition.datastream), []).append(transition)
        named = [story for pair, story in pairs.items() if all(directory.knows(number) for number in pair)]
        return [_view(story, directory) for story in sorted(named, key=lambda story: -story[-1].at_us)]

    def _forget(self) -> None:
        if self.changed:
            kept = {p: t for p, t in self._found.items() if t.at_us > self._newest_us - KEPT_US}
            self._found = dict(sorted(kept.items())[-MAX_WAVES:])


def _view(story: Sequence[Transition], directory: Directory) -> WaveView:
    """The end of one pair's story: its newest window, and what came of it."""
    begin = max((k for k, found in enumerate(story) if found.cause is Cause.EXPECTED), default=None)
    window = None if begin is None else story[begin]
    end = story[-1]
    upstream, downstream = directory.name(end.other), directory.name(end.datastream)
    has_come = end.cause in (Cause.ON_TIME, Cause.EARLY, Cause.CAME_LATE)
    return WaveView(
        upstream=upstream.id,
        downstream=downstream.id,
        upstream_station=upstream.station,
        downstream_station=downstream.station,
        level=(window or end).level,
        severity=(window or end).severity,
        state=end.cause,
        verify=end.verify,
        from_=None if window is None else rfc3339(window.time_us),
        until=rfc3339((window or end).until_us) if (window or end).until_us else None,
        arrived=rfc3339(end.time_us) if has_come else None,
        found=rfc3339(end.at_us),
    )
