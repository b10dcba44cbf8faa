"""Who has to be visited next, and what the devices' own health keeps away from."""

import asyncio
import csv
import io
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from command_center.alarms.desk import AlarmDesk
from command_center.api.dead_letters import LetterReading
from command_center.api.maintenance import Workshop
from command_center.bell import Bell
from command_center.going_blind import weights
from command_center.maintenance import Upkeep, as_csv, upkeep
from command_center.operations import Operations
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook
from gateway.log.rows import DeadLetterGroup, LogRow
from gateway.log.writer import LogWriter
from sensors.catalogue import Catalogue, Datastream, Installation, Level, Reach, Visit
from sensors.quality import Reason
from sensors.settings import HistorySettings, LogSettings
from sensors.times import HOUR_US, MINUTE_US
from sensors.transition import Kind
from tests.unit.command_center.little_city import NOW_US, batch, little_city, transition

BATTERY, SIGNAL, QUOTA, CELL = 3, 4, 5, 6


def health(number: int, station: str, name: str, unit: str, **more: object) -> Datastream:
    values = {"number": number, "station": station, "property": name, "kind": name, "unit": unit}
    return Datastream(**(values | {"interval_calm_s": 600} | more))  # type: ignore[arg-type]


def city() -> Catalogue:
    """The little city: ROLAK tells of battery, signal and SIM, and flows to POS, which runs on a 3.6 V cell."""
    city = little_city()
    devices = (Installation(device="A84041"),)
    return replace(
        city,
        datastreams=(
            *city.datastreams,
            health(BATTERY, "ROLAK", "battery", "V", installations=devices),
            health(SIGNAL, "ROLAK", "signal", "dBm"),
            health(QUOTA, "ROLAK", "sim_quota", "MB"),
            health(CELL, "POS", "battery", "V"),
        ),
        stations=tuple(replace(s, basin="brantas" if s.station == "ROLAK" else "") for s in city.stations),
        reaches=(Reach(upstream="POS", downstream="ROLAK", travel_min=10),),
        visits=(
            Visit(station="ROLAK", visited="2025-01-02", calibration_due="2025-06-01"),
            Visit(station="ROLAK", visited="2025-08-17", by="=BPBD", work="aki diganti"),
        ),
    )


def picture_of(catalogue: Catalogue, rows: list[tuple[int, int, float]]) -> Picture:
    picture = Picture(HistorySettings())
    picture.install(Directory(catalogue, 1))
    picture.take([LogRow(1, NOW_US, "observations", 1, 1, batch(rows), ())])
    return picture


def falling(number: int, now: float, per_day: float, days: int = 3) -> list[tuple[int, int, float]]:
    """A value every hour of the last days, falling under a swing."""
    hours = np.arange(days * 24 + 1)[::-1]
    return [
        (number, NOW_US - int(h) * HOUR_US - MINUTE_US, now - per_day * float(h) / 24 + 0.3 * np.sin(h * np.pi / 12))
        for h in hours
    ]


def listed(picture: Picture, groups: list[DeadLetterGroup] | None = None) -> dict[str, Upkeep]:
    items = asyncio.run(upkeep(picture, groups or [], NOW_US, "2025-11-22"))
    assert [item.rank for item in items] == list(range(1, len(items) + 1))
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)
    return {item.station: item for item in items}


SPEAKING = [(0, NOW_US, 400.0), (2, NOW_US, 0.0)]


def test_a_battery_that_falls_is_projected_to_its_limit() -> None:
    rows = [*SPEAKING, *falling(BATTERY, 12.4, -0.1), *falling(QUOTA, 70.0, -14.0), (SIGNAL, NOW_US, -91.0)]
    rolak = listed(picture_of(city(), rows))["ROLAK"]
    assert rolak.battery is not None
    assert rolak.battery.per_day == pytest.approx(-0.1, abs=0.01)
    assert (rolak.battery.limit, rolak.why) == (11.6, "projected")
    assert rolak.days_left == pytest.approx(5.8, abs=0.2)  # the lowest hour is 12.2 V
    assert rolak.sim_quota is not None
    assert rolak.sim_quota.days_left == pytest.approx(5.0, abs=0.1)
    assert rolak.signal is not None
    assert (rolak.signal.value, rolak.signal.per_day, rolak.solar) == (-91.0, None, None)


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    first_hours = [*SPEAKING, (BATTERY, NOW_US - HOUR_US, 12.5), (CELL, NOW_US, 3.58)]
    found = listed(picture_of(city(), first_hours))
    assert (found["ROLAK"].days_left, found["ROLAK"].why) == (None, "too_short")
    assert (found["POS"].days_left, found["POS"].why) == (None, "no_limit")  # no 12 V battery, and no level says when
    assert {x.why for x in listed(picture_of(little_city(), SPEAKING)).values()} == {"no_battery"}


def test_a_battery_of_24_v_is_not_judged_as_one_of_12() -> None:
    rolak = listed(picture_of(city(), [*SPEAKING, *falling(BATTERY, 23.0, -0.1)]))["ROLAK"]
    assert (rolak.days_left, rolak.why) == (None, "no_limit")


def test_a_battery_of_12_v_that_fell_below_6_is_empty_and_not_of_another_kind() -> None:
    died = [(BATTERY, NOW_US - 30 * MINUTE_US, 5.2), (BATTERY, NOW_US - MINUTE_US, 4.9)]
    rolak = listed(picture_of(city(), [*SPEAKING, *falling(BATTERY, 11.9, -0.1)[:-1], *died]))["ROLAK"]
    assert (rolak.days_left, rolak.why) == (0.0, "reached")


