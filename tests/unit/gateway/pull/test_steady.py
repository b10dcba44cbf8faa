"""A city is told, before it happens, which steady gauges of a page without times would be called silent."""

from typing import Any

from msgspec.structs import replace

from gateway.pull.steady import steady_warnings
from sensors.catalogue import Installation
from tests.unit.gateway.pull.sources import pull
from tests.unit.gateway.small_city import small_catalogue


def warned(**changes: Any) -> list[str]:
    plain = small_catalogue()
    installed = (Installation(device="posko-A1", field="level"),)
    first = replace(plain.datastreams[0], installations=installed, interval_calm_s=600)
    city = replace(plain.city, pulls=(pull(**changes),))
    return steady_warnings(replace(plain, city=city, datastreams=(first, *plain.datastreams[1:])))


def test_a_gauge_that_may_stand_still_is_named() -> None:
    [line] = warned(time="fetched", device_prefix="posko-")
    assert "pull posko: " in line
    assert "S1:level" in line
    assert len(warned(time="fetched")) == 1
    assert len(warned(time="fetched", repeat_s=86_400)) == 1


def test_no_word_where_the_value_comes_again_in_time_or_the_page_has_times() -> None:
    assert warned(time="fetched", repeat_s=600) == []
    assert warned(time="at") == []
    assert warned(time="fetched", device_prefix="other-") == []
    assert warned(time="fetched", device="", device_name="B2") == []
