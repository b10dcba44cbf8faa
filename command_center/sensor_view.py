"""Sensors as the API and the wall show them: what the catalogue says, with the newest observation and the alarm."""

import math
from typing import Final

import msgspec
from msgspec.structs import replace

from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.observation_view import ORIGIN_WORDS, known
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from sensors.catalogue import Datastream, Level
from sensors.health_kinds import is_health
from sensors.quality import Reason
from sensors.rules import levels_in_force
from sensors.times import HOUR_US, SECOND_US, rfc3339


class NewestObservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The observation with the latest phenomenon time."""

    time: str  # RFC 3339 UTC
    value: float | None
    quality: int
    origin: str
    age_s: float  # from its time to the answer
    reasons: list[str] = []


class SensorLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level in force."""

    name: str
    value: float  # unit of the datastream
    direction: str
    rank: int
    severity: int
    hysteresis: float
    illustrative: bool


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    """A datastream, its place, what it said last and what it holds."""

    id: str
    number: int
    station: str
    property: str
    kind: str
    health: bool  # tells of the device itself: for the maintainer, not on the wall
    unit: str
    name: str  # of the station
    levels: list[SensorLevel]
    levels_reached: list[str]
    latest: NewestObservation | None  # None = never heard
    silent: bool
    alarm: str | None  # id of the open alarm
    conflicts: int  # other values that came for a time that has one already
    interval_s: float  # in which an observation is expected
    area: str
    area_name: str
    jurisdiction: str
    agency: str
    programme: str
    dimension: str
    basin: str
    road: str
    lat: float
    lon: float
    illustrative: bool


_LEVELS_LAST_US: Final = HOUR_US  # how long the levels in force are taken for granted


class SensorBook:
    """Every sensor of the catalogue in force."""

    def __init__(self, picture: Picture, desk: AlarmDesk) -> None:
        self._picture, self._desk = picture, desk
        self._blank: list[Sensor] = []
        self._blank_of: tuple[Directory | None, int] = (None, 0)

    def all(self, now_us: int) -> list[Sensor]:
        """The sensors in the catalogue's order; none before the log was read."""
        return [self._filled(blank, now_us) for blank in self._blanks(now_us)]

    def on_wall(self, now_us: int) -> list[Sensor]:
        """The sensors that operators watch: all but the devices' own health."""
        return [self._filled(blank, now_us) for blank in self._blanks(now_us) if not blank.health]

    def one(self, sensor_id: str, now_us: int) -> Sensor | None:
        """The sensor `{station}:{property}`."""
        found = [blank for blank in self._blanks(now_us) if blank.id == sensor_id]
        return self._filled(found[0], now_us) if found else None

    def _blanks(self, now_us: int) -> list[Sensor]:
        directory = self._picture.directory
        key = (directory, now_us // _LEVELS_LAST_US)
        if key != self._blank_of:
            self._blank = [] if directory is None else [_blank(d, directory, now_us) for d in directory.datastreams]
            self._blank_of = key
        return self._blank

    def _filled(self, blank: Sensor, now_us: int) -> Sensor:
        alarm = self._desk.open_of(blank.id)
        return replace(
            blank,
            latest=self._newest(blank.number, now_us),
            silent=alarm is not None and alarm.silence is not None,
            levels_reached=[] if alarm is None else _reached(alarm),
            alarm=None if alarm is None else alarm.id,
            conflicts=self._picture.history.conflicts.get(blank.number, 0),
        )

    def _newest(self, number: int, now_us: int) -> NewestObservation | None:
        latest = self._picture.latest
        if not latest.heard(number):
            return None
        time_us, reasons = int(latest.time_us[number]), int(latest.reasons[number])
        return NewestObservation(
            time=rfc3339(time_us),
            value=known(float(latest.value[number])),
            quality=int(latest.quality[number]),
            origin=ORIGIN_WORDS[latest.origin[number]],
            age_s=math.floor((now_us - time_us) / SECOND_US * 1000) / 1000,
            reasons=Reason(reasons).words if reasons else [],
        )


def _reached(alarm: Alarm) -> list[str]:
    return [held.level for held in sorted(alarm.held, key=lambda held: held.rank)]


def _blank(datastream: Datastream, directory: Directory, now_us: int) -> Sensor:
    catalogue = directory.catalogue
    station = catalogue.station_by_id[datastream.station]
    area, jurisdiction = catalogue.area_by_code.get(station.area), catalogue.jurisdiction(station.area)
    programme = next((p for p in catalogue.programmes if p.code == station.programme), None)
    return Sensor(
        id=datastream.id,
        number=datastream.number,
        station=datastream.station,
        property=datastream.property,
        kind=datastream.kind,
        health=is_health(datastream.kind),
        unit=datastream.unit,
        name=station.name,
        levels=[_level(level) for level in levels_in_force(datastream, now_us)],
        levels_reached=[],
        latest=None,
        silent=False,
        alarm=None,
        conflicts=0,
        interval_s=datastream.interval_calm_s,
        area=station.area,
        area_name="" if area is None else area.name,
        jurisdiction="" if jurisdiction is None else jurisdiction.name,
        agency=station.agency,
        programme=station.programme,
        dimension="" if programme is None else programme.dimension,
        basin=station.basin,
        road=station.road,
        lat=station.lat,
        lon=station.lon,
        illustrative=datastream.is_illustrative or station.is_illustrative,
    )


def _level(level: Level) -> SensorLevel:
    return SensorLevel(
        name=level.level,
        value=level.value,
        direction=level.direction,
        rank=level.rank,
        severity=level.severity,
        hysteresis=level.hysteresis,
        illustrative=level.is_illustrative,
    )
