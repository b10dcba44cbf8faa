"""What the API does for whoever asks often, slowly or for much: ETags, gzip, rate limits, tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from command_center.api.rate_limit import MAX_CALLERS, RateLimit
from sensors.settings import HttpSettings
from tests import plain_http
from tests.unit.command_center.little_city import LEVEL, entry, minutes
from tests.unit.command_center.running import Running, running

BURST = 20
HEIGHTS = [(LEVEL, minutes(-n), n / 8) for n in range(90, 0, -1)]
ELSEWHERE = {"Host": "siaga.example"}


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    slow = HttpSettings(requests_per_s=0.001, burst_requests=BURST)
    with running(tmp_path_factory.mktemp("data"), http=slow) as started:
        started.gateway.append(entry(HEIGHTS))
        started.wait_ready()
        started.wait_applied()
        yield started


@pytest.mark.parametrize("path", ["/api/v1/city", "/openapi.json", "/", "/maintenance", "/static/main.js"])
def test_what_the_caller_has_is_not_sent_again(center: Running, path: str) -> None:
    first = plain_http.get(f"{center.url}{path}")
    assert first.status_code == 200
    again = plain_http.get(f"{center.url}{path}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert plain_http.get(f"{center.url}{path}", headers={"If-None-Match": '"another"'}).status_code == 200


def test_much_is_compressed_for_who_takes_it_and_little_is_not(center: Running) -> None:
    url = f"{center.url}/api/v1/sensors"
    packed, plain = plain_http.get(url), plain_http.get(url, headers={"Accept-Encoding": "identity"})
    assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert len(packed.json()["items"]) == len(plain.json()["items"]) == 3
    assert "content-encoding" not in plain_http.get(f"{center.url}/api/v1/me").headers


@pytest.mark.parametrize("time", ["9999-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "2020-01-01T00:00:00+99:99", "NaN"])
def test_a_time_that_is_none_is_refused(center: Running, time: str) -> None:
    answer = center.client.get("/sensors/ROLAK:level/observations", params={"to": time})
    assert (answer.status_code, answer.json()["error"]["where"]) == (422, "query.to")


def test_who_asks_too_often_is_told_when_to_ask_again_and_the_wall_here_is_not(center: Running) -> None:
    named = center.log_in()
    answers = [plain_http.get(f"{center.url}/api/v1/me", headers=named) for _ in range(BURST + 2)]
    assert [one.status_code for one in answers] == [200] * BURST + [429] * 2
    assert answers[-1].json()["error"]["code"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) > 1
    strangers = [plain_http.get(f"{center.url}/api/v1/me", headers=ELSEWHERE).status_code for _ in range(BURST + 2)]
    assert strangers == [401] * BURST + [429] * 2, "who is not known is counted by address"
    assert {plain_http.get(f"{center.url}/api/v1/me").status_code for _ in range(3 * BURST)} == {200}
    figures = plain_http.get(f"{center.url}/metrics").text
    assert "siaga_http_limited_total 4.0" in figures
    assert "siaga_http_callers 2.0" in figures


def test_a_bucket_fills_again_and_the_table_of_callers_is_bounded() -> None:
    limit = RateLimit(HttpSettings(requests_per_s=2.0, burst_requests=3))
    assert [limit.wait_s("a", 10.0) for _ in range(4)] == [0, 0, 0, 1]
    assert [limit.wait_s("a", 10.5), limit.wait_s("a", 10.5)] == [0, 1]
    assert [limit.wait_s("a", 100.0) for _ in range(4)] == [0, 0, 0, 1], "no more than the burst is saved up"
    for n in range(MAX_CALLERS + 5):
        assert limit.wait_s(f"other {n}", 100.0) == 0
    assert (limit.callers, limit.forgotten, limit.limited) == (MAX_CALLERS, 6, 3)
    assert RateLimit(HttpSettings(requests_per_s=0.01)).wait_s("a", 0.0) == 0


def test_guessing_a_password_is_slowed_down(tmp_path: Path) -> None:
    with running(tmp_path) as center:
        guess = {"user": "admin", "password": "guess"}
        answers = [plain_http.post(f"{center.url}/api/v1/login", json=guess) for _ in range(11)]
        assert [one.status_code for one in answers] == [401] * 10 + [429]
        assert answers[-1].headers["retry-after"] == "60"
        other = plain_http.post(f"{center.url}/api/v1/login", json={"user": "nobody", "password": "guess"})
        assert other.status_code == 401
