"""Sensors as the API and the wall show them: what the catalogue says, with the newest observation and the alarm."""

import math
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from command_center.actions.need import needed_min
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.view import DoubtView, PossibleLevel, as_seen, doubt_view, possible_levels
from command_center.beside import Beside, Eta, Kinship, Rate
from command_center.observation_view import ORIGIN_WORDS, known
from command_center.picture.directory import Directory, is_helper
from command_center.picture.latest import Newest
from command_center.picture.picture import Picture
from sensors.catalogue import Datastream, Level
from sensors.health_kinds import is_health
from sensors.quality import Quality, Reason
from sensors.rules import levels_in_force
from sensors.sharing import Audience, Sharing, may_see, terms_of
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
    on_delay_s: float
    off_delay_s: float
    illustrative: bool


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    """A datastream, its place, what it said last and what it holds."""

    id: str
    number: int
    station: str
    property: str
    kind: str
    health: bool  # tells of the device itself: for the maintainer, not on the wall
    derived_from: list[str] | None  # ids of what it is computed from; None = it is observed
    method: str | None  # by which it is computed
    helper: bool  # shown with what it tells of, not in a row of its own
    unit: str
    name: str  # of the station
    levels: list[SensorLevel]
    levels_reached: list[str]
    latest: NewestObservation | None  # None = never heard
    latest_sound: NewestObservation | None  # that has a value and did not fail; None = there was none
    rate: Rate | None
    eta: Eta | None
    dominant: str | None  # of the greatest of several: the property that it is from
    silent: bool  # of a derived one: something that it is computed from is silent
    possible: list[PossibleLevel]  # that it could have reached, unseen, the worst first
    doubt: DoubtView | None  # a fall that is not believed
    alarm: str | None  # id of the open alarm
    conflicts: int  # other values that came for a time that has one already
    interval_s: float  # in which an observation is expected
    area: str
    area_name: str
    jurisdiction: str
    agency: str
    producer: str  # whom to name beside its readings
    licence: str  # what takers may do with them; empty: none is granted
    sharing: Sharing
    programme: str
    dimension: str
    basin: str
    road: str
    lat: float
    lon: float
    illustrative: bool


_LEVELS_LAST_US: Final = HOUR_US  # how long the levels in force are taken for granted


class BesideOf(Beside, frozen=True, kw_only=True):
    """What stands beside the value of the sensor whose place in the snapshot is `i`."""

    i: int


