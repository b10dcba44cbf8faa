"""The actuators' part of `/metrics`; its labels are the rows of actuators.csv (at most 500) and the city's brokers."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from command_center.actuators.desk import ActuatorDesk
from command_center.actuators.link import ActuatorLinks
from sensors.times import HOUR_US

_DAY_US: Final = 24 * HOUR_US


def actuator_metrics(desk: ActuatorDesk, links: ActuatorLinks, now_us: int) -> Iterator[Metric]:
    """What each was told and did since the start, and the days since it was proven end to end."""
    labels = ["actuator"]
    told = CounterMetricFamily("siaga_actuator_commands", "commands given to it", labels=labels)
    confirmed = CounterMetricFamily("siaga_actuator_confirmed", "commands that it said it did", labels=labels)
    text = "commands without an answer in time, or not taken by its broker"
    failed = CounterMetricFamily("siaga_actuator_failed", text, labels=labels)
    text = "since it last said that it sounds after it was told to; none: it never has"
    proven = GaugeMetricFamily("siaga_actuator_proven_days", text, labels=labels)
    for actuator in desk.actuators:
        if actuator.is_illustrative or actuator.is_autonomous:
            continue
        name = actuator.actuator
        told.add_metric([name], desk.counts.given[name])
        confirmed.add_metric([name], desk.counts.confirmed[name])
        failed.add_metric([name], desk.counts.failed[name])
        if name in desk.proven_us:
            proven.add_metric([name], (now_us - desk.proven_us[name]) / _DAY_US)
    yield from (told, confirmed, failed, proven)
    connected = GaugeMetricFamily(
        "siaga_actuator_broker_connected", "the link to a broker of theirs", labels=["broker"]
    )
    for link in links.links:
        connected.add_metric([link.broker.name], link.connected)
    yield connected
    text = "messages of theirs that say neither on nor off"
    yield CounterMetricFamily("siaga_actuator_unread", text, value=desk.unread)
