"""A series that crosses every level all the time: how much a trial of it computes, and that it says so."""

from collections import Counter

import numpy as np
import pytest
from msgspec.structs import replace

from gateway.evaluation.spans import Span, held_spans
from gateway.evaluation.trial import Compared, Trial
from sensors.batch import Batch
from sensors.catalogue import Level
from sensors.times import MINUTE_US
from tests.unit.command_center.little_city import LEVEL, batch, little_city, minutes

LEVELS = 8


def flapping(count: int) -> Batch:
    """Over every level and below all of them, in turn, once a minute; the first is below."""
    return batch([(0, minutes(k), 600.0 if k % 2 else 400.0) for k in range(count)])


def levels(margin: float = 0.0) -> list[Level]:
    like = little_city().datastreams[LEVEL].levels[0]
    return [replace(like, level=f"l{k}", rank=k, value=500.0 + k, hysteresis=margin) for k in range(1, LEVELS + 1)]


def trial(now: list[Level], tried: list[Level]) -> Trial:
    city = little_city()
    gated = tuple(replace(s, gated=True) for s in city.stations)  # no fall is in doubt
    return Trial(replace(city, stations=gated), city.datastreams[LEVEL], now, tried)


def compared(under: Trial) -> Compared:
    found = under.compared()
    assert found is not None
    return found


def test_each_raise_is_counted_by_the_set_that_raises_most_and_by_the_plain_rule() -> None:
    quiet, riding = trial(levels(margin=150), levels(margin=150)), trial(levels(margin=150), levels())
    for start in range(0, 200, 50):
        piece = flapping(200)
        for one in (quiet, riding):
            one.take(piece.take(np.arange(start, start + 50)))
            assert one.most_raises == LEVELS * (start + 50) // 2  # the plain rule knows no margin
    assert (compared(quiet).now.alarms, compared(quiet).tried.alarms) == (LEVELS, LEVELS)
    assert compared(riding).tried.alarms == LEVELS * 100
    assert compared(riding).tried.peaks == LEVELS * 100


def test_comparing_takes_as_long_as_there_are_crossings_and_not_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    under = trial(levels(), levels())
    under.take(flapping(400))
    spans = 3 * under.most_raises
    called: Counter[str] = Counter()
    overlaps = Span.overlaps

    def counted(one: Span, other: Span) -> bool:
        called["overlaps"] += 1
        return overlaps(one, other)

    def made(*arguments: object) -> list[Span]:
        called["made"] += 1
        return held_spans(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Span, "overlaps", counted)
    monkeypatch.setattr("gateway.evaluation.trial.held_spans", made)
    found = compared(under)
    assert found.now.alarms == LEVELS * 200
    assert called["made"] == 3 * LEVELS  # once a level and run
    assert 0 < called["overlaps"] <= 3 * spans


def test_lead_is_from_the_first_of_all_levels_that_is_held_as_the_highest_is_reached() -> None:
    values = [400, 510, 400, 502, 505, 520, 400, 400, 503, 504, 400, 530, 400]
    under = trial(levels(margin=1), [replace(one, value=one.value - 2) for one in levels(margin=1)])
    under.take(batch([(0, minutes(k), float(v)) for k, v in enumerate(values)]))
    found = compared(under)
    # 508 is reached at 1, 5 and 11: nothing was held before the first and the last, 501 since 3 before the second.
    assert found.now.lead_min.n == 3
    assert (found.now.lead_min.min, found.now.lead_min.median, found.now.lead_min.max) == (0, 0, 2)
    assert found.record == Span(minutes(0), minutes(12))
    assert (found.record.end_us - found.record.start_us) // MINUTE_US == found.observations - 1


def test_a_record_without_an_observation_is_none() -> None:
    assert trial(levels(), levels()).compared() is None
