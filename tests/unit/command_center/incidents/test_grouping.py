"""Which alarms are one incident."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.alarms import store
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.bell import Bell
from command_center.incidents.timeline import timeline
from command_center.incidents.travel import minutes_downstream
from command_center.incidents.view import IncidentView, incident_views
from command_center.operations import Operations
from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.catalogue import Catalogue, Datastream, Level, Reach, Station, Text
from sensors.transition import Cause, Kind, Transition
from tests.unit.command_center.little_city import NOW_US, little_city, minutes, transition

LOG = "a" * 16
LEVELS = tuple(
    Level(level=f"siaga{5 - s}", rank=s, severity=s, direction="rising", value=100.0 * s, hysteresis=0)
    for s in (1, 2, 3, 4)
)


def station(name: str, **columns: str) -> Station:
    fields = {"kind": "river", "area": "35.76.01.1001", "agency": "BPBD"} | columns
    return Station(station=name, name=name.title(), lat=-7.4, lon=112.4, **fields)  # type: ignore[arg-type]


def city(*stations: Station, reaches: tuple[Reach, ...] = ()) -> Catalogue:
    """Each station has a gauge, numbered in their order."""
    little = little_city()
    gauges = tuple(
        Datastream(
            number=n, station=one.station, property="level", kind="river_level", unit="cm",
            interval_calm_s=60, levels=LEVELS,
        )
        for n, one in enumerate(stations)
    )  # fmt: skip
    named = replace(little.city, basins={"brantas": Text("Sungai Brantas", "Brantas river")})
    return replace(little, city=named, stations=stations, datastreams=gauges, reaches=reaches)


RIVER = city(
    station("HULU", basin="brantas"),
    station("TENGAH", basin="brantas"),
    station("HILIR", basin="brantas"),
    station("LAIN", basin="sadar"),
    station("JALAN", kind="road", road="Jl. Gajah Mada"),
    station("SIMPANG", kind="road", road="Jl. Gajah Mada"),
    reaches=(
        Reach(upstream="TENGAH", downstream="HILIR", travel_min=60),
        Reach(upstream="HULU", downstream="TENGAH", travel_min=30),
    ),
)
NETS = city(
    station("A", basin="brantas", via="GW-1", link="XL"),
    station("B", basin="brantas", via="GW-1", link="Telkomsel"),
    station("C", basin="sadar", via="GW-2", link="Telkomsel"),
    station("D", basin="sadar"),
)


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    database = Operations(tmp_path)
    yield database
    database.close()


def up(number: int, severity: int, at: float) -> tuple[float, Transition]:
    level = LEVELS[severity - 1]
    told = transition(Kind.RAISED, level.level, datastream=number, severity=severity, time_us=minutes(at))
    return at, replace(told, rank=level.rank, limit=level.value)


def lost(number: int, at: float, severity: int = 1) -> tuple[float, Transition]:
    return at, transition(
        Kind.SILENT, "", datastream=number, severity=severity, cause=Cause.OVERDUE, time_us=minutes(at)
    )


def desk_after(operations: Operations, catalogue: Catalogue, *found: tuple[float, Transition]) -> AlarmDesk:
    async def story() -> AlarmDesk:
        desk = AlarmDesk(operations, Bell())
        await desk.switch(LOG, NOW_US)
        rows = [
            LogRow(seq, minutes(at), "observations", 1, 1, empty_batch(), (one,))
            for seq, (at, one) in enumerate(found, start=1)
        ]
        await desk.take(rows, Directory(catalogue, 1))
        return desk

    return asyncio.run(story())


def views(operations: Operations, catalogue: Catalogue, *found: tuple[float, Transition]) -> list[IncidentView]:
    return incident_views(desk_after(operations, catalogue, *found).open_alarms(), catalogue)


def stations_of(view: IncidentView, alarms: list[Alarm]) -> list[str]:
    of = {alarm.id: alarm.datastream.partition(":")[0] for alarm in alarms}
    return [of[one] for one in view.alarms]


def test_breaches_along_a_basin_are_one_with_their_cause_first_then_downstream(operations: Operations) -> None:
    desk = desk_after(operations, RIVER, up(1, 2, 1), up(2, 3, 5), up(0, 1, 20), up(3, 1, 21))
    brantas, sadar = incident_views(desk.open_alarms(), RIVER)
    assert (brantas.kind, brantas.name.id, brantas.severity, brantas.stations) == ("basin", "Sungai Brantas", 3, 3)
    assert stations_of(brantas, desk.open_alarms()) == ["TENGAH", "HULU", "HILIR"]
    assert sadar.stations == 1


def test_a_road_corridor_is_one(operations: Operations) -> None:
    [view] = views(operations, RIVER, up(4, 2, 1), up(5, 2, 2))
    assert (view.kind, view.name.en, view.stations) == ("corridor", "Jl. Gajah Mada", 2)


def test_silences_of_one_gateway_are_one_fault_and_not_the_rivers(operations: Operations) -> None:
    found = views(operations, NETS, up(3, 2, 0), lost(0, 1), lost(1, 9), lost(3, 10))
    assert [(view.kind, view.name.id, view.stations) for view in found] == [
        ("basin", "sadar", 1), ("via", "Gangguan gerbang GW-1", 2),
    ]  # fmt: skip


def test_an_operator_of_the_network_ties_silences_too_where_they_are_close(operations: Operations) -> None:
    assert [view.kind for view in views(operations, NETS, lost(1, 1), lost(2, 11))] == ["link"]


def test_silences_far_apart_are_two(operations: Operations) -> None:
    assert len(views(operations, NETS, lost(1, 1), lost(2, 11.1))) == 2


def test_a_lost_gauge_that_reaches_a_level_joins_its_river(operations: Operations) -> None:
    desk = desk_after(operations, NETS, up(1, 2, 0), lost(0, 1), up(0, 3, 5))
    [view] = incident_views(desk.open_alarms(), NETS)
    assert (view.kind, view.stations, view.severity) == ("basin", 2, 3)


def test_a_river_that_rises_where_a_fault_began_is_another_thing(operations: Operations) -> None:
    found = views(operations, NETS, lost(0, 1), lost(1, 2), up(0, 3, 5))
    assert sorted((view.kind, len(view.alarms)) for view in found) == [("basin", 1), ("via", 1)]
    assert len({view.id for view in found}) == 2


def test_an_incident_goes_on_as_long_as_an_alarm_of_it_and_survives_a_restart(operations: Operations) -> None:
    first = desk_after(operations, RIVER, up(0, 2, 1)).open_alarms()[0]

    async def story() -> list[Alarm]:
        desk = AlarmDesk(operations, Bell())
        row = LogRow(9, minutes(9), "observations", 1, 1, empty_batch(), (up(2, 2, 9)[1],))
        await desk.take([row], Directory(RIVER, 1))
        return desk.open_alarms()

    alarms = asyncio.run(story())
    assert {alarm.incident for alarm in alarms} == {first.id}
    stored = store.of_incident(operations, first.id, 10)
    assert [alarm.datastream for alarm in stored] == ["HULU:level", "HILIR:level"]
    told = timeline([(alarm, store.events_of(operations, alarm.id)) for alarm in stored])
    assert [(one.datastream, one.event, one.level) for one in told] == [
        ("HULU:level", "raised", "siaga3"), ("HILIR:level", "raised", "siaga3"),
    ]  # fmt: skip


def test_500_alarms_of_40_stations_in_a_minute_are_a_handful_with_the_highest_on_top(operations: Operations) -> None:
    """Forty stations, thirteen properties each but twenty; one of them reaches the highest level last."""
    basins = [f"b{n % 4}" for n in range(40)]
    whole = city(*(station(f"S{n}", basin=basin) for n, basin in enumerate(basins)))
    several = tuple(
        replace(gauge, number=40 * k + gauge.number, property=f"p{k}") for k in range(13) for gauge in whole.datastreams
    )[:500]
    storm = [up(n, 1 + n % 3, n / 500) for n in range(500)]
    found = views(operations, replace(whole, datastreams=several), *storm, up(137, 4, 0.999))
    assert len(found) == 4
    assert sum(len(view.alarms) for view in found) == 500
    assert (found[0].severity, found[0].name.id) == (4, "b1")


def test_the_longest_way_counts_and_a_circle_ends() -> None:
    far = minutes_downstream(RIVER)
    assert (far["HULU"], far["TENGAH"], far["HILIR"], far["LAIN"]) == (0.0, 30.0, 90.0, 0.0)
    there = Reach(upstream="HULU", downstream="TENGAH", travel_min=1)
    circle = (there, replace(there, upstream="TENGAH", downstream="HULU"))
    assert max(minutes_downstream(replace(RIVER, reaches=circle)).values()) < 100
