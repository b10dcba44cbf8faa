"""Pull sources of city.toml: what cannot be fetched is named, and secrets stay out of the catalogue."""

from pathlib import Path

import pytest

from sensors.city import load_city
from sensors.pull_source import Pull, why_not
from tests.e2e.small_city import write_city

GOOD = {"name": "posko", "url": "https://pantau.kota.test/feed?key=1", "format": "xml", "device": "ID", "time": "T"}


def reason(**changes: object) -> str:
    return why_not(Pull(**(GOOD | changes)), {"b1"})  # type: ignore[arg-type]


def test_a_good_one_is_good_and_is_shown_without_its_query() -> None:
    assert reason() == ""
    assert Pull(**GOOD).shown_url == "https://pantau.kota.test/feed"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a b"}, "name: expected"),
        ({"url": "file:///etc/passwd"}, "url: expected http"),
        ({"url": "https://"}, "url: expected http"),
        ({"url": "https://[::1"}, "url or zone"),
        ({"url": "https://user:secret@host/"}, "url: no user and password here"),
        ({"device": ""}, "device: expected either"),
        ({"device_name": "A1"}, "device: expected either"),
        ({"time": ""}, "time: expected a path"),
        ({"repeat_s": 600.0}, "repeat_s: says something only with"),
        ({"time_format": "iso"}, "time_format: expected rfc3339"),
        ({"zone": "Asia/Mojokerto"}, "url or zone: expected an IANA zone"),
        ({"unit": "furlong"}, "unit: no unit 'furlong'"),
        ({"publish_to": "b2"}, "publish_to: no source 'b2'"),
        ({"headers": {"Authorization": "Bearer x"}}, "is a secret"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "cannot be sent"),
        ({"token_header": "a b"}, "token_header"),
        ({"token_env": "A", "token_file": "b"}, "either token_env or token_file"),
    ],
)
def test_what_cannot_be_is_named_with_its_key(changes: dict[str, object], said: str) -> None:
    assert said in reason(**changes)


def test_a_faulty_pull_costs_itself_only(tmp_path: Path) -> None:
    folder = write_city(tmp_path / "kota-uji")
    table = '[[pulls]]\nname = "{}"\nurl = "{}"\nformat = "json"\ndevice = "id"\ntime = "t"\n'
    pulls = [table.format("a", "http://h/"), table.format("A", "http://h/"), table.format("b", "ftp://h/")]
    toml = folder / "city.toml"
    toml.write_text("\n".join([toml.read_text(encoding="utf-8"), *pulls]), encoding="utf-8")
    catalogue, faults = load_city(str(folder))
    assert [pull.name for pull in catalogue.city.pulls] == ["a"]
    assert [fault.reason.split(":")[0] for fault in faults if fault.column == "pulls"] == ["A", "b"]
