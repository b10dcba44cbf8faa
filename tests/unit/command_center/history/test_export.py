"""Exports of several sensors: the same rows as CSV and as Parquet, and to whom they go."""

import contextlib
import csv
import io
import socket
import threading
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import duckdb
import httpx
import pytest
from msgspec.structs import replace

from command_center.export_commands import EXPORT
from command_center.history.database import Worker
from command_center.history.export import insert as insert_rows
from command_center.picture.series import Rows
from sensors.catalogue import Catalogue
from sensors.settings import HistorySettings, Settings
from sensors.times import SECOND_US, rfc3339
from tests import plain_http
from tests.unit.command_center.history.keeping import keep, write
from tests.unit.command_center.little_city import DISCHARGE, LEVEL, RAIN, entry, little_city, minutes
from tests.unit.command_center.running import Running, running, until

MANY = 6_000  # observations of the discharge, one a second: as CSV more than a few buffers hold


def shared_city() -> Catalogue:
    """The little city that shares its rain with agencies and keeps the rest."""
    city = little_city()
    return replace(
        city, datastreams=tuple(replace(d, sharing="agency") if d.number == RAIN else d for d in city.datastreams)
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def center(data_dir: Path) -> Iterator[Running]:
    rows = [[(LEVEL, minutes(m), float(m) if m else float("nan")), (RAIN, minutes(m), 0.1)] for m in range(0, 150, 10)]
    many = [(DISCHARGE, minutes(0) + k * SECOND_US, float(k)) for k in range(MANY)]
    entries = [entry(row, now_us=row[0][1]) for row in rows]
    write(data_dir, [*entries, entry(many, now_us=minutes(150))], shared_city())
    keep(data_dir)
    with running(data_dir, history=HistorySettings(days=1 / 24), send_buffer_bytes=4_096) as found:
        found.wait_ready()
        yield found


def table(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text)))


def test_csv_has_every_observation_of_disk_and_memory(center: Running) -> None:
    head, *rows = table(center.client.get("/export.csv"))
    assert head == ["time", "station", "variable", "value", "unit", "quality", "origin", "reasons"]
    assert [row[2] for row in rows] == ["level"] * 15 + ["discharge"] * MANY + ["rain"] * 15
    assert rows[0] == [rfc3339(minutes(0)), "ROLAK", "level", "", "cm", "1", "live", ""]
    assert [float(row[3]) for row in rows[1:15]] == [float(m) for m in range(10, 150, 10)]
    part = {"sensor": ["POS:rain"], "from": rfc3339(minutes(30)), "to": rfc3339(minutes(60))}
    assert [row[0] for row in table(center.client.get("/export.csv", params=part))[1:]] == [
        rfc3339(minutes(m)) for m in (30, 40, 50)
    ]


def test_parquet_has_the_same_rows_its_length_and_leaves_nothing(center: Running, tmp_path: Path) -> None:
    answer = center.client.get("/export.parquet")
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    (tmp_path / "got.parquet").write_bytes(answer.content)
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT station, variable, epoch_us(time), value, unit, origin FROM read_parquet(?)",
            [str(tmp_path / "got.parquet")],
        ).fetchall()
    rows = table(center.client.get("/export.csv"))[1:]
    assert [(*row[:2], rfc3339(row[2])) for row in found] == sorted((r[1], r[2], r[0]) for r in rows)
    assert sum(row[3] is None for row in found) == 1
    progress = center.get("/export/progress")
    assert progress == {"busy": False, "sensors": 3, "sensors_done": 3, "rows": 30 + MANY, "share": 1.0}


def test_the_command_writes_the_same_rows_while_the_command_center_runs(
    center: Running, data_dir: Path, tmp_path: Path
) -> None:
    by_api = sorted(table(center.client.get("/export.csv"))[1:], key=lambda row: row[1:3] + row[:1])
    parser = ArgumentParser()
    EXPORT.add_arguments(parser)
    out = tmp_path / "all.csv"
    assert EXPORT.run(parser.parse_args([str(out), "--data-dir", str(data_dir)]), Settings()) == 0
    by_command = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8"))))[1:]
    assert [row[:8] for row in by_command] == by_api
    assert len(by_api) == 30 + MANY


