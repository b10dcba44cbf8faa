"""The command center writes the page: only what everybody may see, and it says when it cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.clock import now_us
from sensors.settings import PublicSettings
from sensors.sharing import Sharing
from sensors.times import MINUTE_US
from sensors.transition import Kind
from tests import plain_http
from tests.unit.command_center.little_city import DISCHARGE, LEVEL, RAIN, entry, little_city, raised, transition
from tests.unit.command_center.running import Gateway, Running, running, until

SHARED: dict[int, Sharing] = {LEVEL: "public", DISCHARGE: "agency", RAIN: "internal"}
PAGE = "warga/35.76.01.1001.html"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def center(tmp_path: Path, into: Path) -> Iterator[Running]:
    city = little_city()
    told = tuple(replace(d, sharing=SHARED[d.number]) for d in city.datastreams)
    now = now_us()
    gateway = Gateway(tmp_path, replace(city, datastreams=told))
    gateway.append(
        entry(
            [(LEVEL, now, 622.5), (DISCHARGE, now, 555.25)],
            raised("kuning", time_us=now - 10 * MINUTE_US, at_us=now),
            raised("merah", datastream=DISCHARGE, time_us=now, at_us=now),
            now_us=now,
        )
    )
    with running(tmp_path, gateway, public=PublicSettings(directory=str(into), every_s=1.0)) as started:
        yield started


def test_the_page_follows_the_river_says_only_what_is_public_and_tells_when_it_cannot_be_written(
    center: Running, into: Path
) -> None:
    until(lambda: (into / PAGE).is_file() and "SIAGA KUNING" in (into / PAGE).read_text())
    page = (into / PAGE).read_text()
    assert ("622,5" in page, "555,25" in page, "MERAH" in page) == (True, False, False)
    assert 'class="is-old"' not in page, "the picture is of now"
    now = now_us()
    center.gateway.append(entry([], transition(Kind.SILENT, time_us=now, at_us=now), now_us=now))
    until(lambda: "TIDAK ADA DATA sejak" in (into / PAGE).read_text())
    assert "Sebelum data hilang: Siaga Kuning." in (into / PAGE).read_text()
    for path in sorted(into.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    into.rmdir()
    into.write_text("a file stands in its way")
    center.gateway.append(
        entry([(LEVEL, now + 1, 633.5)], transition(Kind.HEARD, time_us=now + 1, at_us=now), now_us=now)
    )
    until(lambda: "the public page cannot be written" in plain_http.get(f"{center.url}/healthz").text)
    metrics = plain_http.get(f"{center.url}/metrics").text
    assert "siaga_public_page_failures_total 0.0" not in metrics
    into.unlink()
    until(lambda: (into / PAGE).is_file() and "633,5" in (into / PAGE).read_text())
    until(lambda: "the public page" not in plain_http.get(f"{center.url}/healthz").text)
