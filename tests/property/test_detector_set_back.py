"""Lives in which our clock was set back and random cities found a fault: detector and loop agree on each."""

import pytest

from sensors.catalogue import Catalogue, Datastream, Level
from sensors.times import HOUR_US, MINUTE_US, SECOND_US
from tests.oracle.agreement import parting
from tests.oracle.cities import with_datastreams
from tests.oracle.happenings import STALE, Happening, Observe, Pause, Sent, Wait
from tests.oracle.report import report

S = SECOND_US
DAY_US = 24 * HOUR_US


def city() -> Catalogue:
    """A gauge whose device also tells its interval."""
    gauge = Datastream(
        number=0,
        station="S0",
        property="level",
        kind="rain",
        unit="cm",
        interval_calm_s=100.0,
        interval_storm_s=10.0,
        trend_window_s=40.0,
        levels=(Level(level="siaga", rank=1, severity=3, direction="rising", value=0.5),),
    )
    interval = Datastream(
        number=1, station="S0", property="interval", kind="interval", unit="s", interval_calm_s=5000.0
    )
    return with_datastreams([gauge, interval], intervals=1.0)


def sent(gap_us: int, value: float, *, lag_us: int = 0, place: int = 0, reasons: int = 0) -> Sent:
    """A good observation, so long after the one before it; of the interval ten times the value is sent."""
    return Sent(gap_us, place, "lag", lag_us, 0, value, 1, 0, reasons)


REACHED_LONG_AGO = Observe((sent(5 * S, 3.0, lag_us=15 * MINUTE_US + 1),))
LIVES: dict[str, list[Happening]] = {
    "history that the newest observation still holds": [
        REACHED_LONG_AGO,
        Pause(-DAY_US),
        Observe((sent(5 * S, 2.5, lag_us=HOUR_US),)),
        Wait(MINUTE_US),
    ],
    "the same, and a fresh observation after it settled": [
        REACHED_LONG_AGO,
        Pause(-HOUR_US),
        Observe((sent(5 * S, 2.5, lag_us=20 * MINUTE_US), sent(MINUTE_US, 2.5))),
    ],
    "an interval told before another is re-based, too": [
        Observe((sent(10 * S, 5.0, place=1), sent(S, 1.0))),
        Pause(-DAY_US),
        Observe((sent(20 * S, 1.5, place=1), sent(40 * S, 1.0, lag_us=7 * S))),
    ],
    "a death before the first re-based observation": [
        Observe((sent(10 * S, 1.0),)),
        Pause(-HOUR_US),
        Observe((sent(S, 1.0, reasons=STALE), sent(100 * S, 0.5))),
    ],
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_a_life_that_found_a_fault(life: list[Happening]) -> None:
    assert parting(city(), life) is None, report(city(), life)
