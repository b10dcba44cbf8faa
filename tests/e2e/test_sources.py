"""Several brokers at once: a bad one harms none, a reload changes them, one can be given up."""

import signal
from typing import Final

import pytest

from tests import plain_http
from tests.e2e.api import Api
from tests.e2e.bad_server import bad_server
from tests.e2e.broker import Broker
from tests.e2e.link import Link
from tests.e2e.logs import distinct
from tests.e2e.processes import Process, free_port, until
from tests.e2e.site import Site
from tests.e2e.small_city import RAIN, RIVER

pytestmark = pytest.mark.broker

TOPIC_OF: Final = {datastream: "telemetry/" + datastream.replace(":", "/") for datastream in (RIVER, RAIN)}
START_MS = 1_760_000_000_000
FAULTY = 1_200  # one bad message a second for 20 minutes, without the waiting
GOOD = 600


def write_sources(site: Site, sources: dict[str, str], rules: str = "") -> None:
    """Put `[[sources]]` behind the small city's city.toml as it was first."""
    first = site.city / "city.toml.first"
    if not first.exists():
        first.write_bytes((site.city / "city.toml").read_bytes())
    blocks = "".join(f'\n[[sources]]\nname = "{name}"\nurl = "{url}"\n' for name, url in sources.items())
    (site.city / "city.toml").write_text(first.read_text(encoding="utf-8") + blocks + rules, encoding="utf-8")


def status(api: Api) -> dict[str, dict[str, object]]:
    """The sources as /healthz tells them, by name."""
    frame = plain_http.get(f"{api.url}/healthz").json()["gateway"]["status"]
    return {source["name"]: source for source in frame["sources"]} if frame else {}


def test_a_source_of_rubbish_and_three_that_are_no_brokers_harm_nobody(site: Site, mosquitto: Broker) -> None:
    with bad_server(b"HTTP/1.1 400 Bad Request\r\n" * 9) as web, bad_server(b"") as hanging:
        write_sources(
            site,
            {
                "good": mosquitto.url,
                "rubbish": mosquitto.url,
                "absent": f"mqtt://127.0.0.1:{free_port()}",
                "web": f"mqtt://127.0.0.1:{web}",
                "hanging": f"mqtts://127.0.0.1:{hanging}",
            },
            '\n[[ingest]]\nsource = "rubbish"\nfilter = "rubbish/#"\nformat = "native"\n',
        )
        gateway = site.start_gateway(mosquitto, SIAGA_MQTT_URL="", SIAGA_MQTT_CONNECT_TIMEOUT_S="1")
        gateway.wait_for_line("broker rubbish")
        _center, api = site.start_command_center()
        bad = [(f"rubbish/{n}", b"\xff{" + bytes([n % 256]) * (n % 50)) for n in range(FAULTY)]
        good = [(TOPIC_OF[RIVER], {"ts": START_MS + n, "value": n % 100}) for n in range(GOOD)]
        mixed = [message for n in range(GOOD) for message in (bad[2 * n], good[n], bad[2 * n + 1])]
        mosquitto.publish_all(mixed)
        until(lambda: len(distinct(site.data_dir)) == GOOD, "every good reading")
        until(lambda: _dead_letters(api, "rubbish") == FAULTY, "every bad message counted")
        sources = status(api)
        assert sources["good"]["connected"]
        assert "refused" in str(sources["absent"]["error"])
        assert "not an MQTT broker" in str(sources["web"]["error"])
        assert "no answer within 1 s" in str(sources["hanging"]["error"])


def test_a_reload_starts_stops_and_changes_sources(site: Site, mosquitto: Broker) -> None:
    write_sources(site, {"one": mosquitto.url})
    gateway = site.start_gateway(mosquitto, SIAGA_MQTT_URL="")
    _center, api = site.start_command_center()
    until(lambda: set(status(api)) == {"one"}, "the first source")
    rule = '\n[[ingest]]\nsource = "two"\nfilter = "desa/+/+"\nformat = "native"\n'
    write_sources(site, {"one": mosquitto.url, "two": mosquitto.url}, rule)
    _reload(gateway, 1)
    two = until(lambda: status(api).get("two", {}), "the second source")
    until(lambda: status(api)["two"]["connected"], "its connection")
    assert status(api)["two"]["filters"] == ["desa/+/+"]
    assert two["url"] == mosquitto.url
    write_sources(site, {"two": mosquitto.url}, rule)
    _reload(gateway, 2)
    until(lambda: set(status(api)) == {"two"}, "the first source's end")
    assert "source one is gone from the city" in gateway.output


def test_a_source_that_is_given_up_is_forgotten_by_its_broker(site: Site, mosquitto: Broker) -> None:
    write_sources(site, {"one": mosquitto.url})
    gateway = site.start_gateway(mosquitto, SIAGA_MQTT_URL="")
    refused = _forget(site, "one")
    assert refused.wait(20) == 1
    assert "another gateway is running" in refused.output
    gateway.stop()
    mosquitto.publish(TOPIC_OF[RAIN], {"ts": START_MS, "value": 1})
    stranger = _forget(site, "other")
    assert stranger.wait(20) == 1
    assert "no source 'other'; there are one" in stranger.output
    done = _forget(site, "one")
    assert done.wait(20) == 0
    assert "is dropped, and what waited in it" in done.output
    again = site.start_gateway(mosquitto, SIAGA_MQTT_URL="")
    mosquitto.publish(TOPIC_OF[RAIN], {"ts": START_MS + 1, "value": 2})
    until(lambda: len(distinct(site.data_dir)), "the reading that came afterwards")
    assert distinct(site.data_dir).value.tolist() == [2.0]
    assert "has lost our session" not in again.output


def test_a_subscription_that_is_swallowed_on_the_way_is_found_and_healed(site: Site, mosquitto: Broker) -> None:
    swallowed: list[bytes] = []

    def swallow(data: bytes) -> bytes:
        """The first SUBSCRIBE goes to topics that nobody publishes to; the broker acknowledges it."""
        if data[:1] == b"\x82" and not swallowed:
            swallowed.append(data)
            return data.replace(b"telemetry", b"telemetrx").replace(b"canary", b"canarx")
        return data

    with Link(mosquitto.port, swallow) as link:
        settings = {"SIAGA_MQTT_URL": f"mqtt://127.0.0.1:{link.port}", "SIAGA_MQTT_CANARY_PERIOD_S": "0.3"}
        gateway = site.start_gateway(mosquitto, **settings)
        gateway.wait_for_line("connected, but nothing flows: 3 beats")
        gateway.wait_for_line("messages flow again")
        mosquitto.observe(RIVER, 7.0)
        until(lambda: distinct(site.data_dir).value.tolist() == [7.0], "the reading")
    assert swallowed


def _reload(gateway: Process, times: int) -> None:
    gateway.signal(signal.SIGHUP)
    until(lambda: sum("reloaded: catalogue version" in line for line in gateway.lines) == times, "the reload")


def _forget(site: Site, source: str) -> Process:
    environment = {"SIAGA_CITY": str(site.city)}
    return site.processes.siaga("gateway", "--data-dir", site.data_dir, "--forget", source, environment=environment)


def _dead_letters(api: Api, source: str) -> int:
    counts = api.get("/dead-letters")["counts"]
    return sum(count["count"] for count in counts if count["source"] == source)
