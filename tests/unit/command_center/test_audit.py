"""The audit chain: nothing but appending, every change found, older files chained, no fork."""

import hashlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_center import audit
from command_center.errors import NotStored, OperationsError
from command_center.operations import _FIRST, _SET_ASIDE, FILE, Operations, note_audit, reading
from tests.unit.command_center.little_city import NOW_US

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ACTS = st.lists(st.tuples(st.integers(0, 2**53), TEXT, TEXT, TEXT), min_size=1, max_size=12)


def note(operations: Operations, *acts: str) -> None:
    for act in acts:
        with operations.transaction() as connection:
            note_audit(connection, NOW_US, "sari", act, "tentang \N{WATER WAVE}")


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    database = Operations(tmp_path)
    note(database, "one", "two", "three")
    yield database
    database.close()


def siaga(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "command_center", "audit", *arguments], capture_output=True, text=True, check=False
    )


def forge(data_dir: Path, *statements: str) -> None:
    """Write past the triggers, as somebody with the file in hand can."""
    with sqlite3.connect(data_dir / FILE) as connection:
        for trigger in ("audit_never_changes", "audit_never_shrinks", "audit_only_grows"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def chained(acts: list[tuple[int, str, str, str]]) -> list[audit.Record]:
    records, previous = [], audit.GENESIS
    for number, (at_us, who, what, detail) in enumerate(acts, 1):
        previous = audit.link(previous, number, at_us, who, what, detail)
        records.append(audit.Record(number=number, at_us=at_us, who=who, what=what, detail=detail, sha256=previous))
    return records


@given(ACTS)
def test_anybody_can_do_the_sum_with_json_and_sha256_alone(acts: list[tuple[int, str, str, str]]) -> None:
    sha256 = "0" * 64
    for record in chained(acts):
        row = [record.number, record.at_us, record.who, record.what, record.detail]
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        sha256 = hashlib.sha256((sha256 + text).encode()).hexdigest()
        assert record.sha256 == sha256


@given(ACTS, st.data())
def test_any_record_changed_lost_or_moved_is_found(acts: list[tuple[int, str, str, str]], data: st.DataObject) -> None:
    records = chained(acts)
    assert audit.verify(records, len(records)).fault == ""
    k = data.draw(st.integers(0, len(records) - 1))
    without = records[:k] + records[k + 1 :]
    assert audit.verify(without, len(records)).broken == k + 1
    at_us, who, what, detail = acts[k]
    other = chained([*acts[:k], (at_us, who, what, f"{detail}!"), *acts[k + 1 :]])
    forged = [*records[:k], other[k], *records[k + 1 :]]  # with a hash that is right for what it says now
    is_last = k == len(records) - 1
    assert audit.verify(forged, len(records)).broken == (None if is_last else k + 2)
    assert audit.verify(forged, len(records), noted=records[-1].sha256).fault != ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'budi' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit VALUES (2, 1, 'budi', 'two', '', printf('%064d', 0))",
        "REPLACE INTO audit VALUES (3, 1, 'budi', 'two', '', printf('%064d', 0))",
        "INSERT INTO audit VALUES (5, 1, 'budi', 'two', '', printf('%064d', 0))",
        "INSERT INTO audit (at_us, who, what, detail) VALUES (1, 'budi', 'two', '')",
    ],
)
def test_sqlite_refuses_everything_but_the_next_record(operations: Operations, statement: str) -> None:
    before = operations.read("SELECT * FROM audit")
    with pytest.raises(NotStored, match="append-only"), operations.transaction() as connection:
        connection.execute(statement)
    assert operations.read("SELECT * FROM audit") == before


def test_a_rolled_back_act_leaves_no_record_and_no_hole(operations: Operations, tmp_path: Path) -> None:

    def fail() -> None:
        with operations.transaction() as connection:
            note_audit(connection, NOW_US, "sari", "never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    note(operations, "four")
    assert [record.what for record in operations.audit_after(0, 10)] == ["one", "two", "three", "four"]
    with reading(tmp_path) as connection:
        assert audit.verify(audit.records_after(connection, 0), audit.newest_given(connection)).fault == ""


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET detail = 'nothing' WHERE number = 2", "record 2 is not as it was written"),
        ("UPDATE audit SET at_us = at_us + 1 WHERE number = 1", "record 1 is not as it was written"),
        ("DELETE FROM audit WHERE number = 1", "record 1 is missing"),
        ("DELETE FROM audit WHERE number = 3", "records 3 to 3 are missing"),
        ("UPDATE audit SET who = 7 WHERE number = 2", "record 2 is not as it was written"),
    ],
)
def test_verify_says_the_first_record_that_is_broken(
    operations: Operations, tmp_path: Path, statement: str, broken: str
) -> None:
    operations.close()
    forge(tmp_path, statement)
    run = siaga("verify", "--data-dir", str(tmp_path))
    assert (run.returncode, broken in run.stdout) == (1, True), run


