"""No reading is lost: the gateway killed in the middle of a flow, and started again."""

import resource
import threading
import time

import numpy as np
import pytest

from gateway.log.reader import LogReader
from sensors.running_pace import running_pace
from tests.e2e.broker import Broker
from tests.e2e.load import publish_all
from tests.e2e.logs import assert_replay_is_identical, distinct, rows
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.e2e.small_city import AIR, RAIN, RIVER

pytestmark = pytest.mark.broker

READINGS = 20_000
TOPICS = ["telemetry/" + datastream.replace(":", "/") for datastream in (RIVER, RAIN, AIR)]


def test_kill_minus_nine_in_the_middle_of_20000_publishes_loses_none(site: Site, nats: Broker) -> None:
    gateway = site.start_gateway(nats)
    start_ms = int(time.time() * 1000) - READINGS
    messages = [
        (TOPICS[n % len(TOPICS)], b'{"ts": %d, "value": %d}' % (start_ms + n, n % 100)) for n in range(READINGS)
    ]
    halfway = threading.Event()
    load = threading.Thread(
        target=publish_all, args=(nats.port, messages, lambda done: halfway.set() if done > READINGS // 3 else None)
    )
    load.start()
    assert halfway.wait(60)
    gateway.kill()
    stored = len(distinct(site.data_dir))
    assert 0 < stored < READINGS
    site.start_gateway(nats)
    load.join(120)
    assert not load.is_alive()
    until(lambda: len(distinct(site.data_dir)) == READINGS, "all readings in the log", within_s=90)
    batch = distinct(site.data_dir)
    sent = {(start_ms + n) * 1000: float(n % 100) for n in range(READINGS)}
    assert dict(zip(batch.time_us.tolist(), batch.value.tolist(), strict=True)) == sent
    _process, api = site.start_command_center()
    for place, datastream in enumerate((RIVER, RAIN, AIR)):
        times = [item["time"] for item in api.observations(datastream)]
        assert len(times) == len(set(times)) == len(range(place, READINGS, len(TOPICS)))
    assert_replay_is_identical(site.data_dir)


def test_a_stop_and_a_start_need_no_redelivery(site: Site, nats: Broker) -> None:
    gateway = site.start_gateway(nats)
    publish_all(nats.port, [(TOPICS[0], b'{"ts": %d, "value": 1}' % (1_760_000_000_000 + n)) for n in range(2_000)])
    until(lambda: len(distinct(site.data_dir)) == 2_000, "all readings in the log")
    assert gateway.stop() == 0
    site.start_gateway(nats)
    publish_all(nats.port, [(TOPICS[0], b'{"ts": 1760000010000, "value": 2}')])
    until(lambda: len(distinct(site.data_dir)) == 2_001, "the reading after the start")
    assert sum(len(row.batch) for row in rows(site.data_dir)) == 2_001
    assert_replay_is_identical(site.data_dir)


def test_readings_of_one_datastream_keep_their_order(site: Site, nats: Broker) -> None:
    site.start_gateway(nats)
    publish_all(nats.port, [(TOPICS[1], b"%d" % n) for n in range(3_000)])
    until(lambda: sum(len(row.batch) for row in rows(site.data_dir)) == 3_000, "all readings in the log")
    values = np.concatenate([row.batch.value for row in rows(site.data_dir)])
    assert values.tolist() == list(range(3_000))


def test_a_log_that_cannot_be_written_holds_the_broker_and_loses_nothing(site: Site, nats: Broker) -> None:
    gateway = site.start_gateway(nats)
    publish_all(nats.port, [(TOPICS[0], b"1")])
    until(lambda: len(distinct(site.data_dir)) == 1, "the first reading")
    full = (site.data_dir / "log.db-wal").stat().st_size
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    publish_all(nats.port, [(TOPICS[0], b"%d" % n) for n in range(2, 502)])
    gateway.wait_for_line("the log cannot be written, the brokers are held")
    assert len(distinct(site.data_dir)) == 1
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    gateway.wait_for_line("the log can be written again")
    until(lambda: len(distinct(site.data_dir)) == 501, "all readings in the log")
    values = np.concatenate([row.batch.value for row in rows(site.data_dir)])
    assert values.tolist() == list(range(1, 502))
    assert_replay_is_identical(site.data_dir)


@pytest.mark.parametrize("is_broken", [False, True])
def test_an_exercise_ends_its_pace_with_the_first_reading_of_the_field(
    site: Site, nats: Broker, *, is_broken: bool
) -> None:
    """Also where somebody edits the city's files just then, and they cannot be used."""
    gateway = site.start_gateway(nats, SIAGA_INGEST_PACE="60")
    publish_all(nats.port, [(TOPICS[0], b'{"value": 1, "origin": "simulated"}')])
    until(lambda: len(distinct(site.data_dir)) == 1, "the reading of the exercise")
    assert pace_in_force(site) == running_pace(site.data_dir) == 60.0
    if is_broken:
        (site.city / "city.toml").write_text("code = ", encoding="utf-8")
    publish_all(nats.port, [(TOPICS[0], b'{"value": 2}')])
    until(lambda: pace_in_force(site) == 1.0, "the rivers at their own pace")
    until(lambda: running_pace(site.data_dir) == 1.0, "the note of it")
    assert gateway.stop() == 0
    site.start_gateway(nats, SIAGA_INGEST_PACE="60")
    assert pace_in_force(site) == 1.0


def pace_in_force(site: Site) -> float:
    """Of the city, as the newest row of the log was judged."""
    newest = rows(site.data_dir)[-1]
    with LogReader(site.data_dir) as reader:
        return reader.catalogue(newest.catalogue_version).pace


def test_a_city_that_cannot_be_read_leaves_the_last_good_one_in_force(site: Site, nats: Broker) -> None:
    gateway = site.start_gateway(nats)
    publish_all(nats.port, [(TOPICS[0], b"1")])
    until(lambda: len(distinct(site.data_dir)) == 1, "the first reading")
    gateway.stop()
    (site.city / "city.toml").write_text("code = ", encoding="utf-8")
    again = site.start_gateway(nats)
    assert "its last good catalogue stays in force" in again.output
    publish_all(nats.port, [(TOPICS[0], b"2")])
    until(lambda: len(distinct(site.data_dir)) == 2, "the reading after the start")
