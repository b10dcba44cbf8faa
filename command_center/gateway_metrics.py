"""The gateway's status frame as Prometheus has it, in one place: names, kinds, helps.

Whatever a part of the gateway adds to the frame appears by itself: a counter `x` becomes `siaga_gateway_x_total`, a
gauge `x` becomes `siaga_gateway_x`, with `_s` and `_ms` spelled out as seconds.  What it means stands in `HELP`; a name
that is not there is exported all the same, and a test says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from gateway.status import HistogramStatus, StatusFrame
from sensors.times import SECOND_US

PREFIX: Final = "siaga_gateway_"
SINK_PREFIX: Final = "sink-"  # of readers that hand observations on

# What each figure of the frame means, by its name there.
COUNTERS: Final[Mapping[str, str]] = {
    "messages": "messages taken from brokers",
    "observations": "observations of devices stored, repeats among them",
    "derived": "observations computed from others and stored",
    "dead_letters": "messages, or parts of them, that could not become observations",
    "ignored": "messages that carry no reading: joins, acknowledgements, our own canary's",
    "requests_dropped": "messages to a device that were left out because too many were due",
    "duplicates": "readings whose datastream and time were seen lately: sent or delivered again",
    "requests_unsent": "messages to a device that could not be sent",
    "clock_faults": "readings whose device's clock could not be true",
    "transitions": "moves up or down a level, or into or out of silence",
    "clock_steps": "steps of our own clock",
    "commits": "rows written to the log",
    "log_held": "times that the log could not be written and the brokers were held",
    "log_rows_retired": "rows of the log that retention has deleted",
    "log_rows_retired_unread": "rows that were deleted before every reader had them",
    "status_clients_cut_off": "readers of the status socket that did not read",
}
GAUGES: Final[Mapping[str, str]] = {
    "log_bytes": "size of log.db",
    "wal_bytes": "size of its write-ahead log",
    "log_used_bytes": "of log.db in use",
    "log_cap_bytes": "the most that log.db may use",
    "log_reserve_held": "room is held in reserve next to the log",
    "log_held_s": "since what arrives has been waiting for the disk",
    "commit_last_ms": "duration of the newest commit, fsync included",
    "commit_slowest_ms": "slowest commit of the last minute or two",
    "disk_free_bytes": "free where the log is",
    "wal_held_s": "since a reader has kept the write-ahead log from shrinking",
    "unacknowledged": "messages in memory that are not on disk yet",
    "unacknowledged_bytes": "bytes of these",
    "unacknowledged_limit": "messages in memory beyond which acknowledgements are withheld, per source",
    "status_clients": "clients of the status socket",
    "status_clients_limit": "the most that there may be",
    "clock_ahead_s": "so far the newest row's time is ahead of our clock",
    "clock_disagreement_s": "so far our clock is ahead of most devices' clocks, negative = behind; 0 = they agree",
}
SOURCE_COUNTERS: Final[Mapping[str, str]] = {
    "reconnects": "connections made anew",
    "dropped_qos0": "QoS 0 messages lost because too many waited for the disk",
    "left_to_broker": "QoS 1 messages left to the broker because too many waited for the disk; they come again",
    "repeated": "QoS 1 messages that were sent again while their first copy was in memory",
    "session_lost": "times that our session at the broker was lost or dropped, and what waited in it",
    "healed": "connections made anew because nothing flowed",
    "rival_signs": "signs that somebody else uses our client id",
}
SOURCE_GAUGES: Final[Mapping[str, str]] = {
    "connected": "the source is connected",
    "since": "when it was connected or lost",
    "last_message": "when it last brought something",
    "flows": "its canary comes back",
    "canary_ms": "the canary's newest round trip",
    "tls": "its connection is encrypted",
    "failing": "it has an error",
    "unacknowledged": "its messages in memory that are not on disk yet",
    "unacknowledged_bytes": "bytes of these",
}
PULL_COUNTERS: Final[Mapping[str, str]] = {
    "fetches": "requests for the page",
    "unchanged": "pages that had not changed",
    "failures": "requests that failed",
    "unreadable_pages": "pages that could not be read",
    "pages": "pages that were read",
    "records": "records of these",
    "readings": "readings published from them",
    "revised": "values that the page has changed for a time that it had told before",
    "unknown_devices": "records of devices that the catalogue does not have",
    "without_time": "records without a time that can be believed",
}
PULL_GAUGES: Final[Mapping[str, str]] = {
    "period_s": "so often the page is asked for",
    "last_success": "when the page was last had and read, changed or not",
    "last_fresh": "when the page last brought a reading",
    "next": "when it is asked for next",
    "failures_in_a_row": "failures in a row",
    "failing": "it has an error",
}
READER_GAUGES: Final[Mapping[str, str]] = {
    "seq": "newest row of the log that the reader has applied",
    "lag_rows": "rows of the log that the reader has not applied",
    "heard_s": "since the reader last told how far it is",
    "failing": "the reader has an error",
}
SINK_COUNTERS: Final[Mapping[str, str]] = {
    "points": "observations sent and answered for, refused ones among them",
    "points_refused": "points that the server refused",
    "requests": "requests to the server",
    "request_bytes": "bytes of their lines, before compression",
    "retries": "pauses because the server did not take points",
    "repeats": "repeats of a (datastream, time) that were left out: the first stored wins",
    "observations_unnamed": "observations of datastreams that no catalogue names",
    "rows_missing": "rows of the log that were retired before they were handed on",
    "rows_damaged": "rows of the log whose observations are damaged",
}
SINK_GAUGES: Final[Mapping[str, str]] = {"lag_s": "since the oldest row waits that is not handed on"}
HISTOGRAMS: Final[Mapping[str, str]] = {
    "commit_seconds": "duration of a commit, fsync included",
    "reading_seconds": "from the first message of a tick at the socket to all of it durable, a message each",
}


_FIELDS: Final = {"error": "failing", "failures": "failures_in_a_row"}
_TOLD_AS_COUNTERS: Final = frozenset({"reconnects", "session_lost"})


def gateway_metrics(frame: StatusFrame) -> Iterator[Metric]:
    """Everything that a status frame tells."""
    yield _gauge("log_writable", "its log takes writes", frame.log_writable)
    yield _gauge("log_last_seq", "newest row of its log", frame.last_seq)
    yield _gauge("log_upkeep_failing", "retention and the like cannot be done", bool(frame.log_upkeep_error))
    yield _gauge("log_set_aside", "damaged logs that nobody has seen to yet", len(frame.log_set_aside))
    yield _gauge("log_reserve_missing", "room is to be held in reserve and is not", frame.log_reserve_missing)
    if frame.log_unread_lost_us is not None:
        lost_us = frame.log_unread_lost_us
        yield _gauge(*_figure("log_unread_lost_us", "when a row was last deleted that a reader had not read", lost_us))
    yield _gauge("clock_failing", "our own clock is wrong", bool(frame.clock_error))
    yield _gauge(
        "reload_failing", "the city's files are to be read again and are not in force yet", bool(frame.reload_error)
    )
    yield _gauge("status_left_out", "what a status frame had no room for", sum(frame.left_out.values()))
    yield _gauge("catalogue_version", "version of the catalogue in force", frame.catalogue_version)
    yield _gauge("city_faults", "faults of the city in force, as far as they are told", len(frame.city_faults))
    told_by_source = {name for source in frame.sources for name in source.counters} | {"reconnects", "city_faults"}
    for name, count in frame.counters.items():
        if name not in told_by_source:
            yield CounterMetricFamily(PREFIX + _plain(name), COUNTERS.get(name, name), value=count)
    for name, value in frame.gauges.items():
        yield _gauge(*_figure(name, GAUGES.get(name, name), value))
    refused = CounterMetricFamily(PREFIX + "refused", "dead letters since its start", labels=["source", "reason"])
    for item in frame.refused:
        refused.add_metric([item.source, item.reason], item.count)
    yield refused
    for name, histogram in frame.histograms.items():
        yield _histogram(name, histogram)
    yield from _labelled("source", frame.sources, SOURCE_GAUGES, SOURCE_COUNTERS)
    yield from _labelled("pull", frame.pulls, PULL_GAUGES, PULL_COUNTERS)
    yield from _readers(frame)


def _readers(frame: StatusFrame) -> Iterator[Metric]:
    """How far each reader of the log is; what a reader counts itself, by the kind of reader."""
    yield from _labelled("reader", frame.readers, READER_GAUGES, {})
    families: dict[str, Metric] = {}
    for reader in frame.readers:
        is_sink = reader.name.startswith(SINK_PREFIX)
        kind = "sink_" if is_sink else "reader_"
        for name, value in reader.counters.items():
            if is_sink and name not in SINK_GAUGES:
                full, text = PREFIX + kind + _plain(name), SINK_COUNTERS.get(name, name)
                family = families.setdefault(kind + name, CounterMetricFamily(full, text, labels=["reader"]))
            else:
                full, text, value = _figure(kind + name, SINK_GAUGES.get(name, name), value)  # noqa: PLW2901
                family = families.setdefault(kind + name, GaugeMetricFamily(PREFIX + full, text, labels=["reader"]))
            family.add_metric([reader.name], value)  # type: ignore[attr-defined]  # both kinds have it
    yield from families.values()


def _labelled(
    label: str, items: Iterable[Any], gauges: Mapping[str, str], counters: Mapping[str, str]
) -> Iterator[Metric]:
    """Every numeric field of the items as a gauge, every count of theirs as a counter, labelled by the item's name.

    A time `x_us` becomes `x_timestamp_seconds`; an `error` becomes `failing`; what is None is left out.
    """
    families: dict[str, Metric] = {}
    for item in items:
        counts: Mapping[str, int] = getattr(item, "counts", None) or getattr(item, "counters", {})
        if label != "reader":
            for name, count in counts.items():
                full = f"{PREFIX}{label}_{_plain(name)}"
                family = CounterMetricFamily(full, counters.get(name, name), labels=[label])
                known = families.setdefault(f"{name}_total", family)
                known.add_metric([item.name], count)  # type: ignore[attr-defined]  # both kinds have it
        for name in item.__struct_fields__:
            value = getattr(item, name)
            if name == "error":
                value = bool(value)
            if name in _TOLD_AS_COUNTERS or not isinstance(value, bool | int | float):
                continue
            name = _FIELDS.get(name, name)  # noqa: PLW2901
            text = gauges.get(name.removesuffix("_us"), name)
            full, text, value = _figure(f"{label}_{name}", text, value)
            gauge = GaugeMetricFamily(PREFIX + full, text, labels=[label])
            families.setdefault(name, gauge).add_metric([item.name], value)  # type: ignore[attr-defined]  # as above
    yield from families.values()


def _figure(name: str, text: str, value: float) -> tuple[str, str, float]:
    """Name, help and value in Prometheus' units."""
    name = _plain(name)
    if name.endswith("_us"):
        return f"{name.removesuffix('_us')}_timestamp_seconds", f"{text}, seconds since 1970", value / SECOND_US
    if name.endswith("_ms"):
        return f"{name.removesuffix('_ms')}_seconds", text, value / 1e3
    return f"{name.removesuffix('_s')}_seconds" if name.endswith("_s") else name, text, value


def _histogram(name: str, given: HistogramStatus) -> Metric:
    buckets, below = [], 0
    for bound, count in zip((*given.bounds, float("inf")), given.counts, strict=True):
        below += count
        buckets.append(("+Inf" if bound == float("inf") else repr(bound), below))
    return HistogramMetricFamily(
        PREFIX + _plain(name), HISTOGRAMS.get(name, name), buckets=buckets, sum_value=given.sum
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9_]", "_", name.lower())
