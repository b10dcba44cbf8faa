"""What is wrong around the log, as /healthz and the wall say it."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from command_center.log_trouble import log_troubles
from gateway.status import ReaderStatus, StatusFrame
from sensors.times import HOUR_US
from tests import plain_http
from tests.unit.command_center.running import Gateway, running, until

NOW_US = 1_780_000_000_000_000
GOOD = StatusFrame(
    now_us=NOW_US, pid=1, log_id="l", last_seq=9, catalogue_version=1, log_writable=True, log_error="", sources=(),
    counters={}, gauges={"wal_held_s": 7.0}, city_faults=(),
)  # fmt: skip
SINK = ReaderStatus(
    name="sink-influx", log_id="l", seq=1, lag_rows=8, heard_s=1.0, error="the server refuses", counters={}
)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, []),
        ({"log_unread_lost_us": NOW_US - HOUR_US}, ["unread_lost"]),
        ({"log_unread_lost_us": NOW_US - 25 * HOUR_US}, []),
        ({"log_reserve_missing": True}, ["reserve"]),
        ({"gauges": {"wal_held_s": 61.0}}, ["wal_held"]),
        ({"readers": (SINK, replace(SINK, error=""))}, ["reader"]),
        ({"readers": (replace(SINK, heard_s=60.0),)}, []),  # gone: its last word is old
    ],
)
def test_what_is_wrong_is_told_and_nothing_else(more: dict[str, Any], said: list[str]) -> None:
    assert [trouble.kind for trouble in log_troubles(replace(GOOD, **more))] == said


class Troubled(Gateway):
    """A gateway whose log is in trouble."""

    def _status(self) -> StatusFrame:
        frame = super()._status()
        return replace(frame, log_reserve_missing=True, log_unread_lost_us=frame.now_us, readers=(SINK,))


def test_healthz_and_the_wall_say_so(tmp_path: Path) -> None:
    with contextlib.closing(Troubled(tmp_path)) as gateway, running(tmp_path, gateway) as center:
        until(lambda: plain_http.get(f"{center.url}/healthz").json()["gateway"]["status"] is not None)
        answer = plain_http.get(f"{center.url}/healthz")
        assert answer.status_code == 503
        lost, reserve, sink = answer.json()["faults"]
        assert "rows went before every reader had read them" in lost
        assert reserve == "the log's reserve is not held: the disk has no room for it"
        assert sink == "reader sink-influx: the server refuses"
