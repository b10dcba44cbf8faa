"""Running the log through the detector again: at start from the last checkpoint, in tests from the first row."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from gateway.errors import LogError
from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from sensors.catalogue import Catalogue
from sensors.detector import install, step
from sensors.errors import SensorsError
from sensors.rules import Rules, compile_rules
from sensors.state import State, dump_state, fresh_state, load_state, resume
from sensors.transition import Transition

ROWS_AT_ONCE = 64  # each may hold 10,000 observations and more

_log = logging.getLogger("gateway.recovery")


class _Checkpoint(msgspec.Struct, frozen=True):
    """A state, and when which catalogue's rules came into force for it."""

    catalogue_version: int
    rules_since_us: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Judge:
    """The detector's state together with the catalogue that it stands on.  `apply` and friends return a new one.

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


def replayed(
    reader: LogReader, judge: Judge | None = None, after_seq: int = 0
) -> Iterator[tuple[LogRow, Judge, tuple[Transition, ...]]]:
    """Each row after `after_seq`, the judge after it, and the transitions that the detector finds in it now.

    Where retention took the log's first rows, or damage the one that put a catalogue in force, the first row of that
    catalogue that is left puts it in force.
    """
    catalogues: dict[int, Catalogue] = {}
    while rows := reader.read_after(after_seq, ROWS_AT_ONCE):
        for row in rows:
            transitions: tuple[Transition, ...] = ()
            version = row.catalogue_version
            if row.event != "observations" or judge is None or judge.catalogue_version != version:
                if version not in catalogues:
                    catalogues[version] = reader.catalogue(version)
                paused = row.event == "start"
                judge, transitions = begin(judge, catalogues[version], version, row.now_us, after_pause=paused)
            judge, found = judge.observe(row)
            after_seq = row.seq
            yield row, judge, transitions + found


def restored(reader: LogReader, body: bytes) -> Judge:
    """The judge of a checkpoint; LogError where it cannot be used."""
    try:
        saved = msgspec.msgpack.decode(body, type=_Checkpoint)
        rules: Rules = compile_rules(reader.catalogue(saved.catalogue_version), saved.rules_since_us)
        return Judge(saved.catalogue_version, saved.rules_since_us, load_state(saved.state, rules))
    except (msgspec.MsgspecError, SensorsError) as error:
        raise LogError(f"checkpoint cannot be used: {error}") from error


def recover(reader: LogReader, checkpoints: list[tuple[int, bytes]]) -> tuple[Judge | None, int]:
    """(the judge after the last row, rows run again), from the newest usable checkpoint, else from the first row."""
    judge, seq = None, 0
    for at, body in checkpoints:
        try:
            judge, seq = restored(reader, body), at
            break
        except LogError:
            continue
    count = 0
    newest = judge
    for row, newest, _ in replayed(reader, judge, seq):  # noqa: B007 (the last one is what we are after)
        count += 1
        if row.damage:
            _log.error("%s; the state after it may differ from what it was", row.damage)
    return newest, count
