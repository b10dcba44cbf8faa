"""Which incident an alarm belongs to: decided when it is born, and when a silent gauge reaches its first level.

- Levels along one basin, or along one road corridor, are one incident.
- Silences that share a gateway or cabinet (`via`), a feeder (`power`) or an operator (`link`) and lie within
  `link_fault_min` of each other are one fault.
- Everything else is its station's.

An incident goes on as long as one of its alarms is open; its id is that of the alarm that began it, which is the same
on every replay of the log.
"""

from collections.abc import Iterable, Iterator
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


class IncidentBook:
    """The open alarms by what ties them: finds an alarm's incident without looking at all others."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._levels: dict[Group, dict[str, Alarm]] = {}
        self._faults: dict[Group, dict[str, Alarm]] = {}

    def under(self, catalogue: Catalogue, open_alarms: Iterable[Alarm]) -> None:
        """Go by `catalogue`; where it is another than before, `open_alarms` are put in their places anew."""
        if catalogue is self._catalogue:
            return
        self._catalogue = catalogue
        self._levels.clear()
        self._faults.clear()
        for alarm in sorted(open_alarms, key=lambda alarm: alarm.raised_us):
            self.add(alarm)

    def add(self, alarm: Alarm) -> None:
        """One more, or one that changed."""
        self.remove(alarm)
        if not alarm.is_open or not alarm.incident:
            return
        places = self._faults if is_fault(alarm) else self._levels
        for group in self._groups(alarm):
            places.setdefault(group, {})[alarm.id] = alarm

    def remove(self, alarm: Alarm) -> None:
        """One less."""
        for places in (self._levels, self._faults):
            for group in self._groups(alarm):
                members = places.get(group)
                if members is not None and members.pop(alarm.id, None) is not None and not members:
                    del places[group]

    def incident_of(self, alarm: Alarm) -> tuple[str, Group]:
        """The id of the incident that `alarm` belongs to, and what ties it; its own id where it begins one."""
        own = self._groups(alarm)[0]
        if not is_fault(alarm):
            other = next(iter(self._levels.get(own, {}).values()), None)
            # What began a fault keeps its name for the fault: a river that rises there is another thing.
            began = f"{alarm.id}-level" if alarm.incident else alarm.id
            return (began if other is None else other.incident), own
        for group in self._groups(alarm):
            for other in reversed(self._faults.get(group, {}).values()):  # the newest first
                if other.id != alarm.id and (group == own or self._is_close(alarm, other)):
                    return other.incident, group
        return alarm.id, own

    def _is_close(self, alarm: Alarm, other: Alarm) -> bool:
        assert self._catalogue is not None  # noqa: S101 - `under` comes first
        return abs(_lost_us(alarm) - _lost_us(other)) <= self._catalogue.city.alarms.link_fault_min * MINUTE_US

    def _groups(self, alarm: Alarm) -> list[Group]:
        """What an alarm may be tied by, its own place first."""
        code = alarm.datastream.partition(":")[0]
        station = None if self._catalogue is None else self._catalogue.station_by_id.get(code)
        here = Group("station", code)
        if station is None:
            return [here]
        return [here, *_shared(station)] if is_fault(alarm) else [_place(station, here)]


def _place(station: Station, here: Group) -> Group:
    if station.basin:
        return Group("basin", station.basin)
    return Group("corridor", station.road) if station.road else here


def _shared(station: Station) -> Iterator[Group]:
    for kind in SHARED:
        name: str = getattr(station, kind)
        if name:
            yield Group(kind, name)


def _lost_us(alarm: Alarm) -> int:
    return alarm.raised_us if alarm.silence is None else alarm.silence.time_us
