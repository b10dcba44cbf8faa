"""The catalogue's canonical text: it comes back equal, and equal catalogues give equal bytes."""

import msgspec
import pytest

from sensors.catalogue import UNNUMBERED, Catalogue, Row, from_canonical
from sensors.city import load_city
from tests.unit.sensors.small_city import CITY_TOML, CityFolder


@pytest.mark.parametrize("name", ["mojokerto", "kotamobagu"])
def test_a_whole_city_comes_back_equal(name: str) -> None:
    catalogue, _ = load_city(name)
    again = from_canonical(catalogue.canonical())
    assert again == catalogue
    assert again.canonical() == catalogue.canonical()
    assert again.sha256() == catalogue.sha256()


def test_the_order_in_which_a_city_names_its_levels_is_not_in_the_bytes(city: CityFolder) -> None:
    first = city.catalogue()
    start, middle, end = (CITY_TOML.index(f"[levels.{name}]") for name in ("waspada", "siaga", "kering"))
    head, waspada, siaga, rest = CITY_TOML[:start], CITY_TOML[start:middle], CITY_TOML[middle:end], CITY_TOML[end:]
    again = city.write("city.toml", head + siaga + waspada + rest).catalogue()
    assert list(again.city.levels) != list(first.city.levels)
    assert again == first
    assert again.canonical() == first.canonical()


def test_reading_a_folder_twice_gives_the_same_sum_and_a_change_another(city: CityFolder) -> None:
    first = city.catalogue()
    assert city.catalogue().sha256() == first.sha256()
    assert city.replace("levels.csv", "300.5", "300.6").catalogue().sha256() != first.sha256()


def test_numbers(city: CityFolder) -> None:
    catalogue = city.catalogue()
    assert {d.number for d in catalogue.datastreams} == {UNNUMBERED}
    assert catalogue.datastream_by_number == {}
    numbers = {("BRANGKAL", "level", "cm"): 4, ("BRANGKAL", "rain", "mm/h"): 0, ("UDARA-1", "pm25", "ug/m3"): 7}
    numbered = catalogue.numbered(numbers)
    assert {n: d.id for n, d in numbered.datastream_by_number.items()} == {
        4: "BRANGKAL:level",
        0: "BRANGKAL:rain",
        7: "UDARA-1:pm25",
    }
    assert catalogue.datastream_by_number == {}


def test_a_changed_copy_looks_itself_up_anew(city: CityFolder) -> None:
    catalogue = city.catalogue()
    assert len(catalogue.datastream_by_id) == 3
    fewer = msgspec.structs.replace(catalogue, datastreams=catalogue.datastreams[:1])
    assert set(fewer.datastream_by_id) == {"BRANGKAL:level"}


def test_the_jurisdiction_of_an_area(city: CityFolder) -> None:
    catalogue: Catalogue = city.catalogue()
    for code in ("35.76.01.1003", "35.76.01", "35.76"):
        area = catalogue.jurisdiction(code)
        assert area is not None
        assert area.code == "35.76"
    assert catalogue.jurisdiction("99.99") is None


@pytest.mark.parametrize(
    ("source", "made_up"),
    [
        ("illustrative", True),
        ("Illustrative (distance at 1.2 m/s)", True),
        ("ilustrasi", True),
        ("", False),
        ("Perum Jasa Tirta I, press release", False),
        ("an illustrative example", False),
    ],
)
def test_what_the_city_says_it_made_up(source: str, made_up: bool) -> None:
    assert Row(source=source).is_illustrative is made_up


def test_a_row_without_a_source_counts_as_made_up() -> None:
    assert Row().is_illustrative
