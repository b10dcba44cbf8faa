"""The history's figures for `/metrics`."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from command_center.history.columns import KINDS
from command_center.history.keeper import HistoryKeeper

_COUNTED: Final = {
    "observations": "observations written to the history",
    "repeats": "observations left out of the history: their time was stored already",
    "conflicts": "repeats with another value",
    "rows_missing": "rows of a log that were gone before they were compacted",
    "rows_damaged": "rows whose observations are damaged, met while compacting",
    "files_missing": "files of the history that somebody else removed",
    "files_damaged": "files of the history that cannot be read, set aside",
    "manifests_made_anew": "manifest.db made anew of what the files say, because it was damaged or gone",
    "merges": "merges of files of the history",
}


def history_metrics(keeper: HistoryKeeper) -> Iterator[Metric]:
    """As of the keeper's last step."""
    present, figures = keeper.folder.present, keeper.figures
    place = present.place
    yield _gauge("compacted_seq", "newest row of the log that is compacted", 0 if place is None else place.seq)
    yield _gauge("behind_rows", "rows that are not compacted, the open hour's among them", figures.behind_rows)
    yield _gauge("failing", "the history on disk is not kept just now", bool(keeper.trouble))
    files = GaugeMetricFamily("siaga_history_disk_files", "files of the history", labels=["kind"])
    size = GaugeMetricFamily("siaga_history_disk_bytes", "their size", labels=["kind"])
    went = CounterMetricFamily("siaga_history_let_go_rows", "rows that went to stay within bounds", labels=["kind"])
    for kind in KINDS:
        of_kind = [file for file in present.files if file.kind == kind]
        files.add_metric([kind], len(of_kind))
        size.add_metric([kind], sum(file.bytes for file in of_kind))
        went.add_metric([kind], figures.gone[kind].rows if kind in figures.gone else 0)
    yield from (files, size, went)
    for name, text in _COUNTED.items():
        yield CounterMetricFamily(f"siaga_history_compacted_{name}", text, value=figures.counters.get(name, 0))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"siaga_history_{name}", text, value=value)
