"""Canaries, and trying a contact by the command line."""

from argparse import ArgumentParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from command_center.notify.commands import NOTIFY
from command_center.notify.service import canary_due_us
from sensors.settings import Settings
from sensors.times import HOUR_US
from tests.e2e.small_city import write_city
from tests.unit.command_center.little_city import NOW_US, entry
from tests.unit.command_center.notify.city_of_contacts import RULES, city_of, contact
from tests.unit.command_center.notify.receivers import http_receiver
from tests.unit.command_center.running import Gateway, running, until


def test_a_canary_is_due_at_its_hour_in_the_citys_zone() -> None:
    city = city_of(contact("A"), rules=replace(RULES, canary_at="08:00"))
    assert canary_due_us(city, NOW_US) == NOW_US - 14 * HOUR_US  # it is 22:00
    assert canary_due_us(city, NOW_US + 9 * HOUR_US) == NOW_US - 14 * HOUR_US
    assert canary_due_us(city, NOW_US + 10 * HOUR_US) == NOW_US + 10 * HOUR_US
    assert canary_due_us(city_of(contact("A")), NOW_US) is None


def test_a_canary_is_sent_once_a_day_and_not_again_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_receiver() as (inbox, address):
        monkeypatch.setenv("A", f"json://{address}/A")
        monkeypatch.setenv("B", f"json://{address}/B")
        city = city_of(contact("A", canary=True), contact("B"), rules=replace(RULES, canary_at="08:00"))
        for _ in range(2):
            with running(tmp_path, Gateway(tmp_path, city)) as center:
                center.gateway.append(entry())
                center.wait_ready()
                until(lambda: [n["progress"] for n in center.get("/notifications")["items"]] == ["sent"])
        assert [one.body["title"] for one in inbox.received] == ["CHANNEL TEST"]


def notify(*words: str) -> int:
    parser = ArgumentParser()
    NOTIFY.add_arguments(parser)
    return NOTIFY.run(parser.parse_args(words), Settings())


def test_a_contact_is_tried_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    city = write_city(tmp_path / "city")
    (city / "contacts.csv").write_text(
        "contact,name,language,urls,group,areas,source\nA,Ani,id,env:GOOD file:bad.url,posko,*,for tests\n"
    )
    with http_receiver() as (inbox, address):
        monkeypatch.setenv("GOOD", f"json://{address}/A")
        assert notify("test", "A", "--city", str(city)) == 1
        assert capsys.readouterr().out.splitlines() == [
            "env:GOOD: sent",
            "file:bad.url: refused file:bad.url: cannot be read: FileNotFoundError",
        ]
        assert inbox.received[0].body["title"] == "UJI SALURAN"
    assert notify("test", "B", "--city", str(city)) == 1
    assert "known are A" in capsys.readouterr().err
