"""What a test reads from a log directly."""

from pathlib import Path

import numpy as np

from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from gateway.recovery import compared, replayed
from sensors.batch import Batch, concatenate


def rows(data_dir: Path) -> list[LogRow]:
    """Every row of the log; none may be damaged."""
    with LogReader(data_dir) as reader:
        found: list[LogRow] = []
        while more := reader.read_after(found[-1].seq if found else 0):
            found += more
    assert not [row.damage for row in found if row.damage]
    return found


def distinct(data_dir: Path) -> Batch:
    """Every observation, one per (datastream, time): the first stored."""
    whole = concatenate([row.batch for row in rows(data_dir)])
    keys = np.stack([whole.datastream.astype(np.int64), whole.time_us])
    return whole.take(np.sort(np.unique(keys, axis=1, return_index=True)[1]))


def assert_replay_is_identical(data_dir: Path) -> None:
    """The detector over the whole log finds what it found live, to the byte; rows merged into one step, too."""
    checkpoint = b""
    with LogReader(data_dir) as reader:
        for row, judge, transitions in replayed(reader):
            assert transitions == row.transitions, f"row {row.seq}"
            checkpoint = judge.checkpoint()
        again = compared(reader)
    assert not again.differences, str(again.differences)
    assert again.judge is not None
    assert again.judge.checkpoint() == checkpoint
