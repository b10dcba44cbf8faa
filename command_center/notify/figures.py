"""Notification's part of `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from command_center.notify.service import Notifier


def notify_metrics(notifier: Notifier) -> Iterator[Metric]:
    """Figures of the outbox, and of each target since the start."""
    outbox = notifier.outbox
    yield CounterMetricFamily("siaga_notices_planned", "messages planned, reminders included", value=outbox.planned)
    yield GaugeMetricFamily(
        "siaga_notices_unrecorded", "messages in memory that operations.db has not taken", value=len(outbox.memory)
    )
    text = "messages that found no room in memory while operations.db took no writes"
    yield CounterMetricFamily("siaga_notices_left_out", text, value=outbox.memory.left_out)
    text = "mistakes of Siaga's in planning messages: planned again within seconds"
    yield CounterMetricFamily("siaga_notices_mistaken", text, value=outbox.mistakes)
    labels = ["contact", "way"]
    sent = CounterMetricFamily("siaga_notify_sent", "messages sent", labels=labels)
    failed = CounterMetricFamily("siaga_notify_failed", "attempts that failed", labels=labels)
    failing = GaugeMetricFamily("siaga_notify_failing", "a way out fails", labels=labels)
    waiting = GaugeMetricFamily("siaga_notify_waiting", "notices that wait", labels=labels)
    for state in notifier.states:
        names = [state.contact, state.target]
        sent.add_metric(names, state.sent)
        failed.add_metric(names, state.failed)
        failing.add_metric(names, state.is_failing)
        waiting.add_metric(names, state.waits)
    yield from (sent, failed, failing, waiting)
