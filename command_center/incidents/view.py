"""Incidents as API and wall show them: the cause first, the rest in the order in which water meets it."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from command_center.alarms.alarm import Alarm
from command_center.incidents.travel import minutes_downstream
from sensors.catalogue import Catalogue, Text
from sensors.times import rfc3339

_FAULTS = {
    "via": Text("Gangguan gerbang {}", "Fault of gateway {}"),
    "power": Text("Gangguan listrik {}", "Power fault {}"),
    "link": Text("Gangguan jaringan {}", "Network fault {}"),
}


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """An incident, open as long as one of its alarms is."""

    id: str
    kind: str  # basin, corridor, station, via, power, link
    name: Text
    severity: int
    level: str  # the worst that is held
    cause: str  # id of the alarm that began it
    alarms: list[str]  # ids, the cause first, then downstream
    stations: int
    active: int
    unacknowledged: int
    muted: int
    began_at: str
    changed_at: str
    acknowledged_by: list[str]


def incident_views(alarms: Iterable[Alarm], catalogue: Catalogue) -> list[IncidentView]:
    """The incidents of open alarms, the worst first, then the newest; history belongs to none."""
    members: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if alarm.is_open and not alarm.historical:
            members.setdefault(alarm.incident or alarm.id, []).append(alarm)
    downstream = minutes_downstream(catalogue)
    views = [_view(incident, ours, catalogue, downstream) for incident, ours in members.items()]
    views.sort(key=lambda view: view.began_at, reverse=True)
    return sorted(views, key=lambda view: (view.active == 0, -view.severity, view.unacknowledged == 0))


def _view(
    incident: str, alarms: Sequence[Alarm], catalogue: Catalogue, downstream: Mapping[str, float]
) -> IncidentView:
    def place(alarm: Alarm) -> float:
        return downstream.get(_station(alarm), 0.0)

    cause = min(alarms, key=lambda alarm: (alarm.raised_us, place(alarm), alarm.id))
    rest = sorted((one for one in alarms if one is not cause), key=lambda one: (place(one), one.raised_us, one.id))
    worst = max(alarms, key=lambda alarm: (alarm.active, alarm.severity, alarm.shown.rank))
    return IncidentView(
        id=incident,
        kind=_kind(alarms),
        name=incident_name(alarms, catalogue),
        severity=worst.severity,
        level=worst.shown.level,
        cause=cause.id,
        alarms=[cause.id, *(one.id for one in rest)],
        stations=len({_station(alarm) for alarm in alarms}),
        active=sum(alarm.active for alarm in alarms),
        unacknowledged=sum(alarm.unacknowledged for alarm in alarms),
        muted=sum(bool(alarm.muted) for alarm in alarms),
        began_at=rfc3339(cause.raised_us),
        changed_at=rfc3339(max(alarm.changed_us for alarm in alarms)),
        acknowledged_by=sorted({alarm.acknowledged_by for alarm in alarms if alarm.acknowledged_by}),
    )


def _kind(alarms: Sequence[Alarm]) -> str:
    """What ties them; of one that grew that of its newest member (the first silence of a link is its station's)."""
    kinds = [alarm.group[0] for alarm in alarms if alarm.group[0] != "station"]
    return kinds[0] if kinds else "station"


def incident_name(alarms: Sequence[Alarm], catalogue: Catalogue) -> Text:
    """What an incident is called: its river, road, station or faulty link."""
    kind, name = next((alarm.group for alarm in alarms if alarm.group[0] != "station"), alarms[0].group)
    if kind in _FAULTS:
        return Text(_FAULTS[kind].id.format(name), _FAULTS[kind].en.format(name))
    if kind == "basin":
        return catalogue.city.basins.get(name, Text(name, name))
    station = catalogue.station_by_id.get(name)
    return Text(name, name) if station is None else Text(station.name, station.name)


def _station(alarm: Alarm) -> str:
    return alarm.datastream.partition(":")[0]
