"""Our own clock is wrong: it is said, no device is blamed, and nothing goes blind.  Through ingest and engine."""

import pytest

from gateway.our_clock import Disagreement
from sensors.times import HOUR_US, MINUTE_US, SECOND_US
from sensors.transition import Kind, Transition
from tests.unit.gateway.gauges import Gauge, Wall, ages_us, faults, gauges

DAY_US = 24 * HOUR_US
COUNT = 5


class City:
    """Some gauges that all speak once a minute, one after the other, with a level each."""

    def __init__(self, count: int = COUNT) -> None:
        self.wall = Wall(gauges(count))
        self.gauges = [Gauge(self.wall, f"G{n}") for n in range(count)]
        self.quiet: set[int] = set()  # that do not speak

    def minutes(self, minutes: int, value: float = 50.0) -> None:
        for _ in range(minutes):
            for number, gauge in enumerate(self.gauges):
                self.wall.pass_s(60 / len(self.gauges))
                if number not in self.quiet:
                    gauge.send(value)

    def said(self) -> Disagreement | None:
        """What most of them say against our clock."""
        return self.wall.engine.disagreement

    def is_said(self, ahead_us: int) -> bool:
        """Whether that is that it is so far ahead."""
        said = self.said()
        return said is not None and abs(said.ahead_us - ahead_us) < SECOND_US


def raised(wall: Wall, since: int) -> list[Transition]:
    return [t for t in wall.transitions[since:] if t.kind is Kind.RAISED]


def silent(wall: Wall, since: int) -> list[int]:
    return [t.datastream for t in wall.transitions[since:] if t.kind is Kind.SILENT and t.datastream < COUNT]


@pytest.mark.parametrize("step_us", [DAY_US, -DAY_US, HOUR_US, -HOUR_US])
def test_a_step_is_told_of_our_clock_and_of_no_device(step_us: int) -> None:
    city = City()
    city.minutes(40)
    city.wall.step(step_us)
    city.minutes(3)
    assert not any(faults(city.wall.batch))
    assert city.is_said(step_us)
    assert str(city.said()).endswith("5 of 5 devices")
    city.wall.step(-step_us)
    city.minutes(2)
    assert city.said() is None
    assert not any(faults(city.wall.batch))


@pytest.mark.parametrize("step_us", [DAY_US, -DAY_US, HOUR_US, -HOUR_US])
def test_a_flood_during_a_wrong_hour_and_after_it_is_raised_at_once_and_as_news(step_us: int) -> None:
    city = City()
    city.minutes(40)
    city.wall.step(step_us)
    seen = len(city.wall.transitions)
    city.minutes(1, 150.0)
    assert [(t.level, t.historical) for t in raised(city.wall, seen)] == [("waspada", False)] * COUNT
    city.minutes(58, 150.0)
    city.wall.step(-step_us)
    seen = len(city.wall.transitions)
    city.minutes(1, 250.0)
    assert [(t.level, t.historical) for t in raised(city.wall, seen)] == [("siaga", False)] * COUNT


@pytest.mark.parametrize("step_us", [DAY_US, -DAY_US])
def test_silence_is_found_after_each_step_and_not_because_of_it(step_us: int) -> None:
    city = City()
    city.minutes(40)
    seen = len(city.wall.transitions)
    for sign, quiet in ((1, 0), (-1, 1)):
        city.wall.step(sign * step_us)
        city.minutes(2)
        city.quiet.add(quiet)
        city.minutes(5)
    assert silent(city.wall, seen) == [0, 1]


def test_a_gateway_that_boots_an_hour_behind_sees_floods_and_silence() -> None:
    city = City()
    city.minutes(40)
    ahead_us = city.wall.now_us
    city.wall.wrong_us = -HOUR_US
    city.wall.restart(away_s=300 - 3600)  # five minutes later, by a clock an hour behind
    assert city.wall.entries[-1].event == "start"
    assert city.wall.entries[-1].now_us == city.wall.now_us == ahead_us - 55 * MINUTE_US
    seen = len(city.wall.transitions)
    city.minutes(2, 150.0)
    assert [(t.level, t.historical) for t in raised(city.wall, seen)] == [("waspada", False)] * COUNT
    assert not any(faults(city.wall.batch))
    assert city.is_said(-HOUR_US)
    city.quiet.add(2)
    city.minutes(5, 150.0)
    assert silent(city.wall, seen) == [2]
    city.wall.step(HOUR_US)
    seen = len(city.wall.transitions)
    city.minutes(2, 250.0)
    assert [(t.level, t.historical) for t in raised(city.wall, seen)] == [("siaga", False)] * (COUNT - 1)
    assert city.said() is None


def test_a_gateway_that_boots_a_day_ahead_finds_out_with_the_second_readings() -> None:
    city = City()
    city.minutes(40)
    city.wall.wrong_us = DAY_US
    city.wall.restart(away_s=86_400 + 300)
    city.minutes(3)
    assert city.is_said(DAY_US)
    assert set(ages_us(city.wall.batch)[-COUNT:]) == {0}


BLAMED = 2  # devices, before there are enough to say that it is us


def test_a_first_start_by_a_clock_an_hour_behind() -> None:
    city = City()
    city.wall.wrong_us = -HOUR_US
    city.minutes(2, 150.0)
    assert [t.historical for t in city.wall.told(Kind.RAISED)] == [False] * COUNT
    assert faults(city.wall.batch)[BLAMED:] == [False] * (2 * COUNT - BLAMED)
    assert city.is_said(-HOUR_US)


def test_two_devices_prove_nothing_and_two_thirds_do_not_either() -> None:
    for count, wrong in ((2, 2), (6, 4)):
        city = City(count)
        city.minutes(40)
        for gauge in city.gauges[:wrong]:
            gauge.behind_us = HOUR_US
        city.minutes(4)
        assert city.said() is None
        assert faults(city.wall.batch)[-count:] == [True] * wrong + [False] * (count - wrong)


def test_devices_that_disagree_in_different_ways_are_wrong_themselves() -> None:
    city = City()
    city.minutes(40)
    for hours, gauge in enumerate(city.gauges, start=1):
        gauge.behind_us = hours * HOUR_US
    city.minutes(4)
    assert city.said() is None
    assert all(faults(city.wall.batch)[-COUNT:])


def test_a_backlog_of_all_of_them_says_nothing_of_our_clock() -> None:
    city = City()
    city.minutes(40)
    city.wall.restart(away_s=3 * 3600)
    for minutes in range(3 * 60, 0, -1):
        for gauge in city.gauges:
            city.wall.now_us += SECOND_US // 100
            gauge.send(50.0, minutes * MINUTE_US)
            assert city.said() is None
    city.minutes(3)
    assert city.said() is None
    assert not any(faults(city.wall.batch))


def test_it_says_how_far_and_how_many() -> None:
    assert str(Disagreement(HOUR_US, 4, 5)) == "3600 s ahead of the clocks of 4 of 5 devices"
    assert str(Disagreement(-HOUR_US, 4, 5)) == "3600 s behind the clocks of 4 of 5 devices"
