"""Waves as a projection of the log: whatever the order in which its rows come."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from command_center import waves
from command_center.picture.directory import Directory
from command_center.waves import Waves, WaveView
from gateway.log.rows import LogRow
from sensors.batch import empty_batch
from sensors.times import HOUR_US, rfc3339
from sensors.transition import Cause, Kind, Transition
from tests.unit.command_center.derived_city import BELOW, BELOW_ID, derived_city
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, NOW_US, minutes, transition

DIRECTORY = Directory(derived_city(), 1)


def wave(cause: Cause, time_us: int, until_us: int = 0, at_us: int = NOW_US, **fields: Any) -> Transition:
    """From `ROLAK:level` to `BAWAH:level`."""
    defaults: dict[str, Any] = {"datastream": BELOW, "other": LEVEL}
    found = {"cause": cause, "time_us": time_us, "until_us": until_us, "at_us": at_us}
    return transition(Kind.WAVE, **(defaults | found | fields))


def row(seq: int, *transitions: Transition, now_us: int | None = None) -> LogRow:
    return LogRow(seq, minutes(seq) if now_us is None else now_us, "observations", 1, 1, empty_batch(), transitions)


def view(*rows: LogRow, now_us: int = NOW_US) -> list[WaveView]:
    found = Waves()
    found.take(rows)
    return found.view(DIRECTORY, now_us)


EXPECTED = wave(Cause.EXPECTED, minutes(20), minutes(60), level="kuning")


def test_a_wave_is_expected_between_two_times() -> None:
    [one] = view(row(1, EXPECTED))
    assert (one.upstream, one.downstream, one.state, one.level, one.severity) == (
        LEVEL_ID, BELOW_ID, "expected", "kuning", 3,
    )  # fmt: skip
    assert (one.from_, one.until, one.arrived) == (rfc3339(minutes(20)), rfc3339(minutes(60)), None)


def test_what_came_of_it_keeps_its_window() -> None:
    came = ((Cause.ON_TIME, minutes(35)), (Cause.EARLY, minutes(10)), (Cause.CAME_LATE, minutes(70)))
    for cause, arrived in (*came, (Cause.ABSENT, None), (Cause.UNSEEN, None)):
        [one] = view(row(1, EXPECTED), row(2, wave(cause, arrived or minutes(60), minutes(60))))
        assert (one.state, one.arrived) == (cause, None if arrived is None else rfc3339(arrived))
        assert (one.from_, one.until) == (rfc3339(minutes(20)), rfc3339(minutes(60)))


def test_a_wave_of_doubtful_origin_says_so_until_it_is_told_without_doubt() -> None:
    doubtful = wave(Cause.EXPECTED, minutes(20), minutes(60), verify=True)
    assert view(row(1, doubtful))[0].verify
    [one] = view(row(1, doubtful), row(2, EXPECTED))
    assert (one.state, one.verify) == ("expected", False)


def test_a_new_window_takes_the_place_of_what_came_of_the_last() -> None:
    again = wave(Cause.EXPECTED, minutes(90), minutes(130))
    [one] = view(row(1, EXPECTED), row(2, wave(Cause.ABSENT, minutes(60), minutes(60))), row(3, again))
    assert (one.state, one.from_) == ("expected", rfc3339(minutes(90)))


def test_an_arrival_whose_window_nobody_remembers_is_told_without_it() -> None:
    [one] = view(row(2, wave(Cause.ON_TIME, minutes(35), minutes(60))))
    assert (one.state, one.from_, one.until, one.arrived) == (
        "on_time", None, rfc3339(minutes(60)), rfc3339(minutes(35)),
    )  # fmt: skip


def test_a_wave_between_datastreams_that_no_catalogue_names_is_left_out() -> None:
    assert view(row(1, wave(Cause.EXPECTED, NOW_US, NOW_US, other=4711))) == []


def test_after_a_day_it_is_forgotten() -> None:
    found = Waves()
    found.take([row(1, EXPECTED)])
    assert found.view(DIRECTORY, NOW_US + 25 * HOUR_US) == []
    other = wave(Cause.EXPECTED, NOW_US, NOW_US, at_us=NOW_US + 25 * HOUR_US, datastream=LEVEL, other=BELOW)
    found.take([row(2, other, now_us=NOW_US + 25 * HOUR_US)])
    assert [one.upstream for one in found.view(DIRECTORY, NOW_US)] == [BELOW_ID]


def test_only_so_many_are_kept(monkeypatch: Any) -> None:
    monkeypatch.setattr(waves, "MAX_WAVES", 3)
    story = [wave(cause, minutes(60), minutes(60)) for cause in (Cause.ABSENT, Cause.ON_TIME, Cause.CAME_LATE)]
    [one] = view(row(1, EXPECTED), *(row(2 + n, step) for n, step in enumerate(story)))
    assert (one.state, one.from_) == ("came_late", None)  # the window was the oldest


STEPS = st.lists(
    st.builds(
        wave,
        st.sampled_from([Cause.EXPECTED, Cause.ON_TIME, Cause.EARLY, Cause.CAME_LATE, Cause.ABSENT, Cause.UNSEEN]),
        st.integers(-60, 60).map(minutes),
        st.integers(-60, 60).map(minutes),
        datastream=st.sampled_from([LEVEL, BELOW]),
        other=st.sampled_from([LEVEL, BELOW]),
    ),
    max_size=8,
)


@given(STEPS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter_nor_that_they_come_twice(steps: list[Transition], random: Any) -> None:
    rows = [row(seq, step) for seq, step in enumerate(steps, start=1)]
    shuffled = [*rows, *rows[:3]]
    random.shuffle(shuffled)
    one_by_one = Waves()
    for one in shuffled:
        one_by_one.take([one])
    assert one_by_one.view(DIRECTORY, NOW_US) == view(*rows)
