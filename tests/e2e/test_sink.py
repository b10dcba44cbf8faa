"""`siaga sink` and a real server: whatever is killed in between, the server has every reading in the end.

The outage in the middle is short here; `make outage` runs the same story with two minutes of it.
"""

import os
import signal
import time
from pathlib import Path

import pytest

from tests import plain_http
from tests.e2e.broker import Broker
from tests.e2e.processes import Process, until
from tests.e2e.site import Site
from tests.e2e.small_city import RAIN, RIVER
from tests.e2e.victoria import Victoria

OUTAGE_S = float(os.environ.get("OUTAGE_S", "2"))
VALUES = "observation_value"
HANGS_S = "300"  # beyond what a stop is given
pytestmark = [pytest.mark.broker, pytest.mark.timeout(120 + OUTAGE_S)]


class Load:
    """Readings of yesterday, one a second of their own time, in hundredths, and what they were.

    They come as a recording: of a device that speaks now, a clock that is a day behind would be mended.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._first_ms = (time.time_ns() // 1_000_000_000 - 86_400) * 1000
        self.sent: dict[tuple[str, int], float] = {}

    def send(self, count: int) -> None:
        """Publish `count` more of each of two datastreams."""
        messages = []
        for _ in range(count):
            for datastream in (RIVER, RAIN):
                number = len(self.sent)
                # Two decimals: VictoriaMetrics keeps numbers as decimals, and not every float64 to the bit.
                ms, value = self._first_ms + number * 1000, round(number % 150 + number % 100 / 100, 2)
                self.sent[datastream, ms] = value
                reading = {"ts": ms, "value": value, "origin": "replayed"}
                messages.append(("telemetry/" + datastream.replace(":", "/"), reading))
        self._broker.publish_all(messages)


def is_asked(port: int) -> bool:
    """Whether somebody has a connection to a loopback port."""
    established = f" 0100007F:{port:04X} 01 "
    return established in Path("/proc/net/tcp").read_text(encoding="ascii")


def stored(victoria: Victoria) -> dict[tuple[str, int], float]:
    """What the server has, by datastream and time (ms)."""
    return {
        (f"{labels['station']}:{labels['property']}", ms): value
        for labels, times, values in victoria.series(VALUES)
        for ms, value in zip(times, values, strict=True)
    }


def wait_for_all(victoria: Victoria, load: Load) -> None:
    until(lambda: victoria.count(VALUES) >= len(load.sent), f"{len(load.sent)} readings at the server", 60)
    assert stored(victoria) == load.sent


def test_an_outage_in_the_middle_leaves_nothing_missing(site: Site, nats: Broker, gateway: Process) -> None:  # noqa: ARG001
    victoria, load = site.start_victoria(), Load(nats)
    sink = site.start_sink(victoria)
    load.send(200)
    until(lambda: victoria.count(VALUES) > 0, "the first readings")
    assert victoria.process.stop() == 0
    ends = time.monotonic() + OUTAGE_S
    while time.monotonic() < ends:
        load.send(50)
        time.sleep(min(1.0, OUTAGE_S / 4))
    sink.wait_for_line("the server does not take points")
    victoria = site.start_victoria(victoria.port)
    load.send(100)
    wait_for_all(victoria, load)
    assert "takes points again" in sink.output
    assert sink.stop() == 0


def test_kill_9_and_a_server_that_hangs_leave_nothing_missing(site: Site, nats: Broker, gateway: Process) -> None:  # noqa: ARG001
    victoria, load = site.start_victoria(), Load(nats)
    sink = site.start_sink(victoria, SIAGA_INFLUX_TIMEOUT_S="0.5", SIAGA_INFLUX_BATCH_ROWS="7")
    for _ in range(4):
        load.send(100)
        sink.kill()
        sink = site.start_sink(victoria, SIAGA_INFLUX_TIMEOUT_S="0.5", SIAGA_INFLUX_BATCH_ROWS="7")
    victoria.process.signal(signal.SIGSTOP)
    load.send(100)
    sink.wait_for_line("the server does not take points")
    sink.kill()
    sink = site.start_sink(victoria, SIAGA_INFLUX_TIMEOUT_S=HANGS_S)
    until(lambda: is_asked(victoria.port), "a request that hangs")
    assert sink.stop() == 0  # it does not hold up the end
    victoria.process.signal(signal.SIGCONT)
    site.start_sink(victoria)
    wait_for_all(victoria, load)


def test_siaga_run_starts_it_and_health_and_metrics_show_it(site: Site) -> None:
    victoria = site.start_victoria()
    stations = site.city / "stations.csv"
    text = stations.read_text(encoding="utf-8")
    stations.write_text(text.replace("BPBD Kota Uji,EWS,uji", '"BPBD, Kota=Uji \\ ""1""",EWS,uji', 1), encoding="utf-8")
    run = site.start_run(SIAGA_INFLUX_URL=victoria.url, SIAGA_INFLUX_INTERVAL_S="0.1", SIAGA_INFLUX_RETRY_MAX_S="0.5")
    first = run.child(" sink ")
    run.broker.observe(RIVER, 151.25)
    until(lambda: [v for _, _, v in victoria.series(VALUES)] == [[151.25]], "the reading at the server")
    assert victoria.series(VALUES)[0][0]["agency"] == 'BPBD, Kota=Uji / "1"'

    def reader() -> dict[str, object]:
        status = plain_http.get(run.api.url + "/healthz").json()["gateway"]["status"]
        return next((r for r in status["readers"] if r["name"] == "sink-influx"), {})

    until(lambda: reader().get("counters", {}).get("points") == 1, "its counters in /healthz")  # type: ignore[attr-defined]
    victoria.process.stop()
    run.broker.observe(RIVER, 152.0)
    until(lambda: reader().get("error"), "its error in /healthz")
    lines = plain_http.get(run.api.url + "/metrics").text.splitlines()
    document = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [line for line in lines if line.startswith("# TYPE") and f"`{line.split()[2]}`" not in document] == []
    assert 'siaga_gateway_reader_failing{reader="sink-influx"} 1.0' in lines
    assert "siaga_gateway_reading_seconds_count 2.0" in lines
    assert any(line.startswith('siaga_gateway_sink_points_total{reader="sink-influx"} 1') for line in lines)
    os.kill(first, signal.SIGKILL)
    until(lambda: run.child(" sink ") != first, "a new sink")
