"""What lets sirens and mass messages of the highest level go out."""

import numpy as np
import pytest
from msgspec.structs import replace

from command_center.alarms import life_cycle, set_aside
from command_center.alarms.alarm import Alarm, Aside, Refutation, Release
from command_center.alarms.release import confirmed, waits
from command_center.picture.directory import Directory
from command_center.picture.latest import Latest
from sensors.catalogue import Catalogue, Reach
from sensors.origin import Origin
from sensors.quality import Quality
from sensors.times import SECOND_US
from sensors.transition import Kind
from tests.unit.command_center.alarms.test_life_cycle import after, at
from tests.unit.command_center.little_city import LEVEL, entry, little_city, minutes, raised, returned, transition

RAISED = after(raised("merah", time_us=minutes(0)))  # at minute 1 of our time


def seen(*rows: tuple[int, float, int]) -> Latest:
    """`ROLAK:level` read at these minutes: (minute, value, quality)."""
    latest = Latest()
    for seq, (minute, value, quality) in enumerate(rows, start=1):
        batch = entry([(LEVEL, minutes(minute), value)]).batch
        batch.quality[:] = quality
        latest.add(batch, np.array([seq]))
    return latest


def found(alarm: Alarm, latest: Latest, city: Catalogue | None = None, now: float = 1.5, **beside: Alarm) -> str | None:
    directory = Directory(city or little_city(), 1)
    release = confirmed(alarm, directory, latest, lambda one: beside.get(one.replace(":", "_")), minutes(now))
    return None if release is None else f"{release.how} {release.who}".rstrip()


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        ([(0, 710.0, 1)], None),
        ([(0, 710.0, 1), (1, 705.0, 1)], "reading ROLAK:level"),
        ([(0, 710.0, 1), (1, 705.0, 2)], "reading ROLAK:level"),
        ([(0, 710.0, 1), (1, 705.0, Quality.SUSPECT)], None),
        ([(0, 710.0, 1), (1, 65535.0, Quality.FAIL)], None),
        ([(0, 710.0, 1), (1, 699.0, 1)], None),
    ],
)
def test_a_second_good_reading_over_the_level(rows: list[tuple[int, float, int]], how: str | None) -> None:
    assert found(RAISED, seen(*rows)) == how


def test_nobody_answers_for_two_minutes() -> None:
    called_us = minutes(1)
    assert RAISED.called_us == called_us
    late = (called_us + 120 * SECOND_US - minutes(0)) / (minutes(1) - minutes(0))
    assert found(RAISED, seen(), now=late - 0.001) is None
    assert found(RAISED, seen(), now=late) == "time"


def test_a_gauge_beside_it_with_a_grave_level_of_its_own() -> None:
    little = little_city()
    city = replace(little, reaches=(Reach(upstream="POS", downstream="ROLAK", travel_min=10),))
    rain = replace(little.datastreams[2], levels=little.datastreams[0].levels)
    city = replace(city, datastreams=(*little.datastreams[:2], rain))
    grave, mild, doubtful = (after(raised("kuning")), after(raised("hijau")), after(raised("kuning", verify=True)))
    assert found(RAISED, seen(), city, POS_rain=grave) == "neighbour POS:rain"
    assert found(RAISED, seen(), city, POS_rain=mild) is None
    assert found(RAISED, seen(), city, POS_rain=doubtful) is None
    assert found(RAISED, seen(), POS_rain=grave) is None  # not beside it


def test_only_the_highest_level_waits_and_only_while_it_is_not_refuted() -> None:
    assert waits(RAISED)
    assert not waits(after(raised("kuning")))
    assert not waits(after(raised("merah", historical=True)))
    assert not waits(after(returned("merah"), alarm=RAISED, seq=2))
    seen_at = minutes(2)
    kering = Refutation(by="sari", seen="camera", comment="x", at_us=seen_at, until_us=minutes(9), rank=0, severity=0)
    refuted = set_aside.refute(RAISED, kering)
    assert not waits(refuted)
    released = Release(how="person", who="sari", at_us=minutes(2))
    assert set_aside.release(refuted, released) is refuted
    assert not waits(set_aside.release(RAISED, released))


def test_what_falls_and_rises_again_has_to_be_seen_again() -> None:
    both = after(raised("kuning"), raised("merah"))
    released = set_aside.release(both, Release(how="person", who="sari", at_us=minutes(3)))
    again = after(returned("merah"), raised("merah"), alarm=released, seq=4)
    assert waits(again)
    silent = life_cycle.apply(released, transition(Kind.SILENT), at(4))
    assert silent is not None
    assert silent.release == released.release


def test_while_nobody_is_asked_nothing_is_released_and_what_was_does_not_outlive_the_order() -> None:
    released = set_aside.release(RAISED, Release(how="person", who="sari", at_us=minutes(2)))
    aside = set_aside.put_aside(released, Aside.SUPPRESSED, minutes(3))
    assert (aside.release, waits(aside)) == (None, False)
    assert set_aside.release(aside, Release(how="time", who="", at_us=minutes(4))) is aside
    assert waits(set_aside.put_aside(aside, None, minutes(5)))


def test_a_neighbour_in_maintenance_or_an_exercise_speaks_for_nothing_real() -> None:
    little = little_city()
    city = replace(little, reaches=(Reach(upstream="POS", downstream="ROLAK", travel_min=10),))
    rain = replace(little.datastreams[2], levels=little.datastreams[0].levels)
    city = replace(city, datastreams=(*little.datastreams[:2], rain))
    grave = after(raised("kuning"))
    muted = set_aside.put_aside(grave, Aside.OUT_OF_SERVICE, minutes(1))
    played = after(raised("kuning", origin=Origin.REPLAYED))
    assert found(RAISED, seen(), city, POS_rain=muted) is None
    assert found(RAISED, seen(), city, POS_rain=played) is None
    assert found(after(raised("merah", origin=Origin.REPLAYED)), seen(), city, POS_rain=played) is not None
