"""A clock that is off by a constant is no backlog, and a backlog is no clock that is off: through ingest and engine."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.clock_memory import memory_of
from gateway.columns import NO_ELEMENT, Columns
from gateway.device_clock import DeviceClocks
from sensors.arithmetic import NOT_STATED
from sensors.origin import Origin
from sensors.quality import Reason
from sensors.times import HOUR_US, MINUTE_US, SECOND_US, to_datetime
from sensors.transition import Kind
from tests.unit.gateway.gauges import Gauge, Wall, ages_us, faults, gauges

DAY_US = 24 * HOUR_US
CALM = [50.0 + n % 3 for n in range(40)]


def crossings(wall: Wall) -> list[tuple[str, float | None, bool]]:
    return [(t.level, t.value, t.historical) for t in wall.told(Kind.RAISED)]


@pytest.mark.parametrize("interval_s", [10, 60, 600, 3600])
@pytest.mark.parametrize("behind_us", [2 * HOUR_US, 7 * HOUR_US, 30 * DAY_US, -7 * HOUR_US])
@pytest.mark.parametrize("before", [50.0, 90.0])
def test_a_gauge_that_reboots_in_mid_rise_is_heard_as_it_speaks(interval_s: int, behind_us: int, before: float) -> None:
    wall = Wall(gauges(1, interval_s))
    gauge = Gauge(wall)
    gauge.send_all([*CALM, before], interval_s)
    gauge.behind_us = behind_us
    gauge.send_all([120.0, 180.0, 240.0, 290.0, 310.0], interval_s)
    assert crossings(wall) == [("waspada", 120.0, False), ("siaga", 240.0, False), ("awas", 310.0, False)]
    assert faults(wall.batch) == [False] * 41 + [True] * 5
    assert set(ages_us(wall.batch)) == {0}


@pytest.mark.parametrize("away_s", [240, 1800])
def test_a_gauge_that_takes_long_to_reboot_is_at_most_one_interval_late(away_s: int) -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all([*CALM, 90.0])
    gauge.behind_us = 2 * HOUR_US
    wall.pass_s(away_s)
    gauge.send(95.0)
    gauge.send_all([120.0, 240.0])
    assert crossings(wall) == [("waspada", 120.0, False), ("siaga", 240.0, False)]
    assert faults(wall.batch)[-3:] == [False, True, True]


def test_a_clock_that_is_off_from_the_first_day_is_known_from_the_second_reading_on() -> None:
    wall = Wall(gauges())
    Gauge(wall, behind_us=7 * HOUR_US).send_all([50, 60, 120, 130])
    assert faults(wall.batch) == [False, True, True, True]
    assert ages_us(wall.batch) == [7 * HOUR_US, 0, 0, 0]
    assert crossings(wall) == [("waspada", 120.0, False)]


def test_a_clock_that_is_right_again_is_believed_at_once() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    for behind_us in (0, 2 * HOUR_US, 0, -7 * HOUR_US, 0):
        gauge.behind_us = behind_us
        gauge.send_all(CALM[:5])
    assert faults(wall.batch) == [False] * 5 + [True] * 5 + [False] * 5 + [True] * 5 + [False] * 5


def test_a_clock_that_drifts_over_the_limit_and_back_stops_nothing() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    for seconds in (*range(240, 360, 10), *range(360, 0, -7)):
        gauge.behind_us = seconds * SECOND_US
        gauge.send_all([50.0])
    times = wall.batch.time_us.tolist()
    assert times == sorted(times)


def test_a_fault_outlives_a_restart() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    gauge.behind_us = 2 * HOUR_US
    gauge.send_all([60, 61, 62])
    wall.restart(away_s=5)
    gauge.send_all([120, 130])
    assert faults(wall.batch)[-5:] == [True] * 5
    assert crossings(wall) == [("waspada", 120.0, False)]


def test_a_device_that_was_told_to_send_more_often_is_still_on_schedule() -> None:
    wall = Wall(gauges(1, 600, 300))
    gauge = Gauge(wall)
    gauge.send_all(CALM, 10)
    gauge.behind_us = 2 * HOUR_US
    gauge.send_all([120], 10)
    assert faults(wall.batch)[-1]


def test_spacing_and_the_other_fields_of_the_device_stay() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    gauge.behind_us = 2 * HOUR_US
    wall.pass_s(60)
    batch = wall.hear(("G0/level", [gauge.reading(float(n), (5 - n) * 10 * SECOND_US) for n in range(6)]))
    assert ages_us(batch) == [n * 10 * SECOND_US for n in (5, 4, 3, 2, 1, 0)]
    assert faults(batch) == [True] * 6
    wall.pass_s(60)
    batch = wall.hear(("G0", {"ts": (wall.now_us - 2 * HOUR_US) // 1000, "values": {"level": 6, "rain": 1}}))
    assert (ages_us(batch), faults(batch)) == ([0, 0], [True, True])


def test_another_device_of_the_tick_is_not_touched() -> None:
    wall = Wall(gauges(2))
    good, bad = Gauge(wall, "G0"), Gauge(wall, "G1")
    for n in range(40):
        wall.pass_s(60)
        bad.behind_us = 2 * HOUR_US if n >= 35 else 0
        wall.hear(("G0/level", good.reading(n)), ("G1/level", bad.reading(n)))
    assert faults(wall.batch)[-4:] == [False, True, False, True]


def test_two_messages_of_one_device_for_different_datastreams_are_no_burst() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    for n in range(40):
        wall.pass_s(60)
        gauge.behind_us = 2 * HOUR_US if n >= 35 else 0
        wall.hear(("G0/level", gauge.reading(n)), ("G0/rain", gauge.reading(n)))
    assert faults(wall.batch)[-10:] == [True] * 10


def test_an_outage_of_the_link_is_a_backlog_oldest_first() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    wall.pass_s(2 * 3600)
    for minutes in range(119, 0, -1):
        wall.now_us += SECOND_US // 5
        gauge.send(150.0, minutes * MINUTE_US)
    gauge.send_all(CALM)
    assert not any(faults(wall.batch))
    assert wall.told(Kind.RAISED)[0].historical


def test_an_outage_of_the_link_is_a_backlog_newest_first() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    wall.pass_s(3600)
    for minutes in range(60):
        wall.now_us += SECOND_US // 5
        gauge.send(150.0, minutes * MINUTE_US)
    gauge.send_all(CALM)
    assert not any(faults(wall.batch))


def test_a_backlog_is_one_beside_fresh_readings_too() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    began_us = wall.now_us
    wall.pass_s(1200)
    gauge.send(50.0)
    for minutes in range(1, 15):
        wall.pass_s(60)
        gauge.send(150.0, wall.now_us - began_us - minutes * MINUTE_US)
        wall.now_us += SECOND_US
        gauge.send(50.0)
    assert not any(faults(wall.batch))


@pytest.mark.parametrize("at_once", [1, 3, 50])
def test_what_waited_at_the_broker_while_the_gateway_was_away_is_a_backlog(at_once: int) -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    last_us = wall.now_us
    wall.restart(away_s=2 * 3600)
    missed = [
        (f"{gauge.name}/level", gauge.reading(50.0, wall.now_us - last_us - n * MINUTE_US)) for n in range(1, 121)
    ]
    again, missed = missed[:7], missed[7:]  # were delivered before it was killed, and not acknowledged
    for k in range(0, len(missed), at_once):
        wall.now_us += SECOND_US // 20
        wall.hear(*missed[k : k + at_once])
    wall.pass_s(10)
    for k in range(0, len(again), at_once):
        wall.now_us += SECOND_US // 20
        wall.hear(*again[k : k + at_once])
    gauge.send_all(CALM[:3])
    assert not any(faults(wall.batch))


@pytest.mark.parametrize("interval_s", [10, 60])
def test_older_than_all_that_is_remembered_and_delivered_again_after_a_start_is_believed(interval_s: int) -> None:
    wall = Wall(gauges(1, interval_s))
    gauge = Gauge(wall)
    gauge.send_all(CALM, interval_s)
    wall.restart(away_s=100 * interval_s)
    for n in range(100):
        wall.now_us += SECOND_US // 100
        gauge.send(50.0, (100 - n) * interval_s * SECOND_US)
    wall.now_us += 12 * SECOND_US
    assert faults(gauge.send(50.0, (100 * interval_s + 5) * SECOND_US)) == [False]


def test_a_reading_that_was_missing_is_believed_however_regular_it_comes() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    wall.pass_s(120)
    gauge.send_all(CALM[:10])
    wall.pass_s(60)
    assert faults(gauge.send(150.0, 11 * MINUTE_US)) == [False]


def test_the_newest_sent_again_and_again_comes_again() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    for n in range(1, 20):
        wall.pass_s(60)
        assert faults(gauge.send(50.0, n * MINUTE_US)) == [False]


@pytest.mark.parametrize("connected", [False, True])
def test_an_older_one_comes_again_only_after_a_connection(connected: bool) -> None:
    wall = Wall(gauges(1, 10))
    gauge = Gauge(wall)
    gauge.send_all(CALM, 10)
    wall.pass_s(10)
    if connected:
        wall.engine.connected(wall.now_us - 9 * SECOND_US)
    assert faults(gauge.send(50.0, 110 * SECOND_US)) == [False]  # less than five minutes are nothing
    wall.pass_s(10)
    assert faults(gauge.send(50.0, 400 * SECOND_US)) == [not connected]


def test_a_logger_that_sends_an_hour_at_a_time_is_believed() -> None:
    wall = Wall(gauges(1, 3600))
    gauge = Gauge(wall)
    for _ in range(6):
        wall.pass_s(3600)
        wall.hear(("G0/level", [gauge.reading(50.0, (60 - n) * MINUTE_US) for n in range(60)]))
    assert not any(faults(wall.batch))


def test_the_memory_that_a_new_device_sends_after_its_first_readings_is_believed() -> None:
    """Two readings of now, then the two hours before it was connected: they end no level that holds now."""
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all([230, 350])
    wall.pass_s(75)
    memory_us = [(10 + 5 * n) * 60 * SECOND_US for n in reversed(range(24))]
    batch = wall.hear(("G0/level", [gauge.reading(200.0, age_us) for age_us in memory_us]))
    assert ages_us(batch) == memory_us
    assert faults(batch) == [False] * 24


def test_a_logger_that_sends_an_hour_in_single_messages_is_believed() -> None:
    wall = Wall(gauges(1, 1200))
    gauge = Gauge(wall)
    for _ in range(6):
        wall.pass_s(3590)
        for n in range(12):
            wall.now_us += SECOND_US // 10
            gauge.send(50.0, (55 - 5 * n) * MINUTE_US)
    assert not any(faults(wall.batch))


def test_an_hours_mean_bears_the_time_at_which_the_hour_began() -> None:
    wall = Wall(gauges(1, 3600))
    gauge = Gauge(wall)
    for _ in range(6):
        wall.pass_s(3600)
        gauge.send(50.0, 62 * MINUTE_US)
    assert not any(faults(wall.batch))


def test_a_recording_is_taken_at_its_word() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    for _ in range(5):
        wall.pass_s(60)
        wall.hear(("G0/level", gauge.reading(50.0, 7 * HOUR_US) | {"origin": Origin.REPLAYED.word}))
    assert not any(faults(wall.batch))


def test_what_the_device_itself_says_is_from_its_memory_is_judged_at_its_own_time() -> None:
    wall = Wall(gauges())
    Gauge(wall).send_all(CALM)
    columns = Columns(
        message=np.zeros(2, np.intp),
        place=np.array([0, 1], np.int32),
        value=np.zeros(2),
        device_us=np.full(2, wall.now_us - 2 * HOUR_US),
        origin=np.zeros(2, np.uint8),
        reasons=np.array([Reason.HISTORICAL, Reason.HISTORICAL], np.uint16),
        unit=np.full(2, NOT_STATED, np.int16),
        element=np.full(2, NO_ELEMENT, np.int32),
    )
    clocks = DeviceClocks(wall.catalogue, np.zeros(2, np.int32))
    assert wall.engine._judge is not None
    memory = memory_of(wall.engine._judge.state)
    came_us = np.full(2, wall.now_us + MINUTE_US)
    assert not clocks.judge(columns, columns.place, came_us, memory).off.any()
    live = replace(columns, reasons=np.zeros(2, np.uint16))
    assert clocks.judge(live, columns.place, came_us, memory).off.all()


def test_what_the_broker_kept_is_judged_at_its_own_time() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    gauge.send_all(CALM)
    wall.pass_s(60)
    batch = wall.hear(("G0/level", gauge.reading(150.0, 2 * HOUR_US)), retain=True)
    assert (faults(batch), ages_us(batch)) == ([False], [2 * HOUR_US])


def test_simulated_clocks_are_judged_like_others() -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    for n in range(40):
        wall.pass_s(60)
        gauge.behind_us = 2 * HOUR_US if n == 39 else 0
        wall.hear(("G0/level", gauge.reading(50.0) | {"origin": "simulated"}))
    assert faults(wall.batch)[-1]


def test_bare_numbers_have_no_clock() -> None:
    wall = Wall(gauges())
    for n in range(5):
        wall.pass_s(60)
        wall.hear(("G0/level", n))
    assert not any(faults(wall.batch))
    wall.pass_s(60)
    assert faults(Gauge(wall, behind_us=2 * HOUR_US).send(1.0)) == [True]


@pytest.mark.parametrize("unit_s", [1e-3, 1e3])
def test_seconds_read_as_milliseconds_and_the_other_way_round(unit_s: float) -> None:
    wall = Wall(gauges())
    gauge = Gauge(wall)
    for n, value in enumerate([*CALM, 120.0, 130.0]):
        wall.pass_s(60)
        right = gauge.reading(value)
        wrong = {"ts": int(wall.now_us // 1000 * unit_s), "value": value}
        wall.hear(("G0/level", wrong if n >= 40 else right))
    assert faults(wall.batch) == [False] * 40 + [True] * 2
    assert crossings(wall) == [("waspada", 120.0, False)]
    assert set(ages_us(wall.batch)) == {0}


@pytest.mark.parametrize(
    ("zone", "hours", "reason"),
    [("", 7, Reason.NO_ZONE), ("Asia/Jakarta", 7, Reason.NONE), ("UTC", 7, Reason.CLOCK_FAULT),
     ("Asia/Jakarta", 0, Reason.CLOCK_FAULT)],
)  # fmt: skip
def test_times_without_a_zone(zone: str, hours: int, reason: Reason) -> None:
    """The device tells the time of WIB (7) or UTC (0), and no zone; the city says `zone` or nothing."""
    wall = Wall(gauges(zone=zone))
    for value in (50.0, 60.0, 120.0):
        wall.pass_s(60)
        local = to_datetime(wall.now_us + hours * HOUR_US)
        wall.hear(("G0/level", {"ts": local.strftime("%Y-%m-%dT%H:%M:%S"), "value": value}))
    of_the_time = Reason.NO_ZONE | Reason.CLOCK_FAULT
    assert [Reason(r) & of_the_time for r in wall.batch.reasons.tolist()][1:] == [reason, reason]
    assert crossings(wall) == [("waspada", 120.0, False)]


def test_a_memory_smaller_than_the_catalogue_knows_nothing_of_the_rest() -> None:
    wall = Wall(gauges(1))
    Gauge(wall).send_all(CALM)
    larger = replace(wall.engine.city, catalogue=gauges(3), version=2)
    wall.entries.append(wall.engine.reload(larger, wall.now_us + 1))
    Gauge(wall, "G2", behind_us=7 * HOUR_US).send_all([1, 2])
    assert faults(wall.batch)[-2:] == [False, True]
