"""A reloaded catalogue: what is remembered of derived datastreams, and what begins anew."""

from dataclasses import fields

import msgspec

from sensors.catalogue import Catalogue
from sensors.derived.rules import derived_rules
from sensors.derived.state import remap_derived
from sensors.times import MINUTE_US
from tests.unit.sensors.derived.small_catalogue import (
    catalogue,
    datastream,
    derived,
    every_method,
)
from tests.unit.sensors.derived.told_city import City


def renumbered(whole: Catalogue, *first: str) -> Catalogue:
    """The catalogue with these datastreams in front; numbers belong to (station, property, unit) and stay."""
    front = sorted(whole.datastreams, key=lambda d: d.property not in first)
    return msgspec.structs.replace(whole, datastreams=tuple(front))


def test_a_reload_keeps_the_memory_of_what_did_not_change() -> None:
    old = every_method()
    city = City(old)
    for at in range(40):
        city.hear("pm25", at * 5 * MINUTE_US, 30.0 + at)
        city.hear("level", at * MINUTE_US, 100.0 + at)
        city.hear("opening", at * MINUTE_US, 0.5)
    again = remap_derived(city.state, city.rules, derived_rules(renumbered(old, "ispu", "both")))
    for field in fields(again):
        assert getattr(again, field.name).tobytes() == getattr(city.state, field.name).tobytes(), field.name


def test_a_changed_derivation_begins_anew_and_its_times_go_on() -> None:
    def with_window(window_s: float) -> Catalogue:
        return catalogue(
            [datastream("pm25", "air", "ug/m3", 300.0)],
            [
                derived("changed", "ug/m3", "mean", "pm25", window_s=window_s),
                derived("same", "ug/m3", "mean", "pm25", window_s=3600.0),
            ],
        )

    city = City(with_window(3600.0))
    for at in range(12):
        city.hear("pm25", at * 5 * MINUTE_US, float(at))
    before = city.state
    new = with_window(7200.0)
    city.state = remap_derived(city.state, city.rules, derived_rules(new))
    city.rules = derived_rules(new)
    assert city.state.last_us.tolist() == before.last_us.tolist()
    found = city.hear("pm25", 60 * MINUTE_US, 100.0)
    assert found["changed"].value == 100.0
    assert found["same"].value == (sum(range(1, 12)) + 100) / 12


def test_one_in_another_unit_is_another_and_one_that_is_gone_is_forgotten() -> None:
    old, new = every_method(), every_method()
    gone = msgspec.structs.replace(new, datastreams=tuple(d for d in new.datastreams if d.property != "rain-10m"))
    city = City(old)
    city.hear("rain_rate", 0, 5.0)
    state = remap_derived(city.state, city.rules, derived_rules(gone))
    assert len(state.last_us) == len(city.state.last_us) - 1
    assert (state.part_total == 0).all()
