"""What is derived goes wherever readings go, and from a log that is replayed elsewhere it is derived anew, the same."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.log.reader import LogReader
from sensors.times import MINUTE_US
from tests.e2e.broker import Broker
from tests.e2e.logs import assert_replay_is_identical, distinct
from tests.e2e.processes import Processes, until
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER
from tests.e2e.victoria import Victoria

RATE = "SUNGAI-UJI:level-rate"
DERIVED = """station,property,kind,unit,method,inputs,sharing,source
SUNGAI-UJI,level-rate,river_rate,cm/h,rate,level,public,computed
SUNGAI-UJI,level-eta,river_eta,min,eta,level,public,computed
"""
READINGS = 24
pytestmark = pytest.mark.broker
Told = dict[tuple[str, int], float]  # by datastream and time (ms)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Site]:
    """Another site."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    site = Site(folder, Processes(folder))
    yield site
    site.close()


def send(broker: Broker, first: int, count: int, begin_us: int) -> None:
    """Publish readings of a river that rises by 30 cm an hour, one for each 5 minutes after `begin_us`."""
    topic = "telemetry/" + RIVER.replace(":", "/")
    times_ms = [(begin_us + n * 5 * MINUTE_US) // 1000 for n in range(first, first + count)]
    broker.publish_all([(topic, {"ts": t, "value": 100 + 2.5 * (first + n)}) for n, t in enumerate(times_ms)])


def in_log(data_dir: Path) -> Told:
    """What the log holds."""
    batch = distinct(data_dir)
    with LogReader(data_dir) as reader:
        name = {number: f"{station}:{prop}" for (station, prop, _unit), number in reader.numbers().items()}
    triples = zip(batch.datastream.tolist(), batch.time_us.tolist(), batch.value.tolist(), strict=True)
    return {(name[number], time_us // 1000): value for number, time_us, value in triples}


def at_server(victoria: Victoria) -> Told:
    """What the sink has handed on."""
    return {
        (f"{labels['station']}:{labels['property']}", ms): value
        for labels, times, values in victoria.series("observation_value")
        for ms, value in zip(times, values, strict=True)
    }


def observed(told: Told) -> int:
    """How many of them a device has sent."""
    return sum(datastream == RIVER for datastream, _ in told)


def test_a_rate_is_stored_handed_on_and_survives_a_kill_and_a_replay(site: Site, nats: Broker, elsewhere: Site) -> None:
    (site.city / "derived.csv").write_text(DERIVED, encoding="utf-8")
    begin_us = time.time_ns() // 1000 - READINGS * 5 * MINUTE_US
    gateway = site.start_gateway(nats)
    victoria = site.start_victoria()
    site.start_sink(victoria)
    send(nats, 0, READINGS // 2, begin_us)
    until(lambda: observed(in_log(site.data_dir)) == READINGS // 2, "the first half in the log")
    gateway.kill()
    send(nats, READINGS // 2, READINGS // 2, begin_us)
    site.start_gateway(nats)
    until(lambda: observed(in_log(site.data_dir)) == READINGS, "all readings in the log")
    told = in_log(site.data_dir)
    rates = [value for (datastream, _), value in told.items() if datastream == RATE]
    assert len(rates) > READINGS // 2
    assert rates == pytest.approx([30.0] * len(rates))
    until(lambda: at_server(victoria).keys() == told.keys(), "all of it at the server")
    assert at_server(victoria) == pytest.approx(told)
    assert_replay_is_identical(site.data_dir)

    recording = site.folder / "out.csv"
    assert site.processes.siaga("log", "export", "--data-dir", site.data_dir, "--out", recording).wait(20) == 0
    broker = elsewhere.start_nats()
    elsewhere.start_gateway(broker, city=str(site.city))
    where = ("--mqtt-url", broker.url, "--data-dir", elsewhere.data_dir)
    replay = elsewhere.processes.siaga("replay", recording, *where)
    assert replay.wait(20) == 0, replay.output
    until(lambda: observed(in_log(elsewhere.data_dir)) == READINGS, "the recording in the other log")
    assert in_log(elsewhere.data_dir) == told
    with LogReader(elsewhere.data_dir) as reader:
        assert reader.letters.groups() == []
