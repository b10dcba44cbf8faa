"""The recorded floods as one city that is warned: its rivers, people, actions, warnings, and how it is played.

Thresholds and readings are the recordings' own.  Made up here: whom it concerns, what is done, and who warns.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.e2e.recorded_city import read, write_recorded_city

SEVERITIES: Final = {
    "siaga3": 2,
    "siaga2": 3,
    "siaga1": 4,
    "action": 1,
    "minor_flood": 2,
    "moderate_flood": 3,
    "major_flood": 4,
}
LEAST_ACTED: Final = 2  # severity from which on a level has a standing action
BASINS: Final = {
    "JKT-KATULAMPA": "ciliwung",
    "JKT-MANGGARAI": "ciliwung",
    "JKT-PESANGGRAHAN1": "pesanggrahan",
    "USGS-01581752": "plumtree",
    "USGS-01589330": "dead-run",
}
AREAS: Final = {"ciliwung": "31.71.01", "pesanggrahan": "31.71.02", "plumtree": "31.71.03", "dead-run": "31.71.04"}
FILES: Final = {
    "JKT-KATULAMPA": "jakarta_katulampa_hourly.csv",
    "JKT-MANGGARAI": "jakarta_manggarai_hourly.csv",
    "JKT-PESANGGRAHAN1": "jakarta_pesanggrahan1_10min_2026-04-29.csv",
    "USGS-01581752": "usgs_01581752_plumtree_run_5min_2018.csv",
    "USGS-01589330": "usgs_01589330_dead_run_5min_2018-06.csv",
}
AROUND: Final = timedelta(hours=6)  # is played before and after each flood; what is calm between floods is left out
# Rises sharply and reaches nothing: nobody may be called.
WITHOUT_A_FLOOD: Final = {"dead-run": ("2018-06-03T14:00:00Z", "2018-06-04T06:00:00Z")}
CITY_TOML: Final = """
[detector]  # lengths of time, which the test runs through thousands of times as fast
chatter_s = 0.0
doubt_s = 0.0

[cap]
sender = "pusdalops@bpbd.example.go.id"
sender_name = { id = "BPBD Rekaman", en = "Disaster agency of Recorded" }

[[notify.steps]]
group = "posko"
after_min = 0.0

[[notify.steps]]
group = "pimpinan"
after_min = 0.1
"""
CONTACTS: Final = """contact,name,language,urls,group,areas,least_severity,mass,test,canary,source
CHAT,Chat of the post,id,env:UJI_CHAT,posko,*,1,no,no,no,for tests
HOOK,Webhook of the post,en,env:UJI_HOOK,posko,*,1,no,no,no,for tests
MAIL,Mail on the Ciliwung,id,env:UJI_MAIL,posko,31.71.01,2,no,no,no,for tests
TOPIC,Topic of what is severe,en,env:UJI_TOPIC,posko,*,3,no,no,no,for tests
CHIEF,The chief,id,env:UJI_CHIEF,pimpinan,*,1,no,no,no,for tests
"""
REACHES: Final = "upstream,downstream,travel_min,source\nJKT-KATULAMPA,JKT-MANGGARAI,540,for tests\n"


@dataclass(frozen=True, slots=True)
class Played:
    """One recorded reading; `part` of the whole play is over when it comes, 0 to 1."""

    part: float
    station: str
    variable: str
    value: float | None  # None: missing in the recording


@dataclass(frozen=True, slots=True)
class Crossing:
    """A level reached (`up`) or left."""

    level: str
    up: bool
    value: float


def write_flood_city(folder: Path, floods: Path) -> Path:
    """The recorded city with basins, areas, severities, actions, contacts and `[cap]`."""
    first = {station: next(_rows(floods / name)) for station, name in FILES.items()}
    city = write_recorded_city(folder, floods, {s: (row["variable"], row["unit"]) for s, row in first.items()})
    basins = "".join(f'\n[basins.{name}]\nid = "Kali {name}"\nen = "{name}"\n' for name in AREAS)
    with (city / "city.toml").open("a") as toml:
        toml.write(CITY_TOML + basins)
    with (city / "areas.csv").open("a") as areas:
        areas.writelines(f"{code},{name},kecamatan,31.71\n" for name, code in AREAS.items())
    _change(city / "stations.csv", _placed)
    _change(city / "levels.csv", lambda row: row | {"severity": str(SEVERITIES[row["level"]])})
    (city / "contacts.csv").write_text(CONTACTS)
    (city / "reaches.csv").write_text(
        "upstream,downstream,travel_min,source\nJKT-KATULAMPA,JKT-MANGGARAI,540,for tests\n"
    )
    _write_actions(city)
    return city


def played(floods: Path) -> list[Played]:
    """Every reading that is played, in order: each river's episodes run once through the whole play."""
    found: list[Played] = []
    for station, name in FILES.items():
        episodes = episodes_of(floods, BASINS[station])
        whole = sum((end - begin for begin, end in episodes), timedelta())
        for row in _rows(floods / name):
            at, before = datetime.fromisoformat(row["time"]), timedelta()
            for begin, end in episodes:
                if begin <= at < end:
                    value = float(row["value"]) if row["value"] else None
                    found.append(Played((before + at - begin) / whole, station, row["variable"], value))
                before += end - begin
    return sorted(found, key=lambda one: (one.part, one.station))


