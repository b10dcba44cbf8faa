"""`siaga evaluate` over the recorded floods: the stated crossings, each once, at the stated observation; no others."""

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from sensors.times import from_datetime
from tests.e2e.recorded_city import read, recorded_floods
from tests.e2e.site import Site

pytestmark = pytest.mark.recorded

COMMITTED = Path(__file__).parents[2] / "docs" / "evaluation" / "report.json"
Raise = tuple[str, str, str, int]  # file, station, level, microseconds


def raises(out: Path) -> list[Raise]:
    """What transitions.csv says was raised."""
    return sorted(
        (row["file"], row["station"], row["level"], micros(row["time"]))
        for row in read(out / "transitions.csv")
        if row["kind"] == "raised"
    )


def stated(floods: Path) -> list[Raise]:
    """What the recordings' own table says must be raised."""
    rows = (row for row in read(floods / "expected_excursions.csv") if row["start"])
    return sorted((row["file"], row["station"], row["level"], micros(row["start"])) for row in rows)


@pytest.mark.timeout(300)
def test_every_recorded_crossing_is_raised_once_at_its_observation_and_no_other(site: Site) -> None:
    floods, out = recorded_floods(), site.folder / "out"
    done = site.processes.siaga("evaluate", floods, "--out", out)
    assert done.wait(240) == 0, done.output
    assert raises(out) == stated(floods)
    assert "0 missed, 0 false." in done.output
    assert "3/8 jakarta_katulampa_hourly.csv" in done.output  # not on a terminal: a line a file
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    levels = [level for one in report["series"] for level in one["levels"]]
    assert sum(level["crossings"] for level in levels) == len(stated(floods))
    assert sum(level["hits"] for level in levels) == len(stated(floods))
    assert {level["delay_s"]["max"] for level in levels} <= {0.0, None}
    assert {level["truth"] for level in levels} == {"expected_excursions.csv"}
    assert (out / "report.html").stat().st_size < 4_000_000
    assert report == json.loads(COMMITTED.read_text(encoding="utf-8")), "docs/evaluation is to be renewed"


@pytest.mark.timeout(300)
def test_without_the_ground_truth_the_plain_rule_says_the_same(site: Site) -> None:
    floods, out = recorded_floods(), site.folder / "out"
    alone = site.folder / "alone"
    alone.mkdir()
    for name in ("usgs_01581752_plumtree_run_5min_2018.csv", "thresholds.csv"):
        (alone / name).write_bytes((floods / name).read_bytes())
    done = site.processes.siaga("evaluate", alone / "usgs_01581752_plumtree_run_5min_2018.csv", "--out", out)
    assert done.wait(60) == 0, done.output
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    levels = report["series"][0]["levels"]
    assert {level["truth"] for level in levels} == {"plain rule"}
    assert [level["hits"] for level in levels] == [1, 1, 0, 0]


@pytest.mark.timeout(300)
def test_other_levels_are_judged_beside_the_present_ones(site: Site) -> None:
    floods, out = recorded_floods(), site.folder / "out"
    other = site.folder / "lower.csv"
    rows = [row | {"value": str(float(row["value"]) - 0.5)} for row in read(floods / "thresholds.csv")]
    with other.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["station"] == "USGS-01581752")
    file = floods / "usgs_01581752_plumtree_run_5min_2018.csv"
    done = site.processes.siaga("evaluate", file, "--levels", other, "--out", out)
    assert done.wait(60) == 0, done.output
    compared = json.loads((out / "report.json").read_text(encoding="utf-8"))["counterfactual"]
    action = next(c for c in compared if c["level"] == "action")
    assert (action["now"]["limit"], action["other"]["limit"]) == (5.0, 4.5)
    assert (action["peaks_missed"], action["now"]["alarms"]) == (0, 1)
    assert action["gained_min"]["median"] >= 0


def test_usage_and_failure_have_their_exit_codes(site: Site) -> None:
    usage = site.processes.siaga("evaluate", site.folder)
    assert usage.wait(60) == 2
    assert "--out" in usage.output
    failed = site.processes.siaga("evaluate", site.folder / "nowhere", "--out", site.folder / "out")
    assert failed.wait(60) == 1
    assert "no such file or folder" in failed.output
    assert not (site.folder / "out").exists()


def micros(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))
