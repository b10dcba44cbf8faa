"""Whatever is pasted into `siaga publish`, the gateway reads the same readings from it, each with its origin."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.payload import marked

VALUE = st.one_of(st.integers(-9999, 9999), st.floats(-1e6, 1e6), st.none())
OBJECT = st.fixed_dictionaries({"value": VALUE}, optional={"ts": st.integers(0, 2**40), "origin": st.just("live")})
READING = st.one_of(st.integers(-9999, 9999), OBJECT)


@given(st.one_of(READING, st.lists(READING, max_size=8)), st.sampled_from(["live", "simulated"]))
def test_every_reading_bears_the_origin_that_was_asked_for_and_is_else_as_it_was(content: object, origin: str) -> None:
    found = msgspec.json.decode(marked(msgspec.json.encode(content), origin, whole_station=False))
    given_ = content if isinstance(content, list) else [content]
    for before, after in zip(given_, found if isinstance(found, list) else [found], strict=True):
        assert after == {**(before if isinstance(before, dict) else {"value": before}), "origin": origin}
    assert isinstance(found, list) == isinstance(content, list)


@pytest.mark.parametrize("origin", ["live", "simulated"])
def test_several_properties_of_a_station_bear_one_origin(origin: str) -> None:
    found = marked(b'{"ts": 5, "values": {"pm25": 41, "pm10": null}}', origin, whole_station=True)
    assert msgspec.json.decode(found) == {"ts": 5, "values": {"pm25": 41, "pm10": None}, "origin": origin}