def episodes_of(floods: Path, basin: str) -> list[tuple[datetime, datetime]]:
    """What is played of a river: every recorded excursion of one of its gauges, and what lies around it."""
    if basin in WITHOUT_A_FLOOD:
        first, last = WITHOUT_A_FLOOD[basin]
        return [(datetime.fromisoformat(first), datetime.fromisoformat(last))]
    excursions = [r for r in read(floods / "expected_excursions.csv") if r["start"] and BASINS[r["station"]] == basin]
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(_around(row) for row in excursions):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def crossings(floods: Path, readings: list[Played]) -> dict[str, list[Crossing]]:
    """The oracle, by station: what plain thresholds say of the readings, one after the other."""
    limits: dict[str, list[tuple[float, str]]] = {}
    for row in read(floods / "thresholds.csv"):
        limits.setdefault(row["station"], []).append((float(row["value"]), row["level"]))
    found: dict[str, list[Crossing]] = {station: [] for station in FILES}
    held: set[tuple[str, str]] = set()
    for one in readings:
        if one.value is None:
            continue
        rising = sorted(limits[one.station])
        for limit, level in rising:
            if one.value >= limit and (one.station, level) not in held:
                held.add((one.station, level))
                found[one.station].append(Crossing(level, True, one.value))
        for limit, level in reversed(rising):
            if one.value < limit and (one.station, level) in held:
                held.remove((one.station, level))
                found[one.station].append(Crossing(level, False, one.value))
    return found


def _around(excursion: dict[str, str]) -> tuple[datetime, datetime]:
    begin, end = excursion["start"], excursion["last_at_or_above"]
    return datetime.fromisoformat(begin) - AROUND, datetime.fromisoformat(end) + AROUND


def _placed(row: dict[str, str]) -> dict[str, str]:
    basin = BASINS[row["station"]]
    return row | {"basin": basin, "area": AREAS[basin], "gated": "yes" if basin == "ciliwung" else "no"}


def _write_actions(city: Path) -> None:
    """One action for each level that has one."""
    rows = [
        f"act-{row['level']},{row['station']},{row['property']},{row['level']},Jaga {row['level']},"
        f"Guard {row['level']},BPBD,20,{row['level']},60,for tests"
        for row in read(city / "levels.csv")
        if int(row["severity"]) >= LEAST_ACTED
    ]
    head = "action,station,property,level,what_id,what_en,opd,takes_min,undo_level,report_every_min,source"
    (city / "actions.csv").write_text("\n".join([head, *rows]) + "\n")


def _change(file: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    rows = [change(row) for row in read(file)]
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
