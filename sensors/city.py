"""Reading a city's folder into a `Catalogue`: every row cross-checked, every fault named, the rest runs."""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sensors import units
from sensors.catalogue import Area, Catalogue, City, Datastream, Level, Programme, Reach, Station
from sensors.errors import CatalogueError, SettingsError
from sensors.settings import convert, read_toml
from sensors.tables import Fault, Line, Table, read_table
from sensors.times import parse_rfc3339, rfc3339

BUILT_IN: Final = Path(__file__).parent / "cities"
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
AREA_CODE: Final = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?")  # Kemendagri: province.regency.district.village


class LevelRow(Level, frozen=True, kw_only=True):
    """A row of levels.csv."""

    station: str
    property: str
    unit: str
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0


class DatastreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of datastreams.csv: a `Datastream` without what the gateway and levels.csv add."""

    station: str
    property: str
    kind: str
    unit: str
    origin_source: str = ""
    zone: str = ""
    epoch_unit: str = "ms"
    valid_min: float | None = None
    valid_max: float | None = None
    rise_limit_per_h: float | None = None
    interval_calm_s: float
    interval_storm_s: float | None = None
    sharing: str = "internal"
    source: str = "illustrative"


def city_folder(name: str) -> Path:
    """The folder of a built-in city, or the folder that `name` is; CatalogueError where there is none."""
    built_in = BUILT_IN / name
    folder = built_in if IDENTIFIER.fullmatch(name) and built_in.is_dir() else Path(name)
    if not (folder / "city.toml").is_file():
        known = ", ".join(sorted(p.parent.name for p in BUILT_IN.glob("*/city.toml")))
        raise CatalogueError(
            f"city {name!r}: expected a built-in city ({known}) or a folder with a city.toml, got neither"
        )
    return folder


def load_city(name: str) -> tuple[Catalogue, tuple[Fault, ...]]:
    """The catalogue of a city (a built-in name or a folder) and every fault found; rows with a fault are left out.

    Raises CatalogueError where city.toml cannot be used or no datastream is left.
    """
    folder = city_folder(name)
    city = _read_city(folder)
    reader = _Reader(folder, city)
    catalogue = reader.read()
    if not catalogue.datastreams:
        raise CatalogueError(f"{folder}: no usable datastream is left", tuple(reader.faults))
    return catalogue, tuple(reader.faults)


def _read_city(folder: Path) -> City:
    try:
        city = convert(read_toml(folder / "city.toml"), City, "city.toml")
    except SettingsError as error:
        raise CatalogueError(str(error)) from error
    if not _is_zone(city.time_zone):
        raise CatalogueError(
            f"city.toml: time_zone: expected an IANA zone such as Asia/Jakarta, got {city.time_zone!r}"
        )
    return city


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


T = TypeVar("T", bound=msgspec.Struct)


class _Reader:
    """Reads one folder; `faults` grows as it goes."""

    def __init__(self, folder: Path, city: City) -> None:
        self.folder, self.city = folder, city
        self.faults: list[Fault] = []

    def read(self) -> Catalogue:
        """All tables, each checked against those before it."""
        areas = self._table("areas.csv", Area, self._check_area, key="code")
        self._area_codes = {a.code for a in areas}
        programmes = self._table("programmes.csv", Programme, self._check_programme, key="code", required=False)
        self._programme_codes = {p.code for p in programmes}
        stations = self._table("stations.csv", Station, self._check_station, key="station")
        self._stations = {s.station: s for s in stations}
        datastreams = self._datastreams()
        reaches = self._table("reaches.csv", Reach, self._check_reach, required=False)
        self._check_layers()
        return Catalogue(
            city=self.city,
            areas=_known_parents(areas, self),
            programmes=tuple(programmes),
            stations=tuple(stations),
            reaches=tuple(reaches),
            datastreams=tuple(datastreams),
        )

    def _table(self, file: str, kind: type[T], check: Any, *, key: str = "", required: bool = True) -> list[T]:
        table = read_table(self.folder / file, kind, required=required)
        rows: list[T] = []
        seen: dict[str, int] = {}
        for line in table.lines:
            column, reason = check(line.row)
            if not reason and key:
                column, reason = key, _repeated(str(getattr(line.row, key)), line, seen)
            if reason:
                table.fault(line.number, column, reason)
            else:
                rows.append(line.row)
        self._take_faults(table)
        return rows

    def _take_faults(self, table: Table[Any]) -> None:
        self.faults.extend(sorted(table.faults, key=lambda fault: fault.line))

    def _check_area(self, area: Area) -> tuple[str, str]:
        if not AREA_CODE.fullmatch(area.code):
            return "code", f"expected a Kemendagri code such as 35.76.01.1003, got {area.code!r}"
        return "", ""

    def _check_programme(self, programme: Programme) -> tuple[str, str]:
        return "", "" if programme.planned_stations >= 0 else "planned_stations: expected 0 or more"

    def _check_station(self, station: Station) -> tuple[str, str]:
        if not IDENTIFIER.fullmatch(station.station):
            return "station", f"expected letters, digits, _ and -, at most 64, got {station.station!r}"
        if not -90 <= station.lat <= 90:
            return "lat", f"expected -90 to 90, got {station.lat}"
        if not -180 <= station.lon <= 180:
            return "lon", f"expected -180 to 180, got {station.lon}"
        if station.area not in self._area_codes:
            return "area", _unknown("area", station.area, self._area_codes)
        unknown = [code for code in station.affects if code not in self._area_codes]
        if unknown:
            return "affects", _unknown("area", unknown[0], self._area_codes)
        if station.programme and station.programme not in self._programme_codes:
            return "programme", _unknown("programme", station.programme, self._programme_codes)
        if station.basin and station.basin not in self.city.basins:
            return "basin", _unknown("basin", station.basin, self.city.basins)
        return "", ""

    def _check_reach(self, reach: Reach) -> tuple[str, str]:
        for column, station in (("upstream", reach.upstream), ("downstream", reach.downstream)):
            if station not in self._stations:
                return column, _unknown("station", station, self._stations)
        if reach.upstream == reach.downstream:
            return "downstream", "a reach cannot end where it begins"
        return "", "" if reach.travel_min >= 0 else "travel_min: expected 0 or more"

    def _datastreams(self) -> list[Datastream]:
        table = read_table(self.folder / "datastreams.csv", DatastreamRow)
        rows: dict[str, DatastreamRow] = {}
        seen: dict[str, int] = {}
        for line in table.lines:
            column, reason = self._check_datastream(line.row)
            name = f"{line.row.station}:{line.row.property}"
            if not reason:
                column, reason = "property", _repeated(name, line, seen)
            if reason:
                table.fault(line.number, column, reason)
            else:
                rows[name] = line.row
        self._take_faults(table)
        levels = self._levels(rows)
        return [self._datastream(row, levels.get(name, [])) for name, row in rows.items()]

    def _datastream(self, row: DatastreamRow, levels: list[Level]) -> Datastream:
        values = msgspec.structs.asdict(row) | {"unit": units.canonical(row.unit), "levels": levels}
        return msgspec.convert(values, Datastream, from_attributes=True)

    def _check_datastream(self, row: DatastreamRow) -> tuple[str, str]:
        if row.station not in self._stations:
            return "station", _unknown("station", row.station, self._stations)
        if not IDENTIFIER.fullmatch(row.property):
            return "property", f"expected letters, digits, _ and -, at most 64, got {row.property!r}"
        if units.canonical(row.unit) is None:
            return "unit", f"expected one of {', '.join(units.KNOWN)}, got {row.unit!r}"
        if row.zone and not _is_zone(row.zone):
            return "zone", f"expected an IANA zone such as Asia/Jakarta, got {row.zone!r}"
        if row.epoch_unit not in ("ms", "s", "us"):
            return "epoch_unit", f"expected ms, s or us, got {row.epoch_unit!r}"
        if row.sharing not in ("public", "agency", "internal"):
            return "sharing", f"expected public, agency or internal, got {row.sharing!r}"
        if not 0 < row.interval_calm_s < math.inf:
            return "interval_calm_s", f"expected more than 0, got {row.interval_calm_s}"
        if row.interval_storm_s is not None and not 0 < row.interval_storm_s < math.inf:
            return "interval_storm_s", f"expected more than 0, got {row.interval_storm_s}"
        if row.valid_min is not None and row.valid_max is not None and row.valid_min >= row.valid_max:
            return "valid_max", f"expected more than valid_min {row.valid_min}, got {row.valid_max}"
        return "", ""

    def _levels(self, rows: dict[str, DatastreamRow]) -> dict[str, list[Level]]:
        table = read_table(self.folder / "levels.csv", LevelRow, required=False)
        levels: dict[str, list[tuple[Line[LevelRow], Level]]] = {}
        seen: dict[str, int] = {}
        for line in table.lines:
            name = f"{line.row.station}:{line.row.property}"
            level, column, reason = self._check_level(line.row, rows.get(name))
            if not reason:
                version = f"{name}/{line.row.level}/{line.row.effective_from}"
                column, reason = "level", _repeated(version, line, seen)
            if reason or level is None:
                table.fault(line.number, column, reason)
            else:
                levels.setdefault(name, []).append((line, level))
        kept = {name: _in_rank_order(table, pairs) for name, pairs in levels.items()}
        self._take_faults(table)
        return kept

    def _check_level(self, row: LevelRow, datastream: DatastreamRow | None) -> tuple[Level | None, str, str]:
        if datastream is None:
            return None, "property", f"no datastream {row.station}:{row.property} in datastreams.csv"
        to = units.conversion(row.unit, datastream.unit)
        if to is None:
            return None, "unit", f"expected a unit that converts to {datastream.unit}, got {row.unit!r}"
        if not 1 <= row.severity <= 4:
            return None, "severity", f"expected 1 to 4, got {row.severity}"
        if not 1 <= row.rank <= 100:
            return None, "rank", f"expected 1 to 100 (normal is 0 and has no row), got {row.rank}"
        if not (math.isfinite(row.value) and math.isfinite(row.hysteresis) and row.hysteresis >= 0):
            return None, "hysteresis", f"expected 0 or more, got {row.hysteresis} (value {row.value})"
        for column, delay_s in (("on_delay_s", row.on_delay_s), ("off_delay_s", row.off_delay_s)):
            if delay_s:
                return None, column, f"delays are not evaluated by this version: expected 0, got {delay_s}"
        if row.level not in self.city.levels:
            return None, "level", _unknown("level", row.level, self.city.levels)
        value = row.value * to.factor + to.offset
        if datastream.valid_max is not None and row.direction == "rising" and value > datastream.valid_max:
            return None, "value", f"{value} {datastream.unit} can never be reached: valid_max is {datastream.valid_max}"
        if datastream.valid_min is not None and row.direction == "falling" and value < datastream.valid_min:
            return None, "value", f"{value} {datastream.unit} can never be reached: valid_min is {datastream.valid_min}"
        try:
            effective_from = self._moment(row.effective_from)
        except ValueError as error:
            return None, "effective_from", str(error)
        level = Level(
            level=row.level,
            rank=row.rank,
            severity=row.severity,
            direction=row.direction,
            value=value,
            hysteresis=row.hysteresis * to.factor,
            effective_from=effective_from,
            author=row.author,
            source=row.source,
        )
        return level, "", ""

    def _moment(self, text: str) -> str:
        """A date or time, in the city's zone where it has no offset, as RFC 3339 in UTC."""
        if not text:
            return ""
        time_us = parse_rfc3339(text, ZoneInfo(self.city.time_zone))
        return rfc3339(time_us) if time_us is not None else ""

    def _check_layers(self) -> None:
        for layer in self.city.layers:
            if Path(layer.file).name != layer.file or not layer.file.endswith((".geojson", ".pmtiles")):
                self.faults.append(
                    Fault("city.toml", 0, "layers", f"expected NAME.geojson or NAME.pmtiles, got {layer.file!r}")
                )
            elif not (self.folder / layer.file).is_file():
                self.faults.append(Fault("city.toml", 0, "layers", f"no file {layer.file} in the city's folder"))