DISCHARGES = {"sensor": "ROLAK:discharge", "from": rfc3339(minutes(0)), "to": rfc3339(minutes(MANY // 60))}


@contextlib.contextmanager
def asked(center: Running, path: str, name: str, **more: str) -> Iterator[socket.socket]:
    """A client that asked for a file, and takes nothing of it by itself."""
    host, port = center.url.removeprefix("http://").split(":")
    query = "&".join(f"{key}={value}" for key, value in (DISCHARGES | more).items())
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect((host, int(port)))
        client.sendall(f"GET /api/v1{path}?{query}&name={name} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        yield client


def is_busy(center: Running, name: str) -> bool:
    return bool(center.get("/export/progress", name=name)["busy"])


def is_all_made(center: Running, name: str) -> bool:
    return bool(center.get("/export/progress", name=name)["rows"] == MANY)


def test_who_hangs_up_ends_a_table(center: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_center.history.record.PIECE_ROWS", 100)
    with asked(center, "/export.csv", "mine") as client:
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        until(lambda: center.get("/export/progress", name="mine")["rows"] > 0)
        found = center.get("/export/progress", name="mine")  # as a table that nobody takes waits
        assert (found["busy"], found["sensors"]) == (True, 1)
        assert found["rows"] < MANY
        assert found["share"] == pytest.approx(found["rows"] / MANY, abs=0.01)
    until(lambda: not is_busy(center, "mine"))
    assert center.get("/export/progress", name="mine")["rows"] == 0  # it is over, and forgotten


def test_who_hangs_up_ends_a_file_and_leaves_nothing(
    center: Running, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command_center.history.record.PIECE_ROWS", 100)
    inserted: list[int] = []
    is_gone = threading.Event()

    def insert(worker: Worker, cells: Sequence[str | None], rows: Rows) -> None:
        inserted.append(len(rows))
        assert len(inserted) == 1 or is_gone.wait(10)
        insert_rows(worker, cells, rows)

    monkeypatch.setattr("command_center.history.export.insert", insert)
    with asked(center, "/export.parquet", "mine"):
        until(lambda: center.get("/export/progress", name="mine")["rows"] > 0)
        assert is_busy(center, "mine")
    assert is_busy(center, "mine")  # an answer later the server has heard that the other is gone
    is_gone.set()
    until(lambda: not is_busy(center, "mine") and not center.get("/export/progress")["busy"])
    assert sum(inserted) < MANY
    assert list(data_dir.glob("history/exports/*")) == []
    monkeypatch.undo()
    whole = center.client.get("/export.parquet", params=DISCHARGES | {"name": "mine"})
    assert (whole.status_code, len(whole.content) > 10_000) == (200, True)


def test_downloads_that_stand_still_lock_nobody_out(center: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command_center.api.export.MOST_NAMED", 2)
    with contextlib.ExitStack() as clients:
        for name in ("first", "second", "third"):
            clients.enter_context(asked(center, "/export.csv", name))
            until(partial(is_all_made, center, name))  # one piece, which nobody takes
        assert [is_busy(center, name) for name in ("first", "second", "third")] == [False, True, True]


def unread(center: Running) -> float:
    """How many streamed answers were cut off, as `/metrics` says."""
    told = plain_http.get(f"{center.url}/metrics").text
    return float(told.partition("\nsiaga_http_unread_total ")[2].split()[0])


@pytest.mark.parametrize("path", ["/export.csv", "/sensors/ROLAK:discharge/observations"])
def test_an_answer_that_nobody_reads_is_cut_off_and_counted(
    center: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    before = unread(center)
    monkeypatch.setattr("command_center.api.streamed.UNREAD_S", 0.1)
    with asked(center, path, "asleep", points="0"):
        until(lambda: unread(center) == before + 1)
        until(lambda: not is_busy(center, "asleep"))
    assert f"an answer of /api/v1{path} that nobody read for 0 s is cut off" in caplog.text


def test_a_name_that_is_none_is_refused(center: Running) -> None:
    for path in ("/export.csv", "/export.parquet", "/export/progress"):
        refused = center.client.get(path, params={"name": "../x"})
        assert (refused.status_code, refused.json()["error"]["where"]) == (422, "query.name")


def test_a_token_for_exports_gets_what_is_shared(center: Running) -> None:
    admin = center.log_in()
    made = center.client.post("/tokens", json={"name": "dinas", "scopes": ["export"]}, headers=admin).json()
    token = {"Authorization": f"Bearer {made['token']}"}
    assert {row[2] for row in table(center.client.get("/export.csv", headers=token))[1:]} == {"rain"}
    refused = center.client.get("/export.parquet", params={"sensor": "ROLAK:level"}, headers=token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    unknown = center.client.get("/export.csv", params={"sensor": "X:y"}, headers=admin)
    assert (unknown.status_code, unknown.json()["error"]["where"]) == (404, "query.sensor")
