"""What is subscribed at a source, and which limits that meets."""

from msgspec.structs import replace

from gateway.broker_limits import limits
from gateway.subscription import filters_of
from sensors.catalogue import City, IngestRule, Source
from tests.unit.gateway.small_city import small_catalogue

CITY = small_catalogue().city
SOURCES = tuple(Source(name=name, url="mqtts://10.0.0.5") for name in ("pjt", "bmkg"))


def with_rules(*filters: str, source: str = "*") -> City:
    rules = tuple(IngestRule(source=source, filter=name, format="native") for name in filters)
    return replace(CITY, sources=SOURCES if source != "*" else (), ingest=rules)


def test_without_a_rule_native_topics_are_subscribed() -> None:
    assert filters_of(with_rules(), "pjt") == ("telemetry/#",)
    assert filters_of(with_rules("up/#", source="bmkg"), "pjt") == ("telemetry/#",)


def test_a_broker_that_the_city_does_not_name_stands_for_all_its_sources() -> None:
    assert filters_of(with_rules("up/#", source="bmkg"), "embedded") == ("up/#",)


def test_rules_are_merged_and_unusable_ones_left_out() -> None:
    city = with_rules("telemetry/+/level", "telemetry/#", "application/+/event/up", "siaga/alarm/#")
    assert filters_of(city, "pjt") == ("application/+/event/up", "telemetry/#")


def test_limits_are_named_where_they_are_met() -> None:
    assert limits(with_rules("telemetry/#")) == []
    assert limits(with_rules("telemetry/#", "a/#", "b/+")) == []  # the embedded broker is set by itself
    many = limits(with_rules("telemetry/#", "a/#", "b/+", source="pjt"))
    assert len(many) == 1
    assert "max_ack_pending is over 10,922" in many[0]
    assert ["overlap" in line for line in limits(with_rules("a/+", "+/b"))] == [True, False]
    assert "passed over" in limits(with_rules("a/+", "+/b"))[1]
    old = Source(name="pjt", url="mqtt://10.0.0.5", protocol="3.1.1", password_file="sandi", canary=False)
    said = limits(replace(CITY, sources=(old,), ingest=()))
    assert [line.split(": ")[0] for line in said] == ["source pjt"] * 3
    assert "max_inflight_messages" in said[0]
    assert "not found out" in said[1]
    assert "in clear" in said[2]
