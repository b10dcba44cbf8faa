"""Fetching from a server that may be slow, huge, packed, elsewhere or hostile."""

import asyncio
import gzip
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import PullError
from gateway.pull.fetch import Fetched, Version, _retry_after_s, client, fetch
from sensors.pull_source import Pull
from tests.unit.gateway.pull.page_server import Answer, free_port, page_server
from tests.unit.gateway.pull.sources import pull


def get(url: str, folder: Path = Path(), known: Version | None = None, **changes: Any) -> Fetched:
    source: Pull = pull(url=url, **changes)

    async def work() -> Fetched:
        async with client(source, folder) as http:
            return await fetch(http, source, folder, known or Version())

    return asyncio.run(work())


def test_a_page_is_fetched_with_its_version_and_then_only_if_it_changed() -> None:
    page = Answer(b"[1]", headers={"ETag": '"v1"', "Last-Modified": "Thu, 30 Apr 2026 16:50:00 GMT"})
    with page_server(page) as server:
        first = get(server.url, headers={"X-City": "uji"})
        assert (first.body, first.version.etag) == (b"[1]", '"v1"')
        assert server.requests[0]["X-City"] == "uji"
        assert get(server.url, known=first.version).body is None
        assert server.requests[1]["If-Modified-Since"] == "Thu, 30 Apr 2026 16:50:00 GMT"


def test_a_server_s_cookies_do_not_pile_up() -> None:
    names = iter(range(10))

    async def work(url: str) -> int:
        here = pull(url=url)
        async with client(here, Path()) as http:
            for _ in range(5):
                await fetch(http, here, Path(), Version())
            return len(http.cookies)

    with page_server() as server:
        server.answer = lambda _: Answer(b"[]", headers={"Set-Cookie": f"c{next(names)}=x"})
        assert asyncio.run(work(server.url)) == 1


def test_a_packed_page_is_unpacked() -> None:
    with page_server(Answer(gzip.compress(b"[1, 2]"), headers={"Content-Encoding": "gzip"})) as server:
        assert get(server.url).body == b"[1, 2]"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(b"x" * 5_000_000), "larger than 2048 KiB"),
        (Answer(gzip.compress(bytes(20_000_000), 9), headers={"Content-Encoding": "gzip"}), "larger than 2048 KiB"),
        (Answer(b"no gzip", headers={"Content-Encoding": "gzip"}), "not gzip"),
        (Answer(gzip.compress(b"x" * 999)[:-9], headers={"Content-Encoding": "gzip"}), "ends too early"),
        (Answer(zlib.compress(b"x"), headers={"Content-Encoding": "br"}), "packed with 'br'"),
        (Answer(status=500), "HTTP 500 Internal Server Error"),
        (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "sent on to file://"),
        (Answer(status=302, headers={"Location": "/page"}), "more than 3 times"),
    ],
)
def test_what_is_too_much_or_wrong_is_refused(answer: Answer, reason: str) -> None:
    with page_server(answer) as server, pytest.raises(PullError, match=reason):
        get(server.url)


@pytest.mark.parametrize(
    "inner",
    ["http://127.0.0.1:9/", "http://localhost/", "http://169.254.169.254/x", "http://10.0.0.5/", "http://[::1]/",
     "http://[::ffff:192.168.1.1]/", "http://0.0.0.0/"],
)  # fmt: skip
def test_a_page_of_the_world_does_not_send_us_within(inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with page_server(Answer(status=302, headers={"Location": inner})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(PullError, match="an address within"):
            get("http://93.184.216.34/page")
        assert len(proxy.requests) == 1


def test_a_page_of_the_world_may_send_us_on_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    with page_server() as proxy:
        answers = iter([Answer(status=302, headers={"Location": "http://93.184.216.35/"}), Answer(b"[]")])
        proxy.answer = lambda _: next(answers)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert get("http://93.184.216.34/page").body == b"[]"


def test_a_slow_loris_costs_no_more_than_the_time_allowed() -> None:
    with (
        page_server(Answer(trickle=True)) as server,  # for ever
        pytest.raises(PullError, match=r"not complete within 0\.4 s"),
    ):
        get(server.url, timeout_s=0.4)


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(PullError, match="ConnectError"):
        get(f"http://127.0.0.1:{free_port()}/")


def test_the_secret_goes_to_the_server_that_was_named_and_to_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("rahasia\n", encoding="utf-8")
    with page_server(Answer(b"[]")) as elsewhere, page_server() as named:
        named.answer = Answer(status=302, headers={"Location": elsewhere.url})
        get(named.url, tmp_path, token_file="token")
        assert named.requests[0]["Authorization"] == "Bearer rahasia"
        assert "Authorization" not in elsewhere.requests[0]


def test_a_secret_comes_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with page_server(Answer(b"[]")) as server:
        with pytest.raises(PullError, match="the environment has no KUNCI_UJI"):
            get(server.url, token_env="KUNCI_UJI")
        monkeypatch.setenv("KUNCI_UJI", "abc")
        get(server.url, token_env="KUNCI_UJI", token_header="X-Api-Key", token_prefix="")
        assert server.requests[0]["X-Api-Key"] == "abc"


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    def asked(text: str) -> float | None:
        return _retry_after_s(text, datetime(2026, 4, 30, 16, 50, tzinfo=UTC))

    assert asked("120") == 120
    assert asked("Thu, 30 Apr 2026 16:51:00 GMT") == 60
    assert asked("Thu, 30 Apr 2026 16:00:00 GMT") == 0
    assert asked("99999999") == 6 * 3600
    assert (asked("soon"), asked("")) == (None, None)
    with page_server(Answer(status=503, headers={"Retry-After": "7"})) as server:
        with pytest.raises(PullError) as caught:
            get(server.url)
        assert caught.value.retry_after_s == 7
