"""Nobody may send what is computed: a message under a derived datastream's name is a dead letter that says so."""

import msgspec
import numpy as np

from gateway.address_book import AddressBook
from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.mqtt.codec import Publishes
from sensors.catalogue import Catalogue, Datastream, Derivation
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000


def with_a_rate() -> Catalogue:
    """The small city, and how fast the level at S1 rises, which is computed."""
    rate = Datastream(
        number=3,
        station="S1",
        property="level-rate",
        kind="river_rate",
        unit="cm/h",
        interval_calm_s=60,
        derivation=Derivation(method="rate", inputs=("S1:level",)),
    )
    city = small_catalogue()
    return msgspec.structs.replace(city, datastreams=(*city.datastreams, rate))


def read(topic: str, payload: bytes) -> Ingested:
    publishes = Publishes(topic=[topic.encode()], payload=[payload], packet_id=[1], retain=[False])
    return Ingest(with_a_rate(), dead_letter_bytes=200).read([Arrivals("broker", publishes)], NOW)


def test_a_message_under_a_derived_datastreams_topic_is_a_dead_letter() -> None:
    result = read("telemetry/S1/level-rate", b"12")
    assert len(result.batch) == 0
    (letter,) = result.dead_letters
    assert letter.reason == "unknown_property"
    assert letter.detail == "'level-rate' at station 'S1' is derived: it is computed from others, no device sends it"


def test_in_a_stations_message_it_costs_its_element_only() -> None:
    result = read("telemetry/S1", b'{"values": {"level": 120, "level-rate": 12}}')
    assert result.batch.datastream.tolist() == [0]
    (letter,) = result.dead_letters
    assert (letter.reason, letter.element) == ("unknown_property", 1)
    assert "is derived" in letter.detail


def test_it_is_not_among_the_known_properties() -> None:
    (letter,) = read("telemetry/S1/tinggi", b"12").dead_letters
    assert letter.detail == "no property 'tinggi' at station 'S1'; known are level, rain"


def test_it_has_no_target_and_keeps_its_place_among_the_numbers() -> None:
    book = AddressBook(with_a_rate())
    assert set(book.by_topic) == {b"telemetry/S1/level", b"telemetry/S1/rain", b"telemetry/S2/level"}
    assert book.size == 4
    assert book.numbers(np.array([2], np.int32), np.array([NOW])).tolist() == [2]
