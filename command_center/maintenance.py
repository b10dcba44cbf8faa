"""Who has to be visited next: each station's own health, how long it lasts, and what goes blind without it.

Ranked by weight (`going_blind`) ÷ days left.  A station that is blind already has no days left and counts as half a
day; where nothing can be projected, or nothing falls, 60 days are taken.
"""

import asyncio
import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from command_center.going_blind import Weight, weights
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from gateway.log.rows import DeadLetterGroup
from gateway.unknown_devices import harmless
from sensors.catalogue import Catalogue, Datastream, Station
from sensors.health_kinds import LOW_BATTERY, is_health
from sensors.quality import Quality, Reason
from sensors.rules import levels_in_force
from sensors.runway import DAYS, Runway, runway
from sensors.times import HOUR_US, SECOND_US, rfc3339

MIN_DAYS: Final = 0.5
UNKNOWN_DAYS: Final = 60.0
SILENT_INTERVALS: Final = 3.0
MAX_CELL: Final = 10_000  # characters of the table's cells: what somebody noted of a visit is not cut
STATIONS_AT_ONCE: Final = 10  # between two turns of the loop: others wait for some milliseconds at most
_LEAD_ACID_V: Final = (6.0, 18.0)  # beyond is another battery than 12 V, whose limit only levels.csv can tell
_GAUGES: Final = ("battery", "solar", "signal", "sim_quota")

Why = Literal["blind", "reached", "projected", "steady", "too_short", "no_limit", "no_battery"]


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """One datastream of a device's health: its newest value and how it moves.  None = not known."""

    value: float | None
    unit: str
    at: str  # RFC 3339 UTC
    per_day: float | None = None  # unit a day
    limit: float | None = None
    days_left: float | None = None


class Upkeep(msgspec.Struct, frozen=True, kw_only=True):
    """A station as its maintainer needs it."""

    rank: int
    station: str
    name: str
    agency: str
    area_name: str
    power: str
    link: str
    lat: float
    lon: float
    days_left: float | None
    why: Why  # what `days_left` rests on, or why it is not known
    weight: int
    has_levels: bool
    downstream: int
    is_only_gauge: bool
    score: float  # weight ÷ days left
    last_seen: str | None
    battery: Gauge | None
    solar: Gauge | None
    signal: Gauge | None
    sim_quota: Gauge | None
    clock_offset_s: float | None
    clock_fault: bool
    duplicates: float | None
    dead_letters: int
    last_visit: str
    visited_by: str
    work: str
    calibration_due: str
    calibration_overdue: bool


class _Life(NamedTuple):
    """A datastream of health and what the last days say of it."""

    datastream: Datastream
    runway: Runway
    limit: float


async def upkeep(picture: Picture, groups: Sequence[DeadLetterGroup], now_us: int, today: str) -> list[Upkeep]:
    """Every station, the most urgent first; empty before the log was read.  `today` is the city's date."""
    directory = picture.directory
    if directory is None:
        return []
    ledger = _Ledger(picture, directory, groups, now_us, today)
    found = []
    for place, station in enumerate(directory.catalogue.stations):
        if place % STATIONS_AT_ONCE == 0:
            await asyncio.sleep(0)
        found.append(ledger.upkeep(station))
    found.sort(key=lambda one: (-one.score, one.station))
    return [msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(found, 1)]


def as_csv(items: Sequence[Upkeep]) -> str:
    """The same as a table for a spreadsheet: a row a station, decimal points, no cell that it takes for a formula."""
    names = [field.name for field in msgspec.structs.fields(Upkeep)]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow([column for name in names for column in _columns(name)])
    for item in items:
        table.writerow([_cell(value) for name in names for value in _values(name, getattr(item, name))])
    return text.getvalue()


def _columns(name: str) -> tuple[str, ...]:
    if name not in _GAUGES:
        return (name,)
    return name, f"{name}_unit", f"{name}_per_day", f"{name}_limit", f"{name}_days_left"


def _values(name: str, value: object) -> tuple[object, ...]:
    if name not in _GAUGES:
        return (value,)
    if not isinstance(value, Gauge):
        return (None,) * 5
    return value.value, value.unit, value.per_day, value.limit, value.days_left


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return harmless(value, MAX_CELL) if isinstance(value, str) else "" if value is None else value


