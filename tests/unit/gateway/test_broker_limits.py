"""What a city's sources ask of their brokers, said before the flood."""

import pytest
from msgspec.structs import replace

from gateway.broker_limits import NATS_IN_FLIGHT, limits, max_ack_pending
from gateway.devices.opening import MAX_ACK_PENDING
from sensors.catalogue import City, IngestRule, Source
from tests.unit.gateway.small_city import small_catalogue

CITY = small_catalogue().city


def with_source(*filters: str, **more: object) -> City:
    source = Source(**({"name": "pjt", "url": "mqtts://10.0.0.5"} | more))  # type: ignore[arg-type]  # by name
    rules = tuple(IngestRule(source="*", filter=name, format="native") for name in filters)
    return replace(CITY, sources=(source,), ingest=rules)


@pytest.mark.parametrize(
    ("filters", "most"),
    [
        ((), MAX_ACK_PENDING),
        (("telemetry/#",), MAX_ACK_PENDING),
        (("telemetry/+/level", "a/b"), MAX_ACK_PENDING),
        (("telemetry/#", "a/#"), 13_107),  # each ending in # counts twice, our canary's filter once
        (tuple(f"a/{n}" for n in range(9)), 6_553),
    ],
)
def test_all_filters_of_a_session_share_what_nats_lets_be_in_flight(filters: tuple[str, ...], most: int) -> None:
    assert max_ack_pending(filters) == most
    weight = 1 + sum(1 + name.endswith("#") for name in filters)
    assert most * weight <= NATS_IN_FLIGHT


def test_a_source_that_keeps_everything_is_told_nothing() -> None:
    assert limits(with_source("telemetry/#")) == []


@pytest.mark.parametrize(
    ("filters", "more", "said"),
    [
        (("a/#", "b/#"), {}, "refuses some of them if its max_ack_pending is over 13,107"),
        (("a/+/c", "a/b/+"), {}, "a/+/c and a/b/+ overlap"),
        (("+/b",), {}, "also brings what Siaga publishes itself"),
        ((), {"protocol": "3.1.1"}, "MQTT 3.1.1 only"),
        ((), {"session_expiry_s": 0}, "what comes while the gateway is away is lost"),
        ((), {"canary": False}, "canary = false"),
        ((), {"url": "mqtt://10.0.0.5", "user": "u", "password_env": "P"}, "in clear"),
    ],
)
def test_each_limit_is_named_with_its_source(filters: tuple[str, ...], more: dict[str, object], said: str) -> None:
    lines = limits(with_source(*filters, **more))
    assert len(lines) == 1
    assert lines[0].startswith("source pjt: ")
    assert said in lines[0]


def test_a_session_of_311_never_expires_so_its_expiry_is_not_spoken_of() -> None:
    lines = limits(with_source(protocol="3.1.1", session_expiry_s=0))
    assert ["is lost" in line for line in lines] == [False]


def test_a_city_without_sources_is_spoken_of_as_any() -> None:
    city = replace(with_source("a/+/c", "a/b/+"), sources=())
    assert [line.split(": ")[0] for line in limits(city)] == ["source *"]


def test_the_embedded_broker_is_set_by_itself_and_not_spoken_of() -> None:
    assert limits(replace(with_source("a/#", "b/#"), sources=())) == []
