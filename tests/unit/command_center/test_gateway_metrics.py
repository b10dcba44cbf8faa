"""/metrics and docs/metrics.md tell the same; the dashboard and the example ask only for what is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from command_center import gateway_metrics as told
from command_center.gateway_metrics import gateway_metrics
from gateway.log.rows import DeadLetter
from gateway.measured import Measured
from gateway.status import PullStatus, ReaderStatus, RefusedStatus, SourceStatus, StatusFrame
from tests import plain_http
from tests.unit.command_center.running import running

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "metrics.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "siaga-gateway.json"
NAME = re.compile(r"\bsiaga_[a-z0-9_]+")


def full_frame(**more: Any) -> StatusFrame:
    """A frame in which every figure that has a text is there."""
    measured = Measured()
    letter = DeadLetter(
        received_us=1, source="a", topic="t", reason="not_json", detail="", payload=b"", length=0, sha256=""
    )
    measured.note(40, [letter], gathered_s=0.03, commit_s=0.004)
    source = SourceStatus(
        name="a", url="mqtt://x", connected=True, since_us=2_500_000, reconnects=3, error="", last_message_us=3_000_000,
        flows=True, canary_ms=12.5, counters=dict.fromkeys(told.SOURCE_COUNTERS, 4),
    )  # fmt: skip
    pull = PullStatus(
        name="p", url="http://x", period_s=60.0, last_success_us=1, last_fresh_us=1, next_us=1, failures=0, error="no",
        counts=dict.fromkeys(told.PULL_COUNTERS, 1),
    )  # fmt: skip
    sink = dict.fromkeys([*told.SINK_COUNTERS, *told.SINK_GAUGES], 5.0)
    readers = [("command-center", {}), ("sink-influx", sink)]
    fields: dict[str, Any] = {
        "now_us": 1,
        "log_unread_lost_us": 1,
        "pid": 1,
        "log_id": "l",
        "last_seq": 9,
        "catalogue_version": 1,
        "log_writable": True,
        "log_error": "",
        "sources": (source,),
        "pulls": (pull,),
        "counters": dict.fromkeys(told.COUNTERS, 7),
        "gauges": dict.fromkeys(told.GAUGES, 1500.0),
        "readers": tuple(
            ReaderStatus(name=n, log_id="l", seq=8, lag_rows=1, heard_s=0.5, error="", counters=c) for n, c in readers
        ),
        "refused": (RefusedStatus(source="a", reason="not_json", count=2),),
        "histograms": measured.histograms(),
        "city_faults": (),
    }
    return StatusFrame(**(fields | more))


class Of(Collector):
    """A collector of fixed families."""

    def __init__(self, frame: StatusFrame) -> None:
        self._families = list(gateway_metrics(frame))

    def collect(self) -> list[Metric]:
        return self._families


def text(frame: StatusFrame) -> str:
    registry = CollectorRegistry()
    registry.register(Of(frame))
    return generate_latest(registry).decode()


def names(metrics: str) -> set[str]:
    return {line.split()[2] for line in metrics.splitlines() if line.startswith("# TYPE")}


def documented() -> set[str]:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `siaga_")]
    return {NAME.findall(row)[0] for row in rows}


def samples(frame: StatusFrame) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text(frame))
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def all_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a command center tells, and what a gateway could tell."""
    with running(tmp_path_factory.mktemp("metrics")) as center:
        assert center.gateway.writer.log_id  # the log is made
        center.wait_ready()
        return names(plain_http.get(f"{center.url}/metrics").text) | names(text(full_frame()))


def test_the_document_lists_every_metric_and_no_other(all_names: set[str]) -> None:
    assert documented() == all_names


def test_every_metric_is_named_as_prometheus_wants_it(all_names: set[str]) -> None:
    kinds = {line.split()[2]: line.split()[3] for line in text(full_frame()).splitlines() if line.startswith("# TYPE")}
    assert {name for name, kind in kinds.items() if (kind == "counter") != name.endswith("_total")} == set()
    assert {name for name in all_names if re.search(r"_(s|ms|us|mib|kb)$", name)} == set()


