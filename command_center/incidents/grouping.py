"""Which incident an alarm belongs to: pure, decided when it is born and when its first level is reached.

- Levels along one basin, or along one road corridor, are one incident.
- Silences that share a gateway or cabinet (`via`), a feeder (`power`) or an operator (`link`) and lie within
  `link_fault_min` of each other are one fault.
- Everything else is its station's.

An incident goes on as long as one of its alarms is open; its id is that of the alarm that began it, which is
the same on every replay of the log.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from command_center.alarms.alarm import Alarm
from sensors.catalogue import Catalogue, Station
from sensors.times import MINUTE_US

Kind = Literal["basin", "corridor", "station", "via", "power", "link"]
SHARED: Final[tuple[Literal["via", "power", "link"], ...]] = ("via", "power", "link")  # the most particular first


class Group(NamedTuple):
    """What ties alarms together, and its name: a basin's code, a road, a station, a gateway, …"""

    kind: Kind
    name: str


def is_fault(alarm: Alarm) -> bool:
    """Whether it tells of nothing but silence."""
    return not alarm.held and alarm.worst.rank == 0


def incident_of(alarm: Alarm, open_alarms: Iterable[Alarm], catalogue: Catalogue) -> tuple[str, Group]:
    """The id of the incident that `alarm` belongs to, and what ties it; its own id where it begins one.

    `open_alarms` are the others that are open, each with its own incident; in any order.
    """
    station = catalogue.station_by_id.get(alarm.datastream.partition(":")[0])
    others = sorted((one for one in open_alarms if one.id != alarm.id and one.incident), key=lambda one: one.raised_us)
    if is_fault(alarm):
        return _fault(alarm, station, others, catalogue)
    group = _place(alarm, station)
    for other in others:
        if other.group == group:
            return other.incident, group
    return alarm.id, group


def _place(alarm: Alarm, station: Station | None) -> Group:
    if station is None:
        return Group("station", alarm.datastream.partition(":")[0])
    if station.basin:
        return Group("basin", station.basin)
    return Group("corridor", station.road) if station.road else Group("station", station.station)


def _fault(alarm: Alarm, station: Station | None, others: list[Alarm], catalogue: Catalogue) -> tuple[str, Group]:
    own = Group("station", alarm.datastream.partition(":")[0])
    since_us = alarm.raised_us if alarm.silence is None else alarm.silence.time_us
    for other in others:
        if is_fault(other) and other.datastream.partition(":")[0] == own.name:
            return other.incident, _as_group(other)
    for shared in SHARED if station is not None else ():
        name = getattr(station, shared)
        for other in others:
            elsewhere = catalogue.station_by_id.get(other.datastream.partition(":")[0])
            if not name or elsewhere is None or not is_fault(other) or getattr(elsewhere, shared) != name:
                continue
            their_us = other.raised_us if other.silence is None else other.silence.time_us
            if abs(since_us - their_us) <= catalogue.city.alarms.link_fault_min * MINUTE_US:
                return other.incident, Group(shared, name)
    return alarm.id, own


def _as_group(alarm: Alarm) -> Group:
    kind, name = alarm.group
    return Group(kind, name)  # type: ignore[arg-type]
