"""Reading a city's folder into a `Catalogue`: every row cross-checked, every fault named, the rest runs."""

import re
from pathlib import Path
from typing import Final

import msgspec

from sensors.action_table import read_actions
from sensors.actuator_table import Known, read_actuators
from sensors.catalogue import Area, Catalogue, City, Datastream, Programme, Reach, Station
from sensors.city_file import FILE as CITY_FILE
from sensors.city_file import read_city
from sensors.contact_table import read_contacts, read_rosters, usable_rules
from sensors.curve_table import read_curves
from sensors.datastream_table import read_datastreams
from sensors.derived_table import read_derived
from sensors.errors import CatalogueError, RowError
from sensors.installation_table import read_installations
from sensors.level_table import read_levels
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table, unknown
from sensors.visit_table import read_visits

BUILT_IN: Final = Path(__file__).parent / "cities"
AREA_CODE: Final = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?")  # Kemendagri: province.regency.district.village
RETIRED_NAME: Final = re.compile(
    rf"{IDENTIFIER.pattern}:{IDENTIFIER.pattern}(/[^/\s]+|@[^/\s]+|!{IDENTIFIER.pattern})?"
)

_AREA_ORDER: Final = {"desa": 0, "kelurahan": 0, "kecamatan": 1, "kabupaten": 2, "kota": 2}


class RetiredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of retired.csv: what may vanish from the other tables, on whose word."""

    # STATION:PROPERTY, and behind it /LEVEL, @VALID_FROM (of an installation) or !ACTION for a part; or actuator:NAME
    name: str
    by: str
    reason: str


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
    faults: list[Fault] = []
    catalogue = _read_catalogue(folder, faults)
    order = {file: place for place, file in enumerate(dict.fromkeys(fault.file for fault in faults))}
    faults.sort(key=lambda fault: (order[fault.file], fault.line))
    if not catalogue.datastreams:
        raise CatalogueError(f"{folder}: no usable datastream is left", tuple(faults))
    return catalogue, tuple(faults)


def read_retired(folder: Path) -> tuple[frozenset[str], tuple[Fault, ...]]:
    """The names in retired.csv (as `RetiredRow` has them) and its faults; it may be absent."""

    def check(line: Line[RetiredRow]) -> str:
        if not RETIRED_NAME.fullmatch(line.row.name):
            forms = "STATION:PROPERTY, or that with /LEVEL, @VALID_FROM or !ACTION behind it"
            raise RowError("name", f"expected {forms}, got {line.row.name!r}")
        return line.row.name

    faults: list[Fault] = []
    names = read_table(folder / "retired.csv", RetiredRow, check, faults, required=False)
    return frozenset(names), tuple(faults)


def _read_catalogue(folder: Path, faults: list[Fault]) -> Catalogue:
    """All tables, each checked against those before it."""
    city = read_city(folder, faults)
    areas = _read_areas(folder, faults)
    programmes = _read_programmes(folder, faults)
    stations = _read_stations(folder, city, {a.code for a in areas}, {p.code for p in programmes}, faults)
    codes = {station.station for station in stations}
    rows = read_datastreams(folder, city, codes, faults)
    observed = {name: msgspec.convert(msgspec.structs.asdict(row), Datastream) for name, row in rows.items()}
    curves = read_curves(folder, faults)
    datastreams = observed | read_derived(folder, codes, observed, curves, faults)
    properties = {row.property for row in datastreams.values()}
    strangers = [name for name in city.properties if name not in properties]
    faults.extend(Fault("city.toml", 0, "properties", unknown("property", name, properties)) for name in strangers)
    levels = read_levels(folder, city, datastreams, faults)
    installations = read_installations(folder, city, rows, faults)
    contacts = read_contacts(folder, {a.code for a in areas}, faults)
    notify = usable_rules(city.notify, {c.group for c in contacts}, CITY_FILE, faults)
    named = {name: {level.level for level in rows} for name, rows in levels.items()}
    sources = {source.name for source in city.sources}
    known = Known(codes, {area.code for area in areas}, sources, datastreams, named)
    return Catalogue(
        city=msgspec.structs.replace(city, notify=notify),
        areas=tuple(areas),
        programmes=tuple(programmes),
        stations=tuple(stations),
        reaches=tuple(_read_reaches(folder, codes, faults)),
        visits=tuple(read_visits(folder, codes, faults)),
        datastreams=tuple(
            msgspec.structs.replace(row, levels=levels.get(name, ()), installations=installations.get(name, ()))
            for name, row in datastreams.items()
        ),
        curves=tuple(curve.curve() for curve in curves.values()),
        actions=read_actions(folder, levels, faults),
        contacts=tuple(contacts),
        rosters=tuple(read_rosters(folder, contacts, faults)),
        actuators=read_actuators(folder, known, faults),
    )


def _read_areas(folder: Path, faults: list[Fault]) -> list[Area]:
    codes = Unique()

    def check(line: Line[Area]) -> Line[Area]:
        if not AREA_CODE.fullmatch(line.row.code):
            raise RowError(
                "code",
                f"expected a Kemendagri code such as 35.76.01.1003, got {line.row.code!r}"
                " (a spreadsheet cuts zeros unless the column is text)",
            )
        codes.add(line.row.code, "code", line.number)
        return line

    lines = read_table(folder / "areas.csv", Area, check, faults)
    by_code = {line.row.code: line.row for line in lines}
    return [_with_known_parent(line, by_code, faults) for line in lines]


def _with_known_parent(line: Line[Area], by_code: dict[str, Area], faults: list[Fault]) -> Area:
    """The area; one whose parent cannot be is kept without it, for the stations that stand in it."""
    area, parent = line.row, by_code.get(line.row.parent)
    if not area.parent or (parent is not None and _AREA_ORDER[parent.kind] > _AREA_ORDER[area.kind]):
        return area
    reason = unknown("area", area.parent, by_code)
    if parent is not None:
        reason = f"a {area.kind} cannot lie in {parent.code}, a {parent.kind}"
    faults.append(Fault("areas.csv", line.number, "parent", reason))
    return msgspec.structs.replace(area, parent="")


def _read_programmes(folder: Path, faults: list[Fault]) -> list[Programme]:
    codes = Unique()

    def check(line: Line[Programme]) -> Programme:
        if line.row.planned_stations < 0:
            raise RowError("planned_stations", f"expected 0 or more, got {line.row.planned_stations}")
        codes.add(line.row.code, "code", line.number)
        return line.row

    return read_table(folder / "programmes.csv", Programme, check, faults, required=False)


def _read_stations(
    folder: Path, city: City, areas: set[str], programmes: set[str], faults: list[Fault]
) -> list[Station]:
    names = Unique()

    def check(line: Line[Station]) -> Station:
        station = line.row
        _check_place(station)
        for column, codes in (("area", (station.area,)), ("affects", station.affects)):
            for code in codes:
                if code not in areas:
                    raise RowError(column, unknown("area", code, areas))
        if station.programme and station.programme not in programmes:
            raise RowError("programme", unknown("programme", station.programme, programmes))
        if station.basin and station.basin not in city.basins:
            raise RowError("basin", unknown("basin", station.basin, city.basins))
        names.add(station.station, "station", line.number)
        return station

    return read_table(folder / "stations.csv", Station, check, faults)


def _check_place(station: Station) -> None:
    if not IDENTIFIER.fullmatch(station.station):
        raise RowError("station", f"expected letters, digits, _ and -, at most 64, got {station.station!r}")
    if not -90 <= station.lat <= 90:
        raise RowError("lat", f"expected -90 to 90, got {station.lat}")
    if not -180 <= station.lon <= 180:
        raise RowError("lon", f"expected -180 to 180, got {station.lon}")


def _read_reaches(folder: Path, stations: set[str], faults: list[Fault]) -> list[Reach]:
    pairs = Unique()

    def check(line: Line[Reach]) -> Reach:
        reach = line.row
        for column, station in (("upstream", reach.upstream), ("downstream", reach.downstream)):
            if station not in stations:
                raise RowError(column, unknown("station", station, stations))
        if reach.upstream == reach.downstream:
            raise RowError("downstream", "a reach cannot end where it begins")
        if reach.travel_min < 0:
            raise RowError("travel_min", f"expected 0 or more, got {reach.travel_min}")
        low, high = reach.travel_min_low, reach.travel_min_high
        if low is not None and not 0 <= low <= reach.travel_min:
            raise RowError("travel_min_low", f"expected 0 to travel_min {reach.travel_min}, got {low}")
        if high is not None and high < reach.travel_min:
            raise RowError("travel_min_high", f"expected travel_min {reach.travel_min} or more, got {high}")
        pairs.add(f"{reach.upstream} to {reach.downstream}", "downstream", line.number)
        return reach

    return _without_circles(read_table(folder / "reaches.csv", Reach, check, faults, required=False), faults)


def _without_circles(reaches: list[Reach], faults: list[Fault]) -> list[Reach]:
    """The reaches that lead somewhere: water does not run in a circle."""
    left = reaches
    while True:
        sources = {reach.upstream for reach in left}
        onward = [reach for reach in left if reach.downstream in sources]
        if len(onward) == len(left):
            break
        left = onward
    if left:
        names = ", ".join(f"{reach.upstream} to {reach.downstream}" for reach in left)
        faults.append(Fault("reaches.csv", 0, "downstream", f"left out, they lead into a circle: {names}"))
    return [reach for reach in reaches if reach not in left]