def _known_parents(areas: list[Area], reader: _Reader) -> tuple[Area, ...]:
    codes = {a.code for a in areas}
    for area in areas:
        if area.parent and area.parent not in codes:
            reader.faults.append(
                Fault("areas.csv", 0, "parent", f"{area.code}: {_unknown('area', area.parent, codes)}")
            )
    return tuple(areas)


def _repeated(key: str, line: Line[Any], seen: dict[str, int]) -> str:
    """The reason if `key` stood in an earlier line, ignoring case; notes it otherwise."""
    first = seen.setdefault(key.casefold(), line.number)
    return "" if first == line.number else f"{key!r} stands in line {first} already (ids are unique ignoring case)"


def _unknown(what: str, got: str, known: Iterable[str]) -> str:
    """Why a reference fails, with what a spreadsheet may have done to it."""
    stripped = [name for name in known if name != got and name.lstrip("0") == got.lstrip("0")]
    if stripped:
        return f"no {what} {got!r}; did a spreadsheet strip the leading zeros of {stripped[0]!r}?"
    same = [name for name in known if name.casefold() == got.casefold()]
    return f"no {what} {got!r}" + (f"; did you mean {same[0]!r}?" if same else "")


def _in_rank_order(table: Table[LevelRow], pairs: list[tuple[Line[LevelRow], Level]]) -> list[Level]:
    """The levels by rank and version; one whose limit contradicts its rank is a fault and left out."""
    kept: list[Level] = []
    for line, level in sorted(pairs, key=lambda pair: (pair[1].rank, pair[1].effective_from)):
        below = [k for k in kept if k.direction == level.direction and k.rank < level.rank and k.level != level.level]
        sign = 1 if level.direction == "rising" else -1
        worse = [k for k in below if sign * k.value >= sign * level.value and k.effective_from == level.effective_from]
        if worse:
            table.fault(
                line.number,
                "value",
                f"rank {level.rank} at {level.value} is not beyond {worse[0].level} ({worse[0].value})",
            )
        else:
            kept.append(level)
    return kept
