"""A station's data sheet: the place, its sensors, and every version of their levels."""

import msgspec

from command_center.picture.directory import Directory
from sensors.catalogue import Datastream, Level, Station
from sensors.health_kinds import is_health
from sensors.rules import levels_in_force
from sensors.sharing import Audience


class LevelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A level as it stands, or stood, from a moment on."""

    name: str
    value: float
    direction: str
    rank: int
    severity: int
    hysteresis: float
    on_delay_s: float
    off_delay_s: float
    effective_from: str  # RFC 3339 UTC; empty = always
    author: str
    source: str
    in_force: bool


class StationSensor(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor of a station."""

    id: str
    property: str
    kind: str
    unit: str
    health: bool  # of the device itself: battery, signal, clock
    interval_s: float  # in which an observation is expected
    source: str
    sharing: str
    derived_from: list[str]  # ids of those it is computed from that may be seen, too
    levels: list[LevelVersion]  # every version, in the order in which they take effect


class StationSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue in force says of a station, with the sensors that whoever asks may see."""

    station: str
    name: str
    kind: str
    lat: float
    lon: float
    area: str
    area_name: str
    jurisdiction: str
    agency: str
    programme: str
    basin: str
    road: str
    camera: str
    link: str
    via: str
    power: str
    affects: list[str]
    illustrative: bool
    sensors: list[StationSensor]


def station_sheet(directory: Directory, station: str, audience: Audience, now_us: int) -> StationSheet | None:
    """The data sheet; None where there is no such station, or nothing there is shared with the audience."""
    catalogue = directory.catalogue
    found = catalogue.station_by_id.get(station)
    seen = [d for d in directory.datastreams if d.station == station and directory.shows(d.id, audience)]
    if found is None or not (seen or audience is Audience.INTERNAL):
        return None
    area, jurisdiction = catalogue.area_by_code.get(found.area), catalogue.jurisdiction(found.area)
    same = {name: getattr(found, name) for name in _SAME}
    return StationSheet(
        **same,
        area_name="" if area is None else area.name,
        jurisdiction="" if jurisdiction is None else jurisdiction.name,
        affects=list(found.affects),
        illustrative=found.is_illustrative,
        sensors=[_sensor(datastream, directory, audience, now_us) for datastream in seen],
    )


_SAME = tuple(set(StationSheet.__struct_fields__) & set(Station.__struct_fields__) - {"affects"})


def _sensor(datastream: Datastream, directory: Directory, audience: Audience, now_us: int) -> StationSensor:
    in_force = levels_in_force(datastream, now_us)
    inputs = () if datastream.derivation is None else datastream.derivation.inputs
    return StationSensor(
        id=datastream.id,
        property=datastream.property,
        kind=datastream.kind,
        unit=datastream.unit,
        health=is_health(datastream.kind),
        interval_s=datastream.interval_calm_s,
        source=datastream.source,
        sharing=datastream.sharing,
        derived_from=[one for one in inputs if directory.shows(one, audience)],
        levels=[_version(level, level in in_force) for level in sorted(datastream.levels, key=_since)],
    )


def _since(level: Level) -> tuple[str, int]:
    return level.effective_from, level.rank


def _version(level: Level, in_force: bool) -> LevelVersion:
    return LevelVersion(
        name=level.level,
        value=level.value,
        direction=level.direction,
        rank=level.rank,
        severity=level.severity,
        hysteresis=level.hysteresis,
        on_delay_s=level.on_delay_s,
        off_delay_s=level.off_delay_s,
        effective_from=level.effective_from,
        author=level.author,
        source=level.source,
        in_force=in_force,
    )