def test_every_figure_has_a_text_that_says_what_it_is() -> None:
    helps = re.findall(r"^# HELP (\S+) (.*)$", text(full_frame()), re.MULTILINE)
    assert [name for name, said in helps if len(said.split()) < 2 and "_" in said] == []


def test_units_are_prometheus() -> None:
    found = samples(full_frame())
    assert found["siaga_gateway_commit_last_seconds", ()] == 1.5
    assert found["siaga_gateway_log_held_seconds", ()] == 1500.0
    assert found["siaga_gateway_source_since_timestamp_seconds", ("a",)] == 2.5
    assert found["siaga_gateway_source_canary_seconds", ("a",)] == 0.0125
    assert found["siaga_gateway_source_reconnects_total", ("a",)] == 4
    assert found["siaga_gateway_refused_total", ("not_json", "a")] == 2
    assert found["siaga_gateway_pull_failing", ("p",)] == 1
    assert found["siaga_gateway_reader_lag_rows", ("sink-influx",)] == 1
    assert found["siaga_gateway_sink_points_total", ("sink-influx",)] == 5


def test_histograms_are_cumulative() -> None:
    found = samples(full_frame())
    assert found["siaga_gateway_reading_seconds_bucket", ("0.025",)] == 0
    assert found["siaga_gateway_reading_seconds_bucket", ("0.05",)] == 40
    assert found["siaga_gateway_reading_seconds_bucket", ("+Inf",)] == 40
    assert found["siaga_gateway_reading_seconds_count", ()] == 40
    assert found["siaga_gateway_reading_seconds_sum", ()] == pytest.approx(1.2)
    assert found["siaga_gateway_commit_seconds_bucket", ("0.005",)] == 1


def test_what_a_part_adds_appears_by_itself() -> None:
    found = samples(full_frame(counters={"new things": 3}, gauges={"queue_new_s": 2.0}))
    assert found["siaga_gateway_new_things_total", ()] == 3
    assert found["siaga_gateway_queue_new_seconds", ()] == 2.0


def test_what_is_not_known_is_left_out() -> None:
    source = SourceStatus(
        name="a", url="", connected=False, since_us=1, reconnects=0, error="gone", last_message_us=None
    )
    found = samples(full_frame(sources=(source,)))
    assert ("siaga_gateway_source_last_message_timestamp_seconds", ("a",)) not in found
    assert ("siaga_gateway_source_flows", ("a",)) not in found
    assert found["siaga_gateway_source_failing", ("a",)] == 1


def expressions(part: Any) -> list[str]:
    """Every PromQL expression of a dashboard."""
    if isinstance(part, dict):
        own = [part[key] for key in ("expr", "query", "definition") if isinstance(part.get(key), str)]
        return own + [e for value in part.values() for e in expressions(value)]
    return [e for value in part for e in expressions(value)] if isinstance(part, list) else []


def test_the_dashboard_asks_only_for_metrics_that_are_there(all_names: set[str]) -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = [e for e in expressions(dashboard) if "siaga_" in e]
    histograms = {
        f"{name}_{end}" for name in all_names if name.endswith("_seconds") for end in ("bucket", "sum", "count")
    }
    used = {name for e in asked for name in NAME.findall(e)}
    assert len(used) > 20
    assert used - all_names - histograms == set()


def test_the_dashboard_can_be_read() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = [p for p in dashboard["panels"] if p["type"] != "row"]
    assert [v["type"] for v in dashboard["templating"]["list"]].count("datasource") == 1
    for panel in panels:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert panel["datasource"]["uid"] == "${datasource}"
    assert len({p["id"] for p in dashboard["panels"]}) == len(dashboard["panels"])
    boxes = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
    assert len(set(boxes)) == len(boxes)
