"""Running the log through the detector again: at start from the last checkpoint, in tests from the first row."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from gateway.differences import Differences
from gateway.errors import LogError
from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from sensors.batch import concatenate
from sensors.catalogue import Catalogue
from sensors.checkpoint import dump_state, load_state
from sensors.detector import install, step
from sensors.errors import SensorsError
from sensors.rules import Rules, compile_rules
from sensors.state import State, fresh_state, resume
from sensors.transition import Transition

ROWS_AT_ONCE: Final = 64  # each may hold 10,000 observations and more
MERGED: Final = 200_000  # observations of one step: more take more memory and hardly less time
_ROW: Final = 20  # a row takes as much memory as so many observations

_log = logging.getLogger("gateway.recovery")


class _Checkpoint(msgspec.Struct, frozen=True):
    """A state, and when which catalogue's rules came into force for it."""

    catalogue_version: int
    rules_since_us: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Judge:
    """The detector's state together with the catalogue that it stands on.  `observe` returns a new one.

    The gateway drives it forward live; recovery and tests drive the same methods from the log's rows.
    """

    catalogue_version: int
    rules_since_us: int
    state: State

    def observe(self, row: LogRow) -> tuple["Judge", tuple[Transition, ...]]:
        """Apply the observations of a row and the timers up to its `now`."""
        state, transitions = step(self.state, row.batch, row.now_us)
        return replace(self, state=state), transitions

    def checkpoint(self) -> bytes:
        """Everything that `restored` needs."""
        return msgspec.msgpack.encode(_Checkpoint(self.catalogue_version, self.rules_since_us, dump_state(self.state)))


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Consecutive rows of the log that were run in one step.

    rows   one or more, in order
    judge  after the last of them
    found  the transitions that the detector finds in them now, in order
    """

    rows: tuple[LogRow, ...]
    judge: Judge
    found: tuple[Transition, ...]

    @property
    def stored(self) -> tuple[Transition, ...]:
        """The transitions that were found in them when they were written, in order."""
        return tuple(t for row in self.rows for t in row.transitions)


@dataclass(slots=True)
class Comparison:
    """What came of rows that were run again: the judge after the last of them, and in what they differ."""

    judge: Judge | None
    rows: int = 0
    observations: int = 0
    stored: int = 0  # transitions
    found: int = 0
    differences: Differences = field(default_factory=Differences)


def begin(
    judge: Judge | None, catalogue: Catalogue, version: int, now_us: int, *, after_pause: bool
) -> tuple[Judge, tuple[Transition, ...]]:
    """Put a catalogue in force; `after_pause` where nobody listened until now, which is no silence of the devices."""
    rules = compile_rules(catalogue, now_us)
    if judge is None:
        return Judge(version, now_us, fresh_state(rules, now_us)), ()
    state = resume(judge.state, now_us) if after_pause else judge.state
    state, transitions = install(state, rules, now_us)
    return Judge(version, now_us, state), transitions


def run_again(
    reader: LogReader, judge: Judge | None = None, after_seq: int = 0, *, at_once: int = MERGED
) -> Iterator[Stretch]:
    """The rows after `after_seq` in stretches of up to `at_once` observations, but of one row at least.

    How rows are merged changes neither state nor transitions.  A stretch ends where other rules come into force, time
    goes back, another version of the detector judged, or a row is damaged; the row there stands alone.

    Where retention took the log's first rows, or damage the one that put a catalogue in force, the first row of that
    catalogue that is left puts it in force.  Time goes back with a `start` alone; a row that lies before the one ahead
    of it tells of one that was lost.
    """
    catalogues: dict[int, Catalogue] = {}
    for rows in _merged(_rows(reader, after_seq), at_once):
        first, transitions = rows[0], tuple[Transition, ...]()
        version = first.catalogue_version
        paused = first.event == "start" or (judge is not None and first.now_us < judge.state.now_us)
        if paused or first.event != "observations" or judge is None or judge.catalogue_version != version:
            if version not in catalogues:
                catalogues[version] = reader.catalogue(version)
            judge, transitions = begin(judge, catalogues[version], version, first.now_us, after_pause=paused)
        judge, found = judge.observe(replace(rows[-1], batch=concatenate([row.batch for row in rows])))
        yield Stretch(tuple(rows), judge, transitions + found)


def replayed(
    reader: LogReader, judge: Judge | None = None, after_seq: int = 0
) -> Iterator[tuple[LogRow, Judge, tuple[Transition, ...]]]:
    """`run_again` row by row: each row, the judge after it, and the transitions that the detector finds in it now."""
    for stretch in run_again(reader, judge, after_seq, at_once=1):
        yield stretch.rows[0], stretch.judge, stretch.found


def restored(reader: LogReader, body: bytes) -> Judge:
    """The judge of a checkpoint; LogError where it cannot be used."""
    try:
        saved = msgspec.msgpack.decode(body, type=_Checkpoint)
        rules: Rules = compile_rules(reader.catalogue(saved.catalogue_version), saved.rules_since_us)
        return Judge(saved.catalogue_version, saved.rules_since_us, load_state(saved.state, rules))
    except (msgspec.MsgspecError, SensorsError) as error:
        raise LogError(f"checkpoint cannot be used: {error}") from error


def recover(reader: LogReader, checkpoints: list[tuple[int, bytes]]) -> tuple[Judge | None, int]:
    """(the judge after the last row, rows run again), from the newest usable checkpoint, else from the first row.

    Transitions that are not those stored are counted and told: a newer detector may find others in old rows.
    """
    judge, seq = None, 0
    for at, body in checkpoints:
        try:
            judge, seq = restored(reader, body), at
            break
        except LogError as error:
            _log.warning("row %d: %s", at, error)
    if judge is None and (last := reader.last_seq()):
        _log.info("there is no checkpoint to begin with: every row up to %d is run again", last)
    again = compared(reader, judge, seq)
    if again.differences:
        _log.warning("%s; see `siaga log replay --differences`", again.differences)
    return again.judge, again.rows


def compared(reader: LogReader, judge: Judge | None = None, after_seq: int = 0) -> Comparison:
    """Run the rows after `after_seq` again, and compare what is found with what is stored."""
    again = Comparison(judge)
    for stretch in run_again(reader, judge, after_seq):
        stored = stretch.stored
        again.judge = stretch.judge
        again.rows += len(stretch.rows)
        again.observations += sum(len(row.batch) for row in stretch.rows)
        again.stored += len(stored)
        again.found += len(stretch.found)
        again.differences.compare(stored, stretch.found, stretch.rows[0].detector_version)
        for row in stretch.rows:
            if row.damage:
                _log.error("%s; the state after it may differ from what it was", row.damage)
    return again


def _rows(reader: LogReader, after_seq: int) -> Iterator[LogRow]:
    while rows := reader.read_after(after_seq, ROWS_AT_ONCE):
        yield from rows
        after_seq = rows[-1].seq


def _merged(rows: Iterator[LogRow], at_once: int) -> Iterator[list[LogRow]]:
    """The rows in stretches that one step can take; what may put other rules in force stands alone."""
    stretch: list[LogRow] = []
    size, is_alone, before = 0, True, None
    for row in rows:
        goes_on = before is not None and _goes_on(before, row)
        weight = len(row.batch) + _ROW
        if stretch and (is_alone or not goes_on or size + weight > at_once):
            yield stretch
            stretch, size = [], 0
        if not stretch:
            is_alone = not goes_on
        stretch.append(row)
        size, before = size + weight, row
    if stretch:
        yield stretch


def _goes_on(before: LogRow, row: LogRow) -> bool:
    """Whether both were judged under the same rules, one after the other."""
    return (
        row.event == "observations"
        and row.now_us >= before.now_us
        and row.catalogue_version == before.catalogue_version
        and row.detector_version == before.detector_version
        and not (row.damage or before.damage)
    )
