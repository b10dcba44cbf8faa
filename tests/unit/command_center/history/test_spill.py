"""What does not fit into DuckDB's memory: it goes to the disk, and goes away again."""

import contextlib
from pathlib import Path

import pytest

from command_center.errors import HistoryError
from command_center.history.database import Worker
from command_center.history.folder import Folder

FILL = "CREATE TABLE found AS SELECT hash(range) AS a, hash(range + 1) AS b FROM range(3_000_000)"  # 48 MB


def test_a_database_spills_where_nothing_was_before(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    spill = folder.spill("keeping")
    with contextlib.closing(Worker(folder.path, 32, 1, spill)) as worker:
        worker.run(FILL)
        assert sum(path.stat().st_size for path in spill.iterdir()) > 0
        assert worker.one("SELECT count(*), count(DISTINCT a % 7) FROM found") == (3_000_000, 7)
    assert not spill.exists()


def test_what_a_killed_one_spilled_goes_and_what_is_in_use_stays(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for name in ("export", "reading", "export-4711"):
        (folder.path / "spill" / name).mkdir(parents=True)
        (folder.path / "spill" / name / "old").touch()
    spill = folder.spill("export")
    assert not spill.exists()
    spill.mkdir()  # as DuckDB does when it needs it
    folder.clear_up(())
    assert list((folder.path / "spill").iterdir()) == [spill]


def test_where_nothing_can_be_spilled_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.path.mkdir()
    (folder.path / "spill").touch()
    with pytest.raises(HistoryError, match="spill cannot be made"):
        Worker(folder.path, 32, 1, folder.spill("keeping"))