def test_verify_and_list_beside_whoever_writes(operations: Operations, tmp_path: Path) -> None:
    head = operations.audit_head()
    run = siaga("verify", "--data-dir", str(tmp_path))
    assert (run.returncode, run.stdout) == (0, f"3 records in order, head {head.sha256}\n")
    note(operations, "four\n5\t2026\tnobody")
    assert siaga("verify", "--data-dir", str(tmp_path), "--noted", head.sha256.upper()).returncode == 0
    listed = siaga("list", "--after", "2", "--data-dir", str(tmp_path)).stdout
    assert [line.split("\t")[3] for line in listed.splitlines()] == ["three", "four 5 2026 nobody"]


def test_a_chain_that_was_written_anew_lacks_the_head_that_was_noted(operations: Operations, tmp_path: Path) -> None:
    noted = operations.audit_head().sha256
    operations.close()
    forge(tmp_path, "DELETE FROM audit", "DELETE FROM sqlite_sequence WHERE name = 'audit'")
    with sqlite3.connect(tmp_path / FILE) as connection:
        for act in ("one", "other", "three"):
            note_audit(connection, NOW_US, "sari", act)
    connection.close()
    assert siaga("verify", "--data-dir", str(tmp_path)).returncode == 0
    run = siaga("verify", "--data-dir", str(tmp_path), "--noted", noted)
    assert (run.returncode, "written anew" in run.stdout) == (1, True)


def test_what_is_no_file_of_siaga_is_one_clear_line(tmp_path: Path) -> None:
    assert "cannot be read" in siaga("verify", "--data-dir", str(tmp_path)).stderr
    assert list(tmp_path.iterdir()) == []
    assert siaga("verify", "--noted", "abc").returncode == 2


def test_an_older_file_is_chained_and_its_user_is_admin(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as old:
        old.executescript(f"{_FIRST}{_SET_ASIDE}PRAGMA user_version = 2;")
        old.execute("INSERT INTO user VALUES ('admin', 'hash', 1)")
        for n in range(50):
            old.execute("INSERT INTO audit (at_us, who, what, detail) VALUES (?, 'admin', 'login', '')", (n,))
    old.close()
    with pytest.raises(OperationsError, match="expected schema version"), reading(tmp_path):
        pass
    operations = Operations(tmp_path)
    note(operations, "one more")
    assert operations.read("SELECT name, role FROM user") == [("admin", "admin")]
    operations.close()
    assert siaga("verify", "--data-dir", str(tmp_path)).stdout.startswith("51 records in order")


def test_a_step_that_fails_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as old:
        old.executescript(f"{_FIRST}{_SET_ASIDE}PRAGMA user_version = 2; CREATE TABLE token (x);")
        old.execute("INSERT INTO audit (at_us, who, what, detail) VALUES (1, 'admin', 'login', '')")
    old.close()
    with pytest.raises(OperationsError, match="token"):
        Operations(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as left:
        assert left.execute("PRAGMA user_version").fetchone() == (2,)
        assert len(left.execute("SELECT * FROM audit").fetchone()) == 5
    left.close()


def test_threads_and_processes_cannot_fork_the_chain(operations: Operations, tmp_path: Path) -> None:
    other = Operations(tmp_path)  # a connection of its own, as another process has
    each = 40

    def write(database: Operations) -> None:
        note(database, *map(str, range(each)))

    threads = [threading.Thread(target=write, args=(database,)) for database in (operations, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    with reading(tmp_path) as connection:
        verdict = audit.verify(audit.records_after(connection, 0), audit.newest_given(connection))
    assert (verdict.fault, verdict.head.number) == ("", 3 + 4 * each)
