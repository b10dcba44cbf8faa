"""What goes over the wire, and what each answer means."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.sinks.influx import TAKEN, Influx, Outcome
from sensors.errors import SettingsError
from sensors.settings import InfluxSettings
from tests.e2e.processes import free_port
from tests.unit.gateway.sinks.server import Server, running

LINE = b"m,t=a v=1 1780000000000000000\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def settings(server: Server, **more: object) -> InfluxSettings:
    return replace(InfluxSettings(url=server.url, org="kota", bucket="siaga", token="rahasia"), **more)


@pytest.mark.parametrize("gzip", [True, False])
def test_a_request_as_the_write_api_wants_it(server: Server, gzip: bool) -> None:
    with Influx(settings(server, gzip=gzip)) as influx:
        assert influx.write(LINE) == TAKEN
    query, headers = server.requests[0]
    assert query == {"org": ["kota"], "bucket": ["siaga"], "precision": ["ns"]}
    assert headers["Authorization"] == "Token rahasia"
    assert headers.get("Content-Encoding", "identity") == ("gzip" if gzip else "identity")
    assert server.taken == [LINE]


def test_the_token_may_stand_in_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("dari-berkas\n")
    with Influx(settings(server, token="", token_file=str(tmp_path / "token"))) as influx:
        influx.write(LINE)
    assert server.requests[0][1]["Authorization"] == "Token dari-berkas"
    with pytest.raises(SettingsError, match=r"influx\.token_file: .*absent"):
        Influx(settings(server, token_file=str(tmp_path / "absent")))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Outcome.TAKEN),
        (400, Outcome.REFUSED),
        (413, Outcome.REFUSED),
        (422, Outcome.REFUSED),
        (401, Outcome.WAIT),
        (403, Outcome.WAIT),
        (404, Outcome.WAIT),
        (429, Outcome.WAIT),
        (500, Outcome.WAIT),
        (503, Outcome.WAIT),
        (302, Outcome.WAIT),
    ],
)
def test_what_an_answer_means(server: Server, status: int, outcome: Outcome) -> None:
    server.reply = lambda _: (status, {"Retry-After": "7"}, b'{"message": "sebabnya"}' if status != 204 else b"")
    with Influx(settings(server)) as influx:
        answer = influx.write(LINE)
    assert answer.outcome is outcome
    assert "rahasia" not in answer.reason
    if outcome is not Outcome.TAKEN:
        assert answer.reason.startswith(f"{status}")
        assert "sebabnya" in answer.reason
    assert answer.retry_after_s == (7.0 if outcome is Outcome.WAIT else 0.0)


@pytest.mark.parametrize(("said", "waits_s"), [("99999", 900.0), ("9" * 400, 900.0), ("900", 900.0), ("soon", 0.0)])
def test_a_server_s_wish_to_be_left_alone_is_bounded(server: Server, said: str, waits_s: float) -> None:
    server.reply = lambda _: (503, {"Retry-After": said}, b"")
    with Influx(settings(server)) as influx:
        assert influx.write(LINE).retry_after_s == waits_s


def test_nobody_there_and_nobody_answering_mean_wait(server: Server) -> None:
    with Influx(settings(server, url=f"http://127.0.0.1:{free_port()}")) as influx:
        assert influx.write(LINE).outcome is Outcome.WAIT
    with Influx(settings(server, url=server.url.replace("http:", "https:"), timeout_s=0.5)) as influx:
        assert influx.write(LINE).outcome is Outcome.WAIT
