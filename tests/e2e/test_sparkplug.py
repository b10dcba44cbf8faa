"""A Sparkplug node whose birth was missed: it is asked, answers, is read, dies, and the wall says that it is gone."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.broker import Broker
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER
from tests.unit.gateway.formats.sparkplug_messages import UINT64, metric, payload

pytestmark = pytest.mark.broker

RULE = """
[[ingest]]
source = "*"
filter = "spBv1.0/#"
format = "sparkplug"
"""
ROWS = """
station,property,kind,unit,interval_calm_s,device,field,sent_unit,source
SUNGAI-UJI,level,river_level,cm,600,Uji/Pintu1/Sungai,Muka Air,m,for tests
"""


@contextmanager
def listening(broker: Broker, topic: str) -> Iterator[list[str]]:
    """The topics of what is published under a filter meanwhile."""
    heard: list[str] = []
    client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda *event: heard.append(event[2].topic)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        client.subscribe(topic)
        assert subscribed.wait(10)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_missed_birth_is_asked_for_and_a_death_is_silence_at_once(site: Site, mosquitto: Broker) -> None:
    (site.city / "city.toml").write_text((site.city / "city.toml").read_text(encoding="utf-8") + RULE, encoding="utf-8")
    (site.city / "datastreams.csv").write_text(ROWS.lstrip("\n"), encoding="utf-8")
    site.start_gateway(mosquitto)
    _, api = site.start_command_center()
    now_ms = int(time.time() * 1000)
    data = payload(metric("", 1.25, alias=7, tell_type=False), seq=9, at_ms=now_ms)
    with listening(mosquitto, "spBv1.0/+/NCMD/#") as asked:
        mosquitto.publish("spBv1.0/Uji/DDATA/Pintu1/Sungai", data, qos=0)
        until(lambda: asked == ["spBv1.0/Uji/NCMD/Pintu1"], "a request for a rebirth")
    births = [
        ("spBv1.0/Uji/NBIRTH/Pintu1", payload(metric("bdSeq", 3, UINT64), seq=0, at_ms=now_ms + 1)),
        ("spBv1.0/Uji/DBIRTH/Pintu1/Sungai", payload(metric("Muka Air", 1.0, alias=7), seq=1, at_ms=now_ms + 2)),
        (
            "spBv1.0/Uji/DDATA/Pintu1/Sungai",
            payload(metric("", 1.5, alias=7, tell_type=False), seq=2, at_ms=now_ms + 3),
        ),
    ]
    mosquitto.publish_all(births, qos=0)
    api.wait_for_value(RIVER, 150.0)
    until(lambda: api.open_alarm(RIVER) is not None, "the alarm of a level")
    mosquitto.publish("spBv1.0/Uji/NDEATH/Pintu1", payload(metric("bdSeq", 3, UINT64)), qos=0)
    until(lambda: "device reported offline" in (api.open_alarm(RIVER) or {})["text"]["en"], "the alarm of a death")
