"""The trouble desk's part of `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from command_center.troubles.desk import TroubleDesk

KINDS = ("unconfirmed", "expired", "sounds_alone", "broker", "unseen")


def trouble_metrics(desk: TroubleDesk) -> Iterator[Metric]:
    """What is wrong with the means of warning now, and calls since the start."""
    now = GaugeMetricFamily("siaga_troubles", "troubles of the means of warning that are open", labels=["kind"])
    kinds = [one.condition.kind for one in desk.open_troubles()]
    for kind in KINDS:
        now.add_metric([kind], kinds.count(kind))
    yield now
    yield CounterMetricFamily("siaga_trouble_calls", "times that people were called for one", value=desk.raised)
    text = "troubles beyond what is kept at once, or that will not be on record"
    yield CounterMetricFamily("siaga_troubles_left_out", text, value=desk.left_out)
