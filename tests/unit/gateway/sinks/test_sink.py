"""The sink over a real log and a server on loopback: everything once, whatever happens on the way."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace as changed
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from gateway.errors import SinkError
from gateway.log.rows import Entry
from gateway.log.schema import FILE
from gateway.log.writer import LogWriter
from gateway.sinks.influx import Influx
from gateway.sinks.sink import Sink
from gateway.sinks.store import SinkStore
from sensors.batch import Batch
from sensors.settings import InfluxSettings, LogSettings
from tests.unit.gateway.sinks.server import PROBE, Reply, Server, running, takes_everything
from tests.unit.gateway.sinks.test_line_protocol import batch
from tests.unit.gateway.small_city import small_catalogue

T = 1_780_000_000_000_000


def entry(*rows: tuple[int, int, float]) -> Entry:
    """(datastream, seconds after T, value) rows."""
    return Entry(T, "observations", 1, batch([(n, T + s * 1_000_000, v, 0, 1, 0) for n, s, v in rows]))


class Place:
    """A data directory with a log, and the sink over it; `sink()` is a new process's."""

    def __init__(self, data_dir: Path, server: Server) -> None:
        self.data_dir, self.server = data_dir, server
        self.settings = InfluxSettings(url=server.url, batch_rows=10, retry_max_s=0.02, timeout_s=30.0)
        self.stopping = threading.Event()
        self.log: LogWriter
        self.new_log()

    def new_log(self) -> None:
        self.log = LogWriter(self.data_dir, LogSettings(), 1)
        self.log.install_catalogue(small_catalogue(), T)

    def hand_on(self, **settings: object) -> SinkStore:
        """A sink until it is at the log's end; the store that it left, closed."""
        used = replace(self.settings, **settings)
        with SinkStore(self.data_dir, "influx", used.dead_letters) as store, Influx(used) as influx:
            sink = Sink(self.data_dir, used, influx, store, self.stopping)
            while sink.step():
                pass
            sink.close()
            self.error, self.counters, self.lines = sink.error, sink.counters(), store.refused_lines()
            self.position = store.position()
        return store

    def values(self) -> list[float]:
        """Every value that the server took, in its order."""
        return [float(p.fields["value"]) for p in self.server.points]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with running() as server:
        place = Place(tmp_path, server)
        yield place
        place.log.close()


def test_it_goes_on_where_it_stopped(place: Place) -> None:
    place.log.append(entry((0, 1, 1.0), (1, 1, 2.0)))
    place.hand_on()
    place.log.append(entry((0, 2, 3.0)))
    place.hand_on()
    assert sorted(place.values()) == [1.0, 2.0, 3.0]
    assert place.position is not None
    assert (place.position.log_id, place.position.seq) == (place.log.log_id, 2)
    assert place.counters["points"] == 3


def test_a_backlog_goes_in_requests_of_the_size_that_is_set(place: Place) -> None:
    for k in range(7):
        place.log.append(entry(*((0, 10 * k + s, float(10 * k + s)) for s in range(10))))
    place.log.append(entry(*((1, s, float(s)) for s in range(25))))
    place.hand_on()
    assert sorted(place.values()) == sorted([*map(float, range(70)), *map(float, range(25))])
    assert place.counters["requests"] == 7 + 3


def test_the_first_value_of_a_time_stays(place: Place) -> None:
    place.log.append(entry((0, 5, 1.0), (0, 6, 2.0), (0, 5, 99.0)))
    place.hand_on()
    place.log.append(entry((0, 6, 98.0), (0, 4, 3.0), (0, 5, 97.0)))
    place.hand_on()  # a new process: what is handed on already is read again
    assert sorted(place.values()) == [1.0, 2.0, 3.0]
    assert place.counters["repeats"] == 3


def test_an_outage_is_said_and_nothing_is_missing_after_it(place: Place) -> None:
    replies = iter([(503, {"Retry-After": "0"}, b"busy"), (401, {}, b"token"), (500, {}, b""), (204, {}, b"")])
    place.server.reply = lambda _: next(replies)
    place.log.append(entry((0, 1, 1.0)))
    place.hand_on()
    assert place.values() == [1.0]
    assert place.counters["retries"] == 3
    assert place.error == ""


def test_a_stop_during_an_outage_loses_nothing(place: Place) -> None:
    place.server.reply = lambda _: (503, {}, b"busy")
    place.log.append(entry((0, 1, 1.0)))
    with SinkStore(place.data_dir, "influx", 10) as store, Influx(place.settings) as influx:
        sink = Sink(place.data_dir, place.settings, influx, store, place.stopping)
        thread = threading.Thread(target=sink.run)
        thread.start()
        while not sink.error:
            place.stopping.wait(0.01)
        assert sink.error == "503: busy"
        place.stopping.set()
        thread.join(5)
        assert not thread.is_alive()
    place.server.reply = takes_everything
    place.stopping.clear()
    place.hand_on()
    assert place.values() == [1.0]