class _Ledger:
    """What all stations' entries are made from."""

    def __init__(
        self, picture: Picture, directory: Directory, groups: Sequence[DeadLetterGroup], now_us: int, today: str
    ) -> None:
        self._picture, self._now_us, self._today = picture, now_us, today
        catalogue = directory.catalogue
        self._catalogue = catalogue
        self._weights = weights(catalogue, now_us)
        self._letters = _letters_by_station(catalogue, groups)
        self._visits = {visit.station: visit for visit in catalogue.visits}  # the newest: they come the oldest first
        self._calibrated = {v.station: v.calibration_due for v in catalogue.visits if v.calibration_due}
        self._datastreams: dict[str, list[Datastream]] = {}
        for datastream in directory.datastreams:
            self._datastreams.setdefault(datastream.station, []).append(datastream)

    def upkeep(self, station: Station) -> Upkeep:
        """One station's entry, not ranked yet."""
        name = station.station
        datastreams = self._datastreams.get(name, [])
        latest = self._picture.latest
        heard = [d for d in datastreams if latest.heard(d.number)]
        health = {d.kind: d for d in reversed(datastreams) if is_health(d.kind)}
        battery = self._life(health.get("battery"), self._battery_limit(health.get("battery")))
        days, why = self._days_left(datastreams, battery)
        weight = self._weights.get(name, Weight(has_levels=False, downstream=0, is_only_gauge=False))
        visit, due = self._visits.get(name), self._calibrated.get(name, "")
        area = self._catalogue.area_by_code.get(station.area)
        return Upkeep(
            rank=0,
            station=name,
            name=station.name,
            agency=station.agency,
            area_name="" if area is None else area.name,
            power=station.power,
            link=station.link,
            lat=station.lat,
            lon=station.lon,
            days_left=days,
            why=why,
            weight=weight.total,
            has_levels=weight.has_levels,
            downstream=weight.downstream,
            is_only_gauge=weight.is_only_gauge,
            score=round(weight.total / max(UNKNOWN_DAYS if days is None else days, MIN_DAYS), 3),
            last_seen=rfc3339(max(int(latest.time_us[d.number]) for d in heard)) if heard else None,
            battery=self._gauge(battery),
            solar=self._gauge(self._life(health.get("solar"))),
            signal=self._gauge(self._life(health.get("signal"))),
            sim_quota=self._gauge(self._life(health.get("sim_quota"), 0.0)),
            clock_offset_s=self._value(health.get("clock_offset")),
            clock_fault=any(int(latest.reasons[d.number]) & Reason.CLOCK_FAULT for d in heard),
            duplicates=self._value(health.get("duplicates")),
            dead_letters=self._letters.get(name, 0),
            last_visit="" if visit is None else visit.visited,
            visited_by="" if visit is None else visit.by,
            work="" if visit is None else visit.work,
            calibration_due=due,
            calibration_overdue=bool(due) and due < self._today,
        )

    def _days_left(self, datastreams: Sequence[Datastream], battery: _Life | None) -> tuple[float | None, Why]:
        """Days until the station goes dark, and what that rests on."""
        measured = [d for d in datastreams if d.derivation is None and not is_health(d.kind)]
        if measured and not any(self._speaks(d) for d in measured):
            return 0.0, "blind"
        if battery is None:
            return None, "no_battery"
        if math.isnan(battery.limit):
            return None, "no_limit"
        days = battery.runway.days_left
        if math.isnan(days):
            return None, "too_short"
        if math.isinf(days):
            return None, "steady"
        return round(days, 1), "projected" if days else "reached"

    def _speaks(self, datastream: Datastream) -> bool:
        latest = self._picture.latest
        if not latest.heard(datastream.number):
            return False
        age_s = (self._now_us - int(latest.time_us[datastream.number])) / SECOND_US
        return age_s <= SILENT_INTERVALS * datastream.interval_calm_s

    def _battery_limit(self, datastream: Datastream | None) -> float:
        """Where the battery counts as empty: its highest falling level, else what its kind of battery has."""
        if datastream is None:
            return math.nan
        low = [level.value for level in levels_in_force(datastream, self._now_us) if level.direction == "falling"]
        if not low and datastream.unit == "V":
            _, values = self._last_days(datastream)  # the highest: an empty one of 12 V may have less than 6 left
            least, most = _LEAD_ACID_V
            if not len(values) or not least <= values.max() <= most:
                return math.nan
        return max(low) if low else LOW_BATTERY.get(datastream.unit, math.nan)

    def _life(self, datastream: Datastream | None, limit: float = math.nan) -> _Life | None:
        if datastream is None or not self._picture.latest.heard(datastream.number):
            return None
        swings = datastream.kind != "sim_quota"
        found = runway(*self._last_days(datastream), self._now_us, limit, swings=swings)
        return _Life(datastream, found, limit)

    def _last_days(self, datastream: Datastream) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and good values, both of shape (n,), of the days that a projection rests on."""
        from_us = self._now_us - (DAYS * 24 + 1) * HOUR_US
        rows = self._picture.history.between(datastream.number, from_us, self._now_us)
        good = (rows["quality"] < Quality.FAIL) & np.isfinite(rows["value"])
        return rows["time_us"][good], rows["value"][good]

    def _gauge(self, life: _Life | None) -> Gauge | None:
        if life is None:
            return None
        number = life.datastream.number
        return Gauge(
            value=_known(float(self._picture.latest.value[number])),
            unit=life.datastream.unit,
            at=rfc3339(int(self._picture.latest.time_us[number])),
            per_day=_known(life.runway.slope_per_day),
            limit=_known(life.limit),
            days_left=_known(life.runway.days_left),
        )

    def _value(self, datastream: Datastream | None) -> float | None:
        if datastream is None or not self._picture.latest.heard(datastream.number):
            return None
        return _known(float(self._picture.latest.value[datastream.number]))


def _letters_by_station(catalogue: Catalogue, groups: Sequence[DeadLetterGroup]) -> Mapping[str, int]:
    """Dead letters that were not retried with success, by station: its name or its device's id stands in the topic."""
    names = {s.station.casefold(): s.station for s in catalogue.stations}
    for datastream in catalogue.datastreams:
        for installation in datastream.installations:
            names.setdefault(installation.device.casefold(), datastream.station)
    counts: dict[str, int] = {}
    for group in groups:
        station = next((names[part] for part in group.topic.casefold().split("/") if part and part in names), None)
        if station is not None:
            counts[station] = counts.get(station, 0) + group.count - group.retried
    return counts


def _known(value: float) -> float | None:
    """Rounded for people; None for what is not known, or endless."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