def test_what_was_done_at_a_visit_is_not_cut_in_the_table() -> None:
    work = "aki diganti, " * 20
    visits = (Visit(station="ROLAK", visited="2025-08-17", by="=BPBD; =1+1", work=work),)
    table = as_csv(list(listed(picture_of(replace(city(), visits=visits), SPEAKING)).values()))
    rows = {row["station"]: row for row in csv.DictReader(io.StringIO(table))}
    assert rows["ROLAK"]["work"] == work.strip()
    assert rows["ROLAK"]["visited_by"] == "BPBD 1+1"


def test_a_falling_level_of_the_battery_is_its_limit() -> None:
    low = Level(level="rendah", rank=1, severity=1, direction="falling", value=3.4)
    with_level = replace(
        city(), datastreams=tuple(replace(d, levels=(low,)) if d.number == CELL else d for d in city().datastreams)
    )
    pos = listed(picture_of(with_level, [*SPEAKING, (CELL, NOW_US - MINUTE_US, 3.3)]))["POS"]
    assert (pos.days_left, pos.why) == (0.0, "reached")


def test_a_station_that_is_blind_comes_first_and_what_hangs_on_it_weighs() -> None:
    old = [(0, NOW_US - HOUR_US, 400.0), (2, NOW_US, 0.0), (BATTERY, NOW_US - MINUTE_US, 12.6)]
    found = listed(picture_of(city(), old))
    rolak, pos = found["ROLAK"], found["POS"]
    assert (rolak.rank, rolak.why, rolak.days_left) == (1, "blind", 0.0)
    assert (rolak.weight, rolak.has_levels, rolak.downstream, rolak.is_only_gauge) == (5, True, 0, True)
    assert (pos.weight, pos.has_levels, pos.downstream) == (2, False, 1)


def test_a_loop_of_reaches_ends() -> None:
    around = (
        Reach(upstream="POS", downstream="ROLAK", travel_min=1),
        Reach(upstream="ROLAK", downstream="POS", travel_min=1),
    )
    assert weights(replace(city(), reaches=around), NOW_US)["POS"].downstream == 1


def test_visits_calibration_clock_and_dead_letters_stand_with_their_station() -> None:
    picture = picture_of(city(), SPEAKING)
    picture.latest.reasons[0] = Reason.CLOCK_FAULT
    groups = [
        group("telemetry/ROLAK/level", 5, 2),
        group("application/1/device/a84041/event/up", 3, 0),
        group("x/y", 9, 0),
    ]
    rolak = listed(picture, groups)["ROLAK"]
    assert (rolak.last_visit, rolak.work, rolak.calibration_due) == ("2025-08-17", "aki diganti", "2025-06-01")
    assert rolak.calibration_overdue
    assert rolak.clock_fault
    assert rolak.dead_letters == 6


def test_the_table_has_a_row_a_station_and_no_formula() -> None:
    table = as_csv(list(listed(picture_of(city(), SPEAKING)).values()))
    rows = {row["station"]: row for row in csv.DictReader(io.StringIO(table))}
    assert list(rows) == ["ROLAK", "POS"]
    assert rows["ROLAK"]["visited_by"] == "BPBD"
    assert rows["POS"]["days_left"] == ""
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t")) or ";" in cell] == []
    for cell in cells:
        if cell.startswith("-"):
            float(cell)  # a number, and nothing that is worked out


def test_who_asks_at_the_same_time_gets_the_same_list(tmp_path: Path) -> None:
    LogWriter(tmp_path, LogSettings(), 1).close()
    workshop = Workshop(picture_of(city(), SPEAKING), LetterReading(tmp_path))

    async def ask() -> list[list[Upkeep]]:
        return [items for _, items in await asyncio.gather(*(workshop.items() for _ in range(8)))]

    first, *others = asyncio.run(ask())
    assert all(items is first for items in others)


def test_health_stays_off_the_wall_and_raises_no_alarm(tmp_path: Path) -> None:
    operations = Operations(tmp_path)
    directory = Directory(city(), 1)
    picture = picture_of(city(), [(BATTERY, NOW_US, 10.0)])
    desk = AlarmDesk(operations, Bell())
    book = SensorBook(picture, desk)
    assert [s.id for s in book.on_wall(NOW_US)] == ["ROLAK:level", "ROLAK:discharge", "POS:rain"]
    assert {s.id: s.health for s in book.all(NOW_US)}["ROLAK:battery"]
    assert BATTERY not in directory.index
    silent = transition(Kind.SILENT, datastream=BATTERY, severity=1)

    async def take() -> None:
        await desk.switch("a" * 16, NOW_US)
        row = LogRow(1, NOW_US, "observations", 1, 1, batch([]), (silent,))
        await desk.take([row], directory)

    asyncio.run(take())
    assert (desk.open_alarms(), desk.unnamed) == ([], 0)
    operations.close()


def group(topic: str, count: int, retried: int) -> DeadLetterGroup:
    return DeadLetterGroup(
        id=1, source="main", reason="not_json", topic=topic, shape="", count=count, kept=0, first_us=1, last_us=2,
        retried=retried, retried_us=None, retried_by="", newest=None,
    )  # fmt: skip
