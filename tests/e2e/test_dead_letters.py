"""Bad payloads of every kind among good ones: every good one arrives, every bad one is kept with its reason."""

import time
from typing import Any

import pytest

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.processes import until
from tests.e2e.small_city import RIVER

pytestmark = pytest.mark.broker

TOPIC = "telemetry/" + RIVER.replace(":", "/")
DEEP = b'{"value": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BAD = [
    (TOPIC, b"", "empty"),
    (TOPIC, b"\xff\xfe12", "not_utf8"),
    (TOPIC, b'{"value": NaN}', "not_finite"),
    (TOPIC, b"NaN", "not_finite"),
    (TOPIC, b"x" * 300_000, "not_json"),
    (TOPIC, DEEP, "too_deep"),
    (TOPIC, b'{"value": "twelve"}', "wrong_type"),
    (TOPIC, b'{"ts": "yesterday", "value": 1}', "bad_time"),
    (TOPIC, b'{"value": 1, "unit": "furlong"}', "unknown_unit"),
    ("telemetry/NOBODY/level", b"1", "unknown_station"),
]
ROUNDS = 10


def test_100_malformed_payloads_among_good_ones(nats: Broker, api: Api) -> None:
    start_ms = int(time.time() * 1000) - 1_000_000
    messages: list[tuple[str, object]] = []
    for number in range(ROUNDS * len(BAD)):
        topic, payload, _ = BAD[number % len(BAD)]
        messages += [(TOPIC, {"ts": start_ms + number, "value": number % 90}), (topic, payload)]
    nats.publish_all(messages)
    until(lambda: len(api.observations(RIVER)) == ROUNDS * len(BAD), "every good reading")
    until(lambda: sum(c["count"] for c in counts(api)) == ROUNDS * len(BAD), "every dead letter")
    expected: dict[str, int] = {}
    for _, _, reason in BAD:
        expected[reason] = expected.get(reason, 0) + ROUNDS
    assert {c["reason"]: c["count"] for c in counts(api)} == expected
    items = everything(api)
    assert len(items) == ROUNDS * len(BAD)
    assert all(item["detail"] for item in items)
    big = next(item for item in items if item["length"] == 300_000)
    assert len(big["payload"]) == 65_536


def test_a_retained_message_without_a_time_is_a_dead_letter(nats: Broker, site_and_api: tuple[object, Api]) -> None:
    _, api = site_and_api
    until(lambda: [c["reason"] for c in counts(api)] == ["retained_without_time"], "the retained message refused")
    nats.observe(RIVER, 17.0)
    api.wait_for_value(RIVER, 17.0)


@pytest.fixture
def site_and_api(site: object, nats: Broker) -> tuple[object, Api]:
    """A gateway that subscribes for the first time while the broker already holds a retained message."""
    from tests.e2e.site import Site

    assert isinstance(site, Site)
    nats.publish(TOPIC, b"999", retain=True)
    site.start_gateway(nats)
    return site, site.start_command_center()[1]


def counts(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/dead-letters")["counts"]
    return found


def everything(api: Api) -> list[dict[str, Any]]:
    """All pages of the dead letters."""
    items: list[dict[str, Any]] = []
    after = ""
    while True:
        page = api.get("/dead-letters", **({"after": after} if after else {}))
        items += page["items"]
        if not page["next"]:
            return items
        after = page["next"]
