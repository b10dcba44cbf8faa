"""Exports of several sensors: the same rows as CSV and as Parquet, and to whom they go."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest
from msgspec.structs import replace

from sensors.catalogue import Catalogue
from sensors.settings import HistorySettings
from sensors.times import rfc3339
from tests.unit.command_center.history.keeping import keep, write
from tests.unit.command_center.little_city import LEVEL, RAIN, entry, little_city, minutes
from tests.unit.command_center.running import Running, running


def shared_city() -> Catalogue:
    """The little city that shares its rain with agencies and keeps the rest."""
    city = little_city()
    return replace(
        city, datastreams=tuple(replace(d, sharing="agency") if d.number == RAIN else d for d in city.datastreams)
    )


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data_dir = tmp_path_factory.mktemp("export")
    rows = [[(LEVEL, minutes(m), float(m) if m else float("nan")), (RAIN, minutes(m), 0.1)] for m in range(0, 150, 10)]
    write(data_dir, [entry(row, now_us=row[0][1]) for row in rows], shared_city())
    keep(data_dir)
    with running(data_dir, history=HistorySettings(days=1 / 24)) as found:
        found.wait_ready()
        yield found


def table(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text)))


def test_csv_has_every_observation_of_disk_and_memory(center: Running) -> None:
    head, *rows = table(center.client.get("/export.csv"))
    assert head == ["time", "station", "variable", "value", "unit", "quality", "origin", "reasons"]
    assert [row[2] for row in rows] == ["level"] * 15 + ["rain"] * 15
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
    assert progress == {"busy": False, "sensors": 3, "sensors_done": 3, "rows": 30}


def test_a_token_for_exports_gets_what_is_shared(center: Running) -> None:
    admin = center.log_in()
    made = center.client.post("/tokens", json={"name": "dinas", "scopes": ["export"]}, headers=admin).json()
    token = {"Authorization": f"Bearer {made['token']}"}
    assert {row[2] for row in table(center.client.get("/export.csv", headers=token))[1:]} == {"rain"}
    refused = center.client.get("/export.parquet", params={"sensor": "ROLAK:level"}, headers=token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    unknown = center.client.get("/export.csv", params={"sensor": "X:y"}, headers=admin)
    assert (unknown.status_code, unknown.json()["error"]["where"]) == (404, "query.sensor")