class SensorBook:
    """Every sensor of the catalogue in force."""

    def __init__(self, picture: Picture, desk: AlarmDesk) -> None:
        self._picture, self._desk = picture, desk
        self._blank: dict[int, Sensor] = {}  # by number
        self._levels: dict[int, tuple[Level, ...]] = {}  # in force, by number
        self._kinship = {audience: Kinship((), 1.0) for audience in Audience}
        self._blank_of: tuple[Directory | None, int] = (None, 0)

    def all(self, now_us: int, audience: Audience = Audience.INTERNAL) -> list[Sensor]:
        """The sensors that an audience may see in the catalogue's order; none before the log was read."""
        blanks = self._blanks(now_us).values()
        return [self._filled(blank, now_us, audience) for blank in blanks if self._picture.shows(blank.id, audience)]

    def on_wall(self, now_us: int) -> list[Sensor]:
        """The sensors that operators watch: all but the devices' own health."""
        return [
            self._filled(blank, now_us, Audience.INTERNAL)
            for blank in self._blanks(now_us).values()
            if not blank.health
        ]

    def one(self, sensor_id: str, now_us: int, audience: Audience = Audience.INTERNAL) -> Sensor | None:
        """The sensor `{station}:{property}`; one that the audience may not see is not there."""
        found = [blank for blank in self._blanks(now_us).values() if blank.id == sensor_id]
        is_seen = bool(found) and self._picture.shows(sensor_id, audience)
        return self._filled(found[0], now_us, audience) if is_seen else None

    def beside(self, changed: Iterable[int], now_us: int) -> list[BesideOf]:
        """What stands beside values now, where that may have changed since these datastreams did."""
        self._blanks(now_us)
        directory = self._picture.directory
        index = {} if directory is None else directory.index
        numbers = [number for number in self._kinship[Audience.INTERNAL].heads(changed) if number in index]
        return [BesideOf(i=index[number], **asdict(self._beside(number, Audience.INTERNAL))) for number in numbers]

    def eta_of(self, number: int, now_us: int, audience: Audience = Audience.INTERNAL) -> Eta | None:
        """When a datastream reaches its next level; None where nothing is projected, or not for this audience."""
        return self._beside(number, audience).eta if number in self._blanks(now_us) else None

    def _blanks(self, now_us: int) -> dict[int, Sensor]:
        directory = self._picture.directory
        key = (directory, now_us // _LEVELS_LAST_US)
        if key != self._blank_of:
            datastreams = () if directory is None else directory.datastreams
            self._levels = {d.number: levels_in_force(d, now_us) for d in datastreams}
            pace = 1.0 if directory is None else directory.catalogue.pace
            self._kinship = {
                audience: Kinship((d for d in datastreams if may_see(d.sharing, audience)), pace)
                for audience in Audience
            }
            self._blank = {d.number: _blank(d, directory, self._levels[d.number]) for d in datastreams if directory}
            self._blank_of = key
        return self._blank

    def _filled(self, blank: Sensor, now_us: int, audience: Audience) -> Sensor:
        alarm = self._alarm(blank.id)
        beside = self._beside(blank.number, audience)
        latest, newest = _newest(self._picture.latest, blank.number, now_us), self._picture.latest
        failed = latest is not None and (latest.value is None or latest.quality == Quality.FAIL)
        return replace(
            blank,
            latest=latest,
            latest_sound=_newest(newest.sound, blank.number, now_us) if failed else latest,
            rate=beside.rate,
            eta=beside.eta,
            dominant=beside.dominant,
            silent=self._is_silent(blank.id),
            possible=[] if alarm is None else possible_levels(alarm),
            doubt=None if alarm is None else doubt_view(alarm),
            levels_reached=[] if alarm is None else _reached(alarm),
            alarm=None if alarm is None else alarm.id,
            conflicts=self._picture.history.conflicts.get(blank.number, 0),
        )

    def _alarm(self, datastream_id: str) -> Alarm | None:
        alarm, directory = self._desk.open_of(datastream_id), self._picture.directory
        return alarm if alarm is None or directory is None else as_seen(alarm, directory, self._picture.latest)

    def _beside(self, number: int, audience: Audience) -> Beside:
        picture, directory = self._picture, self._picture.directory
        beside = self._kinship[audience].beside(number, self._levels[number], picture.latest, picture.history)
        if directory is None or beside.eta is None:
            return beside
        wanted, opened = directory.catalogue.actions, self._desk.actions.open_actions
        needed = needed_min(wanted, directory.name(number).id, beside.eta.level, opened)
        return replace(beside, eta=replace(beside.eta, needed_min=needed))

    def _is_silent(self, datastream_id: str) -> bool:
        """What is derived has no silence of its own: it is as silent as what it is computed from."""
        alarm, directory = self._desk.open_of(datastream_id), self._picture.directory
        if alarm is not None and alarm.silence is not None:
            return True
        datastream = None if directory is None else directory.catalogue.datastream_by_id.get(datastream_id)
        derivation = None if datastream is None else datastream.derivation
        return derivation is not None and any(self._is_silent(one) for one in derivation.inputs)


def _newest(newest: Newest, number: int, now_us: int) -> NewestObservation | None:
    if not newest.heard(number):
        return None
    time_us, reasons = int(newest.time_us[number]), int(newest.reasons[number])
    return NewestObservation(
        time=rfc3339(time_us),
        value=known(float(newest.value[number])),
        quality=int(newest.quality[number]),
        origin=ORIGIN_WORDS[newest.origin[number]],
        age_s=math.floor((now_us - time_us) / SECOND_US * 1000) / 1000,
        reasons=Reason(reasons).words if reasons else [],
    )


def _reached(alarm: Alarm) -> list[str]:
    return [held.level for held in sorted(alarm.held, key=lambda held: held.rank)]


def _blank(datastream: Datastream, directory: Directory, levels: Iterable[Level]) -> Sensor:
    catalogue = directory.catalogue
    station = catalogue.station_by_id[datastream.station]
    area, jurisdiction = catalogue.area_by_code.get(station.area), catalogue.jurisdiction(station.area)
    derivation = datastream.derivation
    terms = terms_of(datastream, catalogue)
    programme = next((p for p in catalogue.programmes if p.code == station.programme), None)
    return Sensor(
        id=datastream.id,
        number=datastream.number,
        station=datastream.station,
        property=datastream.property,
        kind=datastream.kind,
        health=is_health(datastream.kind),
        derived_from=None if derivation is None else list(derivation.inputs),
        method=None if derivation is None else derivation.method,
        helper=is_helper(datastream),
        unit=datastream.unit,
        name=station.name,
        levels=[_level(level) for level in levels],
        levels_reached=[],
        latest=None,
        latest_sound=None,
        rate=None,
        eta=None,
        dominant=None,
        silent=False,
        possible=[],
        doubt=None,
        alarm=None,
        conflicts=0,
        interval_s=datastream.interval_calm_s,
        area=station.area,
        area_name="" if area is None else area.name,
        jurisdiction="" if jurisdiction is None else jurisdiction.name,
        agency=station.agency,
        producer=terms.producer,
        licence=terms.licence,
        sharing=terms.sharing,
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
        on_delay_s=level.on_delay_s,
        off_delay_s=level.off_delay_s,
        illustrative=level.is_illustrative,
    )
