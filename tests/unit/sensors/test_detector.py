"""The detector in stories.  That it does the same for every input is in tests/property."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.detector import install, step
from sensors.errors import BatchError, SensorsError
from sensors.quality import Reason
from sensors.rules import compile_rules
from sensors.state import State, dump_state, fresh_state, load_state, resume
from sensors.times import MINUTE_US, SECOND_US
from sensors.transition import Transition
from tests.property.worlds import with_datastreams

BEGIN_US = 1_760_000_000 * SECOND_US
NAN = float("nan")


def gauge(*limits: float, hysteresis: float = 0.0, number: int = 0, interval_s: float = 3600.0) -> Datastream:
    """A gauge with rising levels L1, L2, … at these limits; silent after three intervals."""
    levels = (
        Level(level=f"L{n}", rank=n, severity=n, direction="rising", value=limit, hysteresis=hysteresis)
        for n, limit in enumerate(limits, start=1)
    )
    return Datastream(
        number=number,
        station=f"S{number}",
        property="level",
        kind="river_level",
        unit="cm",
        interval_calm_s=interval_s,
        levels=tuple(levels),
    )


def readings(*sent: tuple[float, float] | tuple[float, float, float], origin: int = 0) -> Batch:
    """(minute of receiving, value) or (minute, value, minutes that it is old) of datastream 0."""
    receive_us = np.array([BEGIN_US + round(item[0] * MINUTE_US) for item in sent], np.int64)
    age_us = np.array([round(item[2] * MINUTE_US) if len(item) == 3 else 0 for item in sent], np.int64)
    return Batch(
        datastream=np.zeros(len(sent), np.int32),
        time_us=receive_us - age_us,
        value=np.array([item[1] for item in sent], np.float64),
        receive_us=receive_us,
        device_us=receive_us - age_us,
        origin=np.full(len(sent), origin, np.uint8),
        quality=np.full(len(sent), 1, np.uint8),
        reasons=np.zeros(len(sent), np.uint16),
    )


def at(minute: float) -> int:
    return BEGIN_US + round(minute * MINUTE_US)


def listening(catalogue: Catalogue) -> State:
    return fresh_state(compile_rules(catalogue, BEGIN_US), BEGIN_US)


def judged(state: State, batch: Batch) -> tuple[State, list[str]]:
    state, transitions = step(state, batch, int(batch.receive_us.max()))
    return state, told(transitions)


def told(transitions: Sequence[Transition]) -> list[str]:
    """`kind level cause @minute`, an exclamation mark for what is news."""
    words = []
    for t in transitions:
        minute = (t.time_us - BEGIN_US) / MINUTE_US
        words.append(f"{t.kind} {t.level or '-'} {t.cause} @{minute:g}{'' if t.historical else '!'}")
    return words


def test_a_flood_climbs_two_levels_at_once_and_falls_again() -> None:
    state = listening(with_datastreams([gauge(100, 200, 300)]))
    _, moves = judged(state, readings((1, 50), (2, 250), (3, 199.9), (4, 10)))
    assert moves == [
        "raised L1 crossed @2!",
        "raised L2 crossed @2!",
        "returned L2 crossed @3!",
        "returned L1 crossed @4!",
    ]


def test_a_value_at_the_limit_has_reached_it() -> None:
    state = listening(with_datastreams([gauge(100)]))
    _, moves = judged(state, readings((1, np.nextafter(100.0, 0.0)), (2, 100.0)))
    assert moves == ["raised L1 crossed @2!"]


def test_hysteresis_keeps_a_wave_from_ringing() -> None:
    state = listening(with_datastreams([gauge(100, hysteresis=5)]))
    _, moves = judged(state, readings((1, 101), (2, 96), (3, 103), (4, 95), (5, 94.9)))
    assert moves == ["raised L1 crossed @1!", "returned L1 crossed @5!"]


def test_a_missing_value_says_nothing() -> None:
    state = listening(with_datastreams([gauge(100)]))
    _, moves = judged(state, readings((1, 150), (2, NAN), (3, 150)))
    assert moves == ["raised L1 crossed @1!"]


def test_late_and_repeated_observations_move_nothing() -> None:
    state = listening(with_datastreams([gauge(100)]))
    state, _ = judged(state, readings((10, 50)))
    _, moves = judged(state, readings((11, 150, 5), (12, 150, 2)))
    assert moves == []


def test_a_backlog_is_history_until_a_fresh_observation_still_holds_it() -> None:
    state = listening(with_datastreams([gauge(100)]))
    _, moves = judged(state, readings((60, 150, 40), (60.1, 160, 30), (60.2, 170, 1)))
    assert moves == ["raised L1 crossed @20", "raised L1 still_held @20!"]


def test_a_breach_that_is_over_stays_history() -> None:
    state = listening(with_datastreams([gauge(100)]))
    _, moves = judged(state, readings((60, 150, 40), (60.1, 20, 30), (60.2, 20, 1)))
    assert moves == ["raised L1 crossed @20", "returned L1 crossed @30.1"]


@pytest.mark.parametrize(
    ("age_min", "moves"),
    [
        (15, ["raised L1 crossed @45!"]),
        (15 + 1 / 60e6, ["raised L1 crossed @45", "raised L1 still_held @45!"]),
    ],
)
def test_fifteen_minutes_exactly_is_still_news(age_min: float, moves: list[str]) -> None:
    state = listening(with_datastreams([gauge(100)]))
    assert judged(state, readings((60, 150, age_min), (61, 150)))[1] == moves


def test_silence_is_told_at_its_due_time_and_ends_with_a_word() -> None:
    state = listening(with_datastreams([gauge(100, interval_s=600)]))
    state, _ = judged(state, readings((1, 50)))
    state, transitions = step(state, empty_batch(), at(40))
    assert told(transitions) == ["silent - overdue @31!"]
    assert step(state, empty_batch(), at(90))[1] == ()
    _, moves = judged(state, readings((95, 150)))
    assert moves == ["heard - spoke @95!", "raised L1 crossed @95!"]


def test_a_word_at_the_due_time_comes_in_time() -> None:
    state = listening(with_datastreams([gauge(100, interval_s=600)]))
    state, _ = judged(state, readings((1, 50)))
    assert judged(state, readings((31, 50)))[1] == []
    assert judged(state, readings((31 + 1 / 60e6, 50)))[1] == ["silent - overdue @31!", "heard - spoke @31!"]


def test_what_was_never_heard_is_told_as_that() -> None:
    _, transitions = step(listening(with_datastreams([gauge(100, interval_s=600)])), empty_batch(), at(60))
    assert told(transitions) == ["silent - never_heard @30!"]


def dead(minute: float, value: float = NAN) -> Batch:
    """The device says that it is gone."""
    return replace(readings((minute, value)), reasons=np.array([Reason.STALE], np.uint16))


def test_a_death_is_silence_at_once_until_something_is_heard() -> None:
    state, moves = judged(listening(with_datastreams([gauge(100, interval_s=600)])), readings((1, 150)))
    state, moves = judged(state, dead(2, 50.0))
    assert moves == ["silent - death @2!"]  # and its value returns no level
    state, moves = judged(state, dead(3))
    assert moves == []
    assert step(state, empty_batch(), at(90))[1] == ()
    assert judged(state, readings((95, 50)))[1] == ["heard - spoke @95!", "returned L1 crossed @95!"]


def test_a_death_after_the_silence_began_and_one_of_what_never_spoke() -> None:
    catalogue = with_datastreams([gauge(100, interval_s=600)])
    state, _ = judged(listening(catalogue), readings((1, 50)))
    assert judged(state, dead(32))[1] == ["silent - overdue @31!"]
    state, moves = judged(listening(catalogue), dead(2))
    assert moves == ["silent - never_heard @2!"]
    assert judged(state, readings((3, 50)))[1] == ["heard - spoke @3!"]


def test_a_gateways_pause_is_no_silence() -> None:
    state = listening(with_datastreams([gauge(100, interval_s=600)]))
    state, _ = judged(state, readings((1, 50)))
    state = resume(state, at(600))
    assert step(state, empty_batch(), at(629))[1] == ()
    assert told(step(state, empty_batch(), at(630))[1]) == ["silent - overdue @630!"]


def test_a_limit_that_moves_under_the_value() -> None:
    state, _ = judged(listening(with_datastreams([gauge(100)])), readings((1, 150)))
    state, transitions = install(state, compile_rules(with_datastreams([gauge(100, 140)]), at(2)), at(2))
    assert told(transitions) == ["raised L2 catalogue @1!"]
    _, transitions = install(state, compile_rules(with_datastreams([gauge(160, 170)]), at(3)), at(3))
    assert told(transitions) == ["returned L2 catalogue @1!", "returned L1 catalogue @1!"]


def test_a_level_or_datastream_that_is_gone_is_returned_and_not_waited_for() -> None:
    catalogue = with_datastreams([gauge(100, 140, number=0, interval_s=600), gauge(100, number=1, interval_s=600)])
    state, _ = judged(listening(catalogue), readings((1, 150)))
    state, _ = step(state, empty_batch(), at(100))
    state, transitions = install(
        state, compile_rules(with_datastreams([gauge(100, number=0, interval_s=600)]), at(100)), at(100)
    )
    assert told(transitions) == ["returned L2 catalogue @1", "heard - catalogue @100!"]
    _, transitions = install(state, compile_rules(with_datastreams([]), at(101)), at(101))
    assert told(transitions) == ["heard - catalogue @101!", "returned L1 catalogue @1"]


def test_a_datastream_that_comes_back_is_new() -> None:
    with_both = with_datastreams([gauge(100, number=0), gauge(100, number=1)])
    state, _ = judged(listening(with_both), readings((1, 150)))
    state, _ = install(state, compile_rules(with_datastreams([gauge(100, number=1)]), at(2)), at(2))
    state, transitions = install(state, compile_rules(with_both, at(100)), at(100))
    assert transitions == ()
    assert not state.ever_heard[0]
    assert state.heard_us[0] == at(100)


def test_a_simulated_observation_that_comes_late_does_not_colour_the_live_one() -> None:
    state, _ = judged(listening(with_datastreams([gauge(100)])), readings((10, 150), origin=0))
    state, _ = judged(state, readings((11, 20, 5), origin=3))
    _, transitions = install(state, compile_rules(with_datastreams([gauge(100, 140)]), at(12)), at(12))
    assert [t.origin for t in transitions] == [0]


def test_time_does_not_run_back() -> None:
    state = listening(with_datastreams([gauge(100)]))
    with pytest.raises(BatchError, match=r"now: expected \d+ or later"):
        step(state, empty_batch(), BEGIN_US - 1)


def test_a_number_that_is_not_in_the_catalogue_is_refused() -> None:
    state = listening(with_datastreams([gauge(100)]))
    batch = readings((1, 5))
    batch.datastream[0] = 7
    with pytest.raises(BatchError, match="datastream: expected 0 to 0, got 7 to 7"):
        step(state, batch, at(1))


def test_a_checkpoint_that_does_not_fit_is_refused() -> None:
    rules = compile_rules(with_datastreams([gauge(100)]), BEGIN_US)
    body = dump_state(fresh_state(rules, BEGIN_US))
    assert load_state(body, rules).now_us == BEGIN_US
    others = compile_rules(with_datastreams([gauge(100, 200)]), BEGIN_US)
    with pytest.raises(SensorsError, match="its levels are not those of the catalogue"):
        load_state(body, others)
    with pytest.raises(SensorsError, match="checkpoint cannot be read"):
        load_state(body[:-3], rules)
    with pytest.raises(SensorsError, match="checkpoint cannot be read"):
        load_state(b"", rules)
