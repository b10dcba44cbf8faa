"""A checkpoint: the state goes on as if nothing had been between; what does not fit is refused."""

from collections.abc import Callable

import pytest

from sensors.catalogue import DetectorRules, Reach
from sensors.checkpoint import dump_state, load_state
from sensors.errors import SensorsError
from sensors.rules import compile_rules
from tests.oracle.cities import with_datastreams
from tests.unit.sensors.detector.gauges import BEGIN_US, Row, Story, computed, every, gauge, levels

SLOW = levels(100, on_delay_s=600, off_delay_s=600)


def goes_on(story: Story, *then: Callable[[Story], list[str]]) -> list[str]:
    """What is told after a checkpoint now; asserts that it is what is told without one."""
    kept = story.state
    uninterrupted = [word for what in then for word in what(story)]
    story.state = load_state(dump_state(kept), kept.rules)
    assert [word for what in then for word in what(story)] == uninterrupted
    return uninterrupted


def test_late_observations_that_wait_are_judged_after_a_restart() -> None:
    river = Story(gauge(100))
    river.hears((10, 50), (20, 50), (20.1, 150, 5.1))
    told = goes_on(river, lambda story: story.hears((20.2, 60, 4.2)), lambda story: story.waits_until(21))
    assert told == ["raised L1 late @15", "returned L1 late @16"]


def test_delays_run_on_through_a_restart() -> None:
    river = Story(gauge(*SLOW))
    river.hears((1, 150))
    told = goes_on(river, lambda story: story.hears((20, 90)), lambda story: story.waits_until(30))
    assert told == ["raised L1 delayed @11!", "returned L1 delayed @30!"]


def test_doubts_silences_possible_levels_and_chatter_survive_a_restart() -> None:
    city = Story(
        gauge(100, fall_limit_per_h=60.0),
        gauge(150, 200, number=1, interval_calm_s=600.0),
        detector=DetectorRules(chatter_s=7200.0),
    )
    city.hears(*every(10, 50, 60, 70, 80, 90, of=1))
    city.hears((40, 150), (50, 99.5), (60, 150), (61, 20), (100, 20))
    told = goes_on(city, lambda story: story.hears((101, 20), (102, 19)), lambda story: story.waits_until(150))
    assert told == ["returned L1 borne_out @102!", "possible L2 unseen @150! #1"]


def test_open_windows_and_counts_survive_a_restart() -> None:
    basin = Story(
        gauge(100, 200),
        gauge(100, 200, number=1),
        computed("holding", "S0:level", "S1:level", number=2, limits=levels(1, 2), severity=2),
        reaches=[Reach(upstream="S0", downstream="S1", travel_min=60)],
    )
    basin.hears((1, 50), (10, 250))
    told = goes_on(basin, lambda story: story.hears(Row(60, 250, of=1)))
    assert told == [
        "raised L1 crossed @60! #1",
        "raised L2 crossed @60! #1",
        "raised L2 crossed @60! #2",
        "wave - on_time @60! #1",
    ]


def test_a_checkpoint_of_other_levels_is_refused() -> None:
    others = compile_rules(with_datastreams([gauge(100, 200)]), BEGIN_US)
    with pytest.raises(SensorsError, match="its levels are not those of the catalogue"):
        load_state(dump_state(Story(gauge(100)).state), others)


def test_a_checkpoint_with_other_arrays_is_refused() -> None:
    """The same levels, but this river has a trend and that rain has none."""
    others = compile_rules(with_datastreams([gauge(100, kind="rain")]), BEGIN_US)
    with pytest.raises(SensorsError, match="its arrays are not those of this version"):
        load_state(dump_state(Story(gauge(100)).state), others)


def test_a_damaged_checkpoint_is_refused() -> None:
    story = Story(gauge(100))
    story.hears((1, 150), (2, 160))
    body = dump_state(story.state)
    for length in (*range(0, len(body), 97), len(body) - 1):
        with pytest.raises(SensorsError, match="checkpoint cannot be read"):
            load_state(body[:length], story.state.rules)
    with pytest.raises(SensorsError, match="checkpoint cannot be read"):
        load_state(b"\0" + body[1:], story.state.rules)
