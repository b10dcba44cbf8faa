"""Three recorded floods side by side, brought together so that all of them crest within minutes from now.

Made up here is only when: the recorded values come in the recorded order.  What is calm between two floods of a gauge
is left out, and its readings stand at equal distances from the first to the crest, and at others from there on.  A
gauge's clock is believed up to five minutes ahead and a level reached in the last fifteen is one of now: between those
two there is room for a rise whose rate and minutes to the next level mean something, and nobody has to wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.e2e.recorded_city import read, write_recorded_city

BEFORE_S: Final = 240.0  # before the play begins
CREST_S: Final = 180.0  # after it
OVER_S: Final = 285.0
AROUND: Final = timedelta(hours=3)  # is played before and after each excursion
TREND_READINGS: Final = 4  # in the window of a trend, while the river rises


@dataclass(frozen=True, slots=True)
class Flood:
    """A gauge's floods of some days; severities of its levels by rank."""

    station: str
    file: str
    first: str
    last: str
    basin: str
    gated: str  # "yes" or "no": a weir and a sluice may let a river fall fast
    severities: tuple[int, ...]


# Of the first gauge five floods, the last of which reaches its highest level; one each of the others.
FLOODS: Final = (
    Flood(
        "JKT-KATULAMPA",
        "jakarta_katulampa_hourly.csv",
        "2022-08-14T00:00:00+07:00",
        "2022-10-10T23:00:00+07:00",
        "katulampa",
        "yes",
        (2, 3, 4),
    ),
    Flood(
        "JKT-MANGGARAI",
        "jakarta_manggarai_hourly.csv",
        "2025-03-04T01:00:00+07:00",
        "2025-03-06T00:00:00+07:00",
        "manggarai",
        "yes",
        (2, 3, 4),
    ),
    Flood(
        "USGS-01581752",
        "usgs_01581752_plumtree_run_5min_2018.csv",
        "2018-08-31T21:00:00Z",
        "2018-09-01T03:00:00Z",
        "plumtree",
        "no",
        (1, 2, 3, 4),
    ),
)
CITY_TOML: Final = """
[detector]  # lengths of time, which the story runs through many times as fast
chatter_s = 0.0
doubt_s = 0.0
"""
DERIVED: Final = "station,property,kind,unit,method,inputs,bound,source"


@dataclass(frozen=True, slots=True)
class Reading:
    """One recorded value, and when the play has it measured: seconds after the play's beginning."""

    at_s: float
    station: str
    variable: str
    value: float


@dataclass(frozen=True, slots=True)
class Recording:
    """What is played of a flood."""

    flood: Flood
    variable: str
    unit: str
    readings: tuple[Reading, ...]
    step_s: float  # between two readings of the rise


def recordings(floods: Path) -> list[Recording]:
    """What is played, a recording each."""
    lowest: dict[str, float] = {}
    for row in read(floods / "thresholds.csv"):
        lowest[row["station"]] = min(float(row["value"]), lowest.get(row["station"], float(row["value"])))
    return [_recording(flood, floods / flood.file, lowest[flood.station]) for flood in FLOODS]


def in_order(played: Iterable[Recording]) -> list[Reading]:
    """All readings as they are measured."""
    return sorted((one for recording in played for one in recording.readings), key=lambda r: (r.at_s, r.station))


def write_flooded_city(folder: Path, floods: Path, played: list[Recording]) -> Path:
    """The recorded city with these gauges alone, each on a river of its own, and rates and minutes derived."""
    city = write_recorded_city(folder, floods, {one.flood.station: (one.variable, one.unit) for one in played})
    by_station = {one.flood.station: one for one in played}
    basins = "".join(f'\n[basins.{f.basin}]\nid = "Kali {f.basin}"\nen = "{f.basin}"\n' for f in FLOODS)
    with (city / "city.toml").open("a") as toml:
        toml.write(CITY_TOML + basins)
    stations = [f"{f.station},{f.station},river,-6.2,106.8,31.71,PUPR,{f.basin},{f.gated}" for f in FLOODS]
    _write(city / "stations.csv", "station,name,kind,lat,lon,area,agency,basin,gated", stations)
    datastreams = [
        f"{one.flood.station},{one.variable},river_level,{one.unit},3600,{TREND_READINGS * one.step_s:.3f}"
        for one in played
    ]
    _write(city / "datastreams.csv", "station,property,kind,unit,interval_calm_s,trend_window_s", datastreams)
    _write(city / "derived.csv", DERIVED, [line for one in played for line in _derived(one)])
    levels = [
        f"{r['station']},{by_station[r['station']].variable},{r['level']},{r['rank']},"
        f"{by_station[r['station']].flood.severities[int(r['rank']) - 1]},rising,{r['value']},{r['unit']},recorded"
        for r in read(floods / "thresholds.csv")
        if r["station"] in by_station
    ]
    _write(city / "levels.csv", "station,property,level,rank,severity,direction,value,unit,source", levels)
    return city


def _recording(flood: Flood, file: Path, lowest: float) -> Recording:
    first, last = datetime.fromisoformat(flood.first), datetime.fromisoformat(flood.last)
    rows = [
        (at, row) for row in read(file) if row["value"] and first <= (at := datetime.fromisoformat(row["time"])) <= last
    ]
    high = [at for at, row in rows if float(row["value"]) >= lowest]
    near = [row for at, row in rows if any(abs(at - one) <= AROUND for one in high)]
    values = [float(row["value"]) for row in near]
    crest = values.index(max(values))
    step_s, fall_s = (BEFORE_S + CREST_S) / crest, (OVER_S - CREST_S) / (len(values) - crest)
    readings = tuple(
        Reading(CREST_S + (i - crest) * (step_s if i <= crest else fall_s), flood.station, near[0]["variable"], value)
        for i, value in enumerate(values)
    )
    return Recording(flood, near[0]["variable"], near[0]["unit"], readings, step_s)


def _derived(one: Recording) -> list[str]:
    """Rate and minutes to the next level, each with both bounds."""
    station, variable = one.flood.station, one.variable
    return [
        f"{station},{variable}-{method}-{bound},river_{method},{unit},{method},{variable},{bound},computed"
        for method, unit in (("rate", f"{one.unit}/h"), ("eta", "min"))
        for bound in ("low", "middle", "high")
    ]


def _write(file: Path, head: str, lines: Iterable[str]) -> None:
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
