"""MQTT out's part of `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from command_center.mqtt_out.alarms import AlarmFeed
from command_center.mqtt_out.observations import ObservationFeed
from command_center.mqtt_out.service import MqttOut

FEEDS = ("alarm", "alert", "observation")


def out_metrics(out: MqttOut, alarms: AlarmFeed, observations: ObservationFeed) -> Iterator[Metric]:
    """Figures since the start."""
    link = out.link
    text = "the broker that alarms, warnings and observations are published to"
    yield GaugeMetricFamily("siaga_mqtt_out_connected", text, value=out.connected)
    text = "connections to it"
    yield CounterMetricFamily("siaga_mqtt_out_connections", text, value=0 if link is None else link.connections)
    published = CounterMetricFamily("siaga_mqtt_out_published", "messages, clearings included", labels=["feed"])
    for name in FEEDS:
        published.add_metric([name], out.published[name])
    yield published
    text = "retained alarms at the broker beyond what is looked after"
    yield CounterMetricFamily("siaga_mqtt_out_retained_left_out", text, value=alarms.left_out)
    text = "datastreams of which an observation waits for the broker"
    yield GaugeMetricFamily("siaga_mqtt_out_waiting", text, value=observations.waiting)
    text = "observations that a newer one took the place of before they went out"
    yield CounterMetricFamily("siaga_mqtt_out_overtaken", text, value=observations.overtaken)
    text = "observations that did not go out because they came behind newer ones"
    yield CounterMetricFamily("siaga_mqtt_out_late", text, value=observations.late)
