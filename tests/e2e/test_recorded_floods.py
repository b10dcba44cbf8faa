"""The recorded floods, replayed over MQTT: exactly the excursions that stand in the recordings' own table."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.log.reader import LogReader
from sensors.times import from_datetime
from sensors.transition import Cause, Kind
from tests.e2e.broker import Broker
from tests.e2e.logs import assert_replay_is_identical, distinct, rows
from tests.e2e.processes import Process, until
from tests.e2e.recorded_city import read, recorded_floods, write_recorded_city
from tests.e2e.site import Site

pytestmark = [pytest.mark.broker, pytest.mark.recorded]

AROUND = timedelta(days=3)
EVENTS = {
    "jakarta_manggarai_hourly.csv": "2025-03-04T15:00:00+07:00",
    "jakarta_katulampa_hourly.csv": "2022-10-09T20:00:00+07:00",
    "jakarta_pesanggrahan1_10min_2026-04-29.csv": "2026-04-30T19:00:00+07:00",
    "usgs_01581752_plumtree_run_5min_2018.csv": "2018-08-31T23:30:00Z",
    "usgs_01589330_dead_run_5min_2018-06.csv": "2018-06-03T22:05:00Z",
}
Crossing = tuple[str, str, str, int]  # station, level, kind, microseconds


@pytest.mark.timeout(180)
def test_a_replay_over_mqtt_gives_exactly_the_recorded_excursions(site: Site, nats: Broker) -> None:
    floods = recorded_floods()
    cuts = {name: cut(floods / name, site.folder / name, moment) for name, moment in EVENTS.items()}
    series = {row["station"]: (row["variable"], row["unit"]) for name in EVENTS for row in cuts[name][:1]}
    city = write_recorded_city(site.folder / "rekaman", floods, series)
    gateway = site.start_gateway(nats, city=str(city))
    for name in EVENTS:
        replay(site, nats, site.folder / name)
    expected = {crossing for name, cut_rows in cuts.items() for crossing in excursions(floods, name, cut_rows)}
    total = sum(len(cut_rows) for cut_rows in cuts.values())
    until(lambda: len(distinct(site.data_dir)) == total, f"all {total} readings in the log")
    assert crossings(site.data_dir) == sorted(expected)
    told = [t for row in rows(site.data_dir) for t in row.transitions if t.level]
    assert all(t.historical != (t.cause is Cause.STILL_HELD) for t in told)
    assert set(distinct(site.data_dir).origin.tolist()) == {4}
    assert_replay_is_identical(site.data_dir)
    gateway.kill()
    site.start_gateway(nats, city=str(city))
    assert crossings(site.data_dir) == sorted(expected)


def test_evaluate_plain_gives_exactly_the_excursions_of_the_whole_recordings(site: Site) -> None:
    floods = recorded_floods()
    done = site.processes.siaga("evaluate", floods, "--plain", "--out", site.folder / "out")
    assert done.wait(60) == 0, done.output
    got = [
        (r["file"], r["station"], r["level"], r["kind"], micros(r["time"]))
        for r in read(site.folder / "out" / "transitions.csv")
    ]
    expected = [(name, *crossing) for name in EVENTS for crossing in excursions(floods, name, read(floods / name))]
    assert sorted(got) == sorted(expected)
    assert "expected_excursions.csv: expected the columns" in done.output


def replay(site: Site, broker: Broker, file: Path) -> Process:
    """`siaga replay` with recorded times, to its end."""
    process = site.processes.siaga("replay", file, "--mqtt-url", broker.url, "--data-dir", site.data_dir)
    assert process.wait(120) == 0, process.output
    return process


def cut(source: Path, target: Path, moment: str) -> list[dict[str, str]]:
    """Write the rows around an event into `target`; the rows."""
    middle = datetime.fromisoformat(moment)
    near = [row for row in read(source) if abs(datetime.fromisoformat(row["time"]) - middle) <= AROUND]
    assert near
    with target.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(near[0]))
        writer.writeheader()
        writer.writerows(near)
    return near


def excursions(floods: Path, name: str, cut_rows: list[dict[str, str]]) -> list[Crossing]:
    """The expected crossings that lie within the rows."""
    first, last = micros(cut_rows[0]["time"]), micros(cut_rows[-1]["time"])
    found = []
    for row in read(floods / "expected_excursions.csv"):
        if row["file"] != name or not row["start"]:
            continue
        for kind, column in ((Kind.RAISED, "start"), (Kind.RETURNED, "first_below_after")):
            if row[column] and first <= micros(row[column]) <= last:
                found.append((row["station"], row["level"], str(kind), micros(row[column])))
    return found


def crossings(data_dir: Path) -> list[Crossing]:
    """The level transitions in the log, less those that tell again of a level which is still held."""
    with LogReader(data_dir) as reader:
        catalogue = reader.catalogue(1)
        found = [found.transition for found in reader.transitions_after(0, -1, 100_000)]
    return sorted(
        (catalogue.datastream_by_number[t.datastream].station, t.level, str(t.kind), t.time_us)
        for t in found
        if t.level and t.cause is not Cause.STILL_HELD
    )


def micros(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))
