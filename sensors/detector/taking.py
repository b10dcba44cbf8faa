"""Taking rows: the course of their levels, told as transitions, and the state after them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sensors.detector.bits import packed
from sensors.detector.changes import changed
from sensors.detector.chatter import Chatter
from sensors.detector.findings import Seen, level_moved, ran_out, still_held
from sensors.detector.standing import Standing, standing
from sensors.detector.words import Course, course
from sensors.rows import Rows
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Cause, Kind, Transition

Marks = NDArray[np.bool_]
Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What came of n rows.

    rows     with the quality of those in doubt
    held     (n,) uint8  the levels held after each, a bit each
    barred   (n,) bool   it could end no level
    doubted  (n,) bool   because of a fall in doubt
    believed (n,) float64  its value; in doubt the one before the fall
    """

    state: State
    rows: Rows
    held: Bits
    barred: Marks
    doubted: Marks
    believed: NDArray[np.float64]


def take_rows(state: State, rows: Rows, barred: Marks, borne_out: Marks, told: list[Transition]) -> tuple[State, Bits]:
    """The levels of the state after these rows, and what was held after each.

    `barred`, shape (n,): the row can end no level; `borne_out`, shape (n,): with it a doubt about a fall ended.
    """
    moves = course(state, rows, barred)
    stands = standing(state, rows, moves)
    teller = _Teller(state, rows, moves, stands)
    teller.tell(borne_out, told)
    key, last = rows.groups.key, rows.groups.last
    held = changed(
        teller.chatter.held,
        key,
        {
            "reached": moves.held[last],
            "announced": stands.announced[last],
            "doubtful": stands.doubtful[last],
            "since_us": stands.since_us[last],
            "up_us": np.where(moves.held[last], NEVER, moves.up_us[last]),
            "down_us": np.where(moves.held[last], moves.down_us[last], NEVER),
        },
    )
    return replace(state, held=held), packed(moves.held)


class _Teller:
    """Makes transitions of the course of rows, row by row."""

    def __init__(self, state: State, rows: Rows, moves: Course, stands: Standing) -> None:
        self.chatter = Chatter(state)
        self._state, self._rows, self._moves, self._stands = state, rows, moves, stands

    def tell(self, borne_out: Marks, told: list[Transition]) -> None:
        """What delays and waiting did before a row, then what the row did."""
        moves, stands = self._moves, self._stands
        by_delay, by_row = moves.held_between != moves.held_before, moves.held != moves.held_between
        something = by_delay | by_row | stands.settled | stands.news | stands.confirmed
        for row, place in np.argwhere(something).tolist():
            if by_delay[row, place]:
                told.append(self._by_delay(row, place))
            if stands.settled[row, place]:
                told.append(self._settled(row, place))
            if by_row[row, place]:
                told.append(self._by_row(row, place, borne_out=bool(borne_out[row])))
            if stands.news[row, place]:
                since = Seen.at(self._rows.batch, row)._replace(time_us=int(stands.since_us[row, place]))
                told.append(self._still_held((row, place), since, doubtful=bool(stands.doubtful[row, place])))
            if stands.confirmed[row, place]:
                seen = Seen.at(self._rows.batch, row)
                told.append(self._moved(Kind.CONFIRMED, Cause.CROSSED, (row, place), seen))

    def _by_delay(self, row: int, place: int) -> Transition:
        is_raise = bool(self._moves.held_between[row, place])
        due_us = int((self._moves.raise_us if is_raise else self._moves.return_us)[row, place])
        seen = ran_out(self._state, self._before(row), due_us, int(self._rows.batch.receive_us[row]))
        moved = self._moved(Kind.RAISED if is_raise else Kind.RETURNED, Cause.DELAYED, (row, place), seen)
        return self.chatter.counted(moved, self._at(row, place)) if is_raise else moved

    def _by_row(self, row: int, place: int, *, borne_out: bool) -> Transition:
        seen = Seen.at(self._rows.batch, row)
        if self._moves.held[row, place]:
            raised = self._moved(Kind.RAISED, Cause.CROSSED, (row, place), seen)
            return self.chatter.counted(raised, self._at(row, place))
        return self._moved(Kind.RETURNED, Cause.BORNE_OUT if borne_out else Cause.CROSSED, (row, place), seen)

    def _settled(self, row: int, place: int) -> Transition:
        stands = self._stands
        at_us, since_us = int(stands.settled_us[row, place]), int(stands.before_us[row, place])
        seen = self._before(row)._replace(time_us=since_us, at_us=at_us)
        return self._still_held((row, place), seen, doubtful=bool(stands.doubtful_before[row, place]))

    def _still_held(self, where: tuple[int, int], seen: Seen, *, doubtful: bool) -> Transition:
        return still_held(self._state.rules, self._at(*where), seen, self.chatter.held, doubtful=doubtful)

    def _moved(self, kind: Kind, cause: Cause, where: tuple[int, int], seen: Seen) -> Transition:
        return level_moved(self._state.rules, kind, cause, self._at(*where), seen)

    def _at(self, row: int, place: int) -> tuple[int, int]:
        return int(self._rows.batch.datastream[row]), place

    def _before(self, row: int) -> Seen:
        """The observation before the row: the newest one when a delay ran out before it."""
        if row > self._rows.groups.first[row]:
            return Seen.at(self._rows.batch, row - 1)
        number = int(self._rows.batch.datastream[row])
        return Seen.newest(self._state, number, int(self._state.newest.received_us[number]))