def test_lines_that_the_server_never_takes_are_found_and_kept_and_the_rest_goes_on(place: Place) -> None:
    def reply(lines: list[bytes]) -> Reply:
        bad = [line for line in lines if b"=3.00" in line or b"=7.00" in line or b"03.00" in line or b"07.00" in line]
        return (400, {}, b'{"message": "field type conflict"}') if bad else (204, {}, b"")

    place.server.reply = reply
    place.log.append(entry(*((0, s, float(s)) for s in range(10))))
    place.log.append(entry((0, 11, 11.0)))
    place.hand_on()
    assert sorted(set(place.values())) == [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 9.0, 11.0]
    assert [b"value=03.00" in place.lines[0].line, b"value=07.00" in place.lines[1].line] == [True, True]
    assert place.lines[0].reason == "400: field type conflict"
    assert place.counters["points_refused"] == 2


def test_refused_lines_are_kept_up_to_the_bound(place: Place) -> None:
    place.server.reply = lambda lines: takes_everything(lines) if lines[0].startswith(PROBE) else (422, {}, b"no")
    place.log.append(entry(*((0, s, float(s)) for s in range(9))))
    place.hand_on(dead_letters=4)
    assert len(place.lines) == 4
    assert place.counters["points_refused"] == 9
    assert place.position is not None
    assert place.position.seq == 1


def test_a_server_that_refuses_everything_gets_no_blame_on_the_data(place: Place) -> None:
    tries = []

    def reply(lines: list[bytes]) -> Reply:
        tries.append(lines)
        return (400, {}, b"org is wrong") if len(tries) < 9 else (204, {}, b"")

    place.server.reply = reply
    place.log.append(entry(*((0, s, float(s)) for s in range(9))))
    place.hand_on()
    assert len(place.values()) == 9
    assert place.lines == []


def test_a_server_that_begins_to_refuse_everything_midway_gets_no_blame_on_the_data(place: Place) -> None:
    tries = []

    def reply(lines: list[bytes]) -> Reply:
        tries.append(lines)
        is_bad = any(b"=003.00" in line for line in lines)
        if len(tries) > 4 and len(tries) < 40:  # after the probe and the first halves
            return 400, {}, b"maintenance"
        return (400, {}, b"field type conflict") if is_bad else (204, {}, b"")

    place.server.reply = reply
    place.log.append(entry(*((0, s, float(s)) for s in range(64))))
    place.hand_on(batch_rows=64)
    assert sorted(set(place.values())) == [float(s) for s in range(64) if s != 3]
    assert [line.reason for line in place.lines] == ["400: field type conflict"]
    assert place.counters["points_refused"] == 1


def test_a_half_of_which_the_server_left_out_points_is_not_sought_and_counts_no_more_than_it_has(place: Place) -> None:
    def reply(lines: list[bytes]) -> Reply:
        if lines[0].startswith(PROBE):
            return takes_everything(lines)
        return (400, {}, b"bad") if len(lines) > 8 else (422, {}, b"partial write: too old dropped=999")

    place.server.reply = reply
    place.log.append(entry(*((0, s, float(s)) for s in range(10))))
    place.hand_on()
    assert (place.counters["points_refused"], place.lines) == (10, [])


def test_points_that_the_server_itself_left_out_are_counted_and_not_sought(place: Place) -> None:
    said = b'{"message": "failure writing points: partial write: points beyond retention policy dropped=4"}'
    place.server.reply = lambda _: (422, {}, said)
    place.log.append(entry(*((0, s, float(s)) for s in range(9))))
    place.hand_on()
    assert place.counters["points_refused"] == 4
    assert len(place.server.requests) == 1


def test_another_log_is_followed_from_its_oldest_row(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.log.append(entry((0, 1, 1.0)))
    place.hand_on()
    place.log.close()
    for file in place.data_dir.glob(FILE + "*"):
        file.unlink()
    place.new_log()
    place.log.append(entry((0, 2, 2.0)))
    place.hand_on()
    assert place.values() == [1.0, 2.0]
    assert "takes the place of" in caplog.text


def test_rows_that_were_retired_meanwhile_are_counted_and_said(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    for s in range(5):
        place.log.append(entry((0, s, float(s))))
    place.log._connection.execute("DELETE FROM batch WHERE seq < 4")
    place.hand_on()
    assert place.values() == [3.0, 4.0]
    assert place.counters["rows_missing"] == 3
    assert "3 rows of the log were retired" in caplog.text


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    with running() as server:
        settings = InfluxSettings(url=server.url)
        with SinkStore(tmp_path, "influx", 1) as store, Influx(settings) as influx:
            sink = Sink(tmp_path, settings, influx, store, threading.Event())
            assert not sink.step()
            assert "there is no log yet" in sink.error


def test_what_no_catalogue_names_is_counted(place: Place) -> None:
    odd: Batch = changed(entry((0, 1, 1.0), (0, 2, 2.0)).batch, datastream=np.array([0, 77], np.int32))
    place.log.append(Entry(T, "observations", 1, odd))
    place.hand_on()
    assert place.values() == [1.0]
    assert place.counters["observations_unnamed"] == 1


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "sinks.db") as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(SinkError, match="expected 1, got 9"):
        SinkStore(tmp_path, "influx", 1)
