"""Any sequence of appends, retention, restarts and kills leaves a log without a hole, and what went is on record."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.log.reader import LogReader
from gateway.log.retention import Retention
from gateway.log.verify import verify
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from tests.unit.gateway.log_entries import DETECTOR, entry, some_batch, transition
from tests.unit.gateway.small_city import small_catalogue

DAY_US = 86_400_000_000
KEEPS = LogSettings(keep_days=3.0, min_free_mib=0, reserve_mib=0)

appends = st.tuples(st.just("append"), st.sampled_from([0, 1, 30, 900]), st.booleans())
retires = st.tuples(st.just("retire"), st.integers(0, 60), st.booleans())
others = st.tuples(st.sampled_from(["restart", "kill", "empty"]), st.just(0), st.just(False))


def open_log(folder: Path) -> LogWriter:
    log = LogWriter(folder, KEEPS, DETECTOR)
    log.numbers((d.station, d.property, d.unit) for d in small_catalogue().datastreams)
    log.install_catalogue(small_catalogue(), 1)
    return log


def assert_whole(folder: Path, written: int) -> None:
    """Every row from the oldest to the newest is there, and what is not is on record."""
    assert verify(folder).findings == []
    with LogReader(folder) as reader:
        rows = reader.read_after(0, 100_000)
        gaps = reader.gaps()
    assert [row.seq for row in rows] == list(range(written - len(rows) + 1, written + 1))
    assert sum(gap.rows for gap in gaps) == written - len(rows)
    for row in rows:
        assert row.transitions == (transition(1, row.seq),)
        assert row.batch.value.tobytes() == some_batch(len(row.batch)).value.tobytes()


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.one_of(appends, appends, retires, others), max_size=25))
def test_no_sequence_of_events_leaves_a_hole(steps: list[tuple[str, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        places = iter(range(1000))
        folder = Path(name) / str(next(places))
        folder.mkdir()
        log, written = open_log(folder), 0
        try:
            for kind, number, flag in steps:
                if kind == "append":
                    written += 1
                    checkpoint = b"state" if flag else None
                    moves = (transition(1, written),)
                    assert (
                        log.append(entry(written * DAY_US, number, transitions=moves, checkpoint=checkpoint)) == written
                    )
                elif kind == "retire":
                    retention = Retention(log, KEEPS, 1024 * 1024 * (1 if flag else 100))
                    while retention.step(written * DAY_US, number, is_stuck=False):
                        pass
                elif kind == "empty":
                    log.empty_wal(truncate=flag)
                elif kind == "restart":
                    log.close()
                    log = open_log(folder)
                else:  # what a kill leaves: the files as they are
                    left = Path(name) / str(next(places))
                    shutil.copytree(folder, left)
                    log.close()
                    folder = left
                    log = open_log(folder)
            assert_whole(folder, written)
        finally:
            log.close()


WORK = """
import sys
from pathlib import Path
from tests.property.test_log_life import KEEPS, open_log
from gateway.log.retention import Retention
from tests.unit.gateway.log_entries import entry, transition
log = open_log(Path(sys.argv[1]))
retention = Retention(log, KEEPS, 3 * 1024 * 1024)
seq = log.last_seq
while True:
    for _ in range(5):
        seq += 1
        log.append(entry(seq, 900, transitions=(transition(1, seq),), checkpoint=b"state" if seq % 10 == 0 else None))
        print(seq, flush=True)
    while retention.step(seq, None, is_stuck=False):
        pass
"""


def test_a_kill_in_the_middle_of_retention_leaves_a_whole_log(tmp_path: Path) -> None:
    acknowledged = 0
    for n in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WORK, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        ) as process:
            assert process.stdout is not None
            while acknowledged < (n + 1) * 150:
                acknowledged = int(process.stdout.readline())
            time.sleep(0.007 * n)
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                acknowledged = int(line)
        with LogReader(tmp_path) as reader:
            last = reader.last_seq()
        assert last in (acknowledged, acknowledged + 1)
        acknowledged = last
        assert_whole(tmp_path, last)
    with LogReader(tmp_path) as reader:
        assert sum(gap.rows for gap in reader.gaps()) > 100
