"""A running command center and real receivers: Telegram's Bot API, a webhook and a mail server on loopback."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_center.notify import targets
from sensors.contacts import Contact
from sensors.origin import Origin
from sensors.settings import NotifySettings
from tests import plain_http
from tests.unit.command_center.little_city import entry, raised
from tests.unit.command_center.notify.city_of_contacts import city_of, contact
from tests.unit.command_center.notify.receivers import Inbox, http_receiver, mail_receiver
from tests.unit.command_center.running import Gateway, Running, running, until


@pytest.fixture
def receiver() -> Iterator[tuple[Inbox, str]]:
    with http_receiver() as opened:
        yield opened


@contextlib.contextmanager
def center_of(
    data_dir: Path, addresses: dict[str, str], *contacts: Contact, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[Running]:
    for name, url in addresses.items():
        monkeypatch.setenv(name, url)
    named = contacts or tuple(contact(name) for name in addresses)
    with running(data_dir, Gateway(data_dir, city_of(*named)), **settings) as center:
        center.gateway.append(entry())
        center.wait_ready()
        yield center


def now_us() -> int:
    return time.time_ns() // 1000


def raise_level(center: Running, level: str, **fields: object) -> None:
    at_us = now_us()
    center.gateway.append(entry([], raised(level, time_us=at_us, at_us=at_us, **fields), now_us=at_us))


def test_every_way_brings_the_same_alarm_with_its_id(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    with mail_receiver() as (mails, mail_address):
        addresses = {
            "TG": f"tgram://123:secret/42?api=http://{address}",
            "HOOK": f"json://{address}/hook/siaga",
            "MAIL": f"mailto://{mail_address}/?from=siaga@example.org&to=posko@example.org&mode=insecure",
        }
        with center_of(tmp_path, addresses, monkeypatch=monkeypatch) as center:
            raise_level(center, "kuning")
            until(lambda: len(inbox.received) == 2 and bool(mails.received))
            alarm = center.get("/alarms")["items"][0]
            for one in (*inbox.received, *mails.received):
                assert "Rolak Songo water level 600" in one.text
                assert "Area: Gedongan; affects Magersari" in one.text
                assert one.ids[0].startswith(f"{alarm['id']}/1/")
            until(lambda: [n["progress"] for n in center.get("/notifications")["items"]] == ["sent"] * 3)
            notices = center.get("/notifications", alarm=alarm["id"])["items"]
            assert {(n["contact"], n["why"], n["attempts"]) for n in notices} == {
                ("TG", "first", 1), ("HOOK", "first", 1), ("MAIL", "first", 1),
            }  # fmt: skip
            assert (
                'siaga_notify_sent_total{contact="TG",way="env:TG"} 1.0' in plain_http.get(f"{center.url}/metrics").text
            )


def test_retry_after_is_obeyed_and_no_other_target_waits(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    too_many = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 2}}
    inbox.refuse = lambda to, n: (429, too_many) if to == "42" and n == 1 else None
    inbox.hang_s = lambda to: 3.0 if to == "99" else 0.0
    names = {"SLOW": "42", "HANGS": "99", "GOOD": "7"}
    addresses = {name: f"tgram://123:secret/{chat}?api=http://{address}" for name, chat in names.items()}
    with center_of(tmp_path, addresses, monkeypatch=monkeypatch) as center:
        raise_level(center, "merah")
        until(lambda: bool(inbox.of("7")))
        good_s = inbox.of("7")[0].at_s
        until(lambda: bool(inbox.of("42")) and bool(inbox.of("99")))
        asked = [at_s for to, at_s in inbox.asked if to == "42"]
        assert asked[1] - asked[0] >= 1.9  # a clock read on either side
        assert good_s < asked[1]
        assert len(inbox.of("99")) == 1
        assert "PERHAPS" not in inbox.of("42")[0].text  # Telegram said that it did not take it


def test_a_dead_way_out_is_tried_again_told_and_counted_and_its_secret_is_not(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    monkeypatch.setattr(targets, "BACK_OFF_S", 0.05)
    inbox.refuse = lambda _to, n: (500, {"ok": False}) if n <= 3 else None
    with center_of(tmp_path, {"HOOK": f"json://{address}/very-secret-path"}, monkeypatch=monkeypatch) as center:
        raise_level(center, "kuning")
        until(lambda: any("a way out fails" in fault for fault in faults(center)))
        until(lambda: bool(inbox.received))
        until(lambda: faults(center) == [])
        assert "PERHAPS A REPEAT" in inbox.received[0].text  # of a 500 nobody knows
        [notice] = center.get("/notifications")["items"]
        assert [one["outcome"] for one in notice["tries"]] == ["unknown"] * 3 + ["sent"]
        assert "very-secret" not in str(notice)


def faults(center: Running) -> list[str]:
    found: list[str] = plain_http.get(f"{center.url}/healthz").json()["faults"]
    return found


def test_an_exercise_reaches_test_contacts_only_and_says_so(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    addresses = {name: f"json://{address}/{name}" for name in ("REAL", "TRAINING")}
    people = (contact("REAL"), contact("TRAINING", test=True))
    with center_of(tmp_path, addresses, *people, monkeypatch=monkeypatch) as center:
        raise_level(center, "kuning", origin=Origin.SIMULATED)
        until(lambda: bool(inbox.received))
        raise_level(center, "merah")
        until(lambda: len(inbox.of("/TRAINING")) == 2 and bool(inbox.of("/REAL")))
        assert [len(inbox.of(f"/{name}")) for name in ("REAL", "TRAINING")] == [1, 2]
        assert "EXERCISE" in str(inbox.of("/TRAINING")[0].body["title"])
        assert "EXERCISE" not in str(inbox.of("/REAL")[0].body)


def test_a_contact_without_an_address_is_a_fault_unless_it_is_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "BACK_OFF_S", 0.05)
    people = (contact("NOWHERE"), contact("MADE-UP", source="illustrative", urls=("env:NOT_THERE",)))
    with center_of(tmp_path, {}, *people, monkeypatch=monkeypatch) as center:
        raise_level(center, "kuning")
        until(lambda: any("NOWHERE" in fault and "is not set" in fault for fault in faults(center)))
        progress = {n["contact"]: n["progress"] for n in center.get("/notifications")["items"]}
        assert progress == {"NOWHERE": "waiting", "MADE-UP": "withdrawn"}
        ways = {c["id"]: c["ways"][0] for c in center.get("/notifications/contacts")["items"]}
        assert "is not set" in ways["NOWHERE"]["no_address"]
        assert "is not set" in ways["MADE-UP"]["no_address"]  # no fault, but nobody is reached there either


def test_a_test_message_needs_a_login_and_goes_by_every_way(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    people = (contact("A", urls=("env:A", "env:B")),)
    addresses = {name: f"json://{address}/{name}" for name in "AB"}
    with center_of(tmp_path, addresses, *people, monkeypatch=monkeypatch) as center:
        url = f"{center.url}/api/v1/notifications/test"
        assert plain_http.post(url, json={"contact": "A"}).status_code == 401
        headers = center.log_in()
        assert plain_http.post(url, json={"contact": "X"}, headers=headers).status_code == 404
        assert plain_http.post(url, json={"contact": "A"}, headers=headers).status_code == 202
        until(lambda: len(inbox.received) == 2)
        assert {one.body["title"] for one in inbox.received} == {"CHANNEL TEST"}


def test_a_link_acknowledges_once_by_its_button_only(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    settings = NotifySettings(public_url="https://siaga.example.org")
    with center_of(
        tmp_path, {"A": f"json://{address}/A"}, contact("A", name="Ani <3>"), monkeypatch=monkeypatch, notify=settings
    ) as center:
        raise_level(center, "kuning")
        until(lambda: bool(inbox.received))
        link = next(line for line in inbox.received[0].text.splitlines() if "https://" in line).split("https://")[1]
        page = f"{center.url}/{link.partition('/')[2]}"
        shown = plain_http.get(page)
        assert "Ani &lt;3&gt;" in shown.text
        assert "<form" in shown.text
        alarm = center.get("/alarms")["items"][0]
        assert alarm["state"] == "unacknowledged"  # a preview does nothing
        assert plain_http.post(f"{page}x").status_code == 403
        assert plain_http.post(page).status_code == 200
        alarm = center.get("/alarms")["items"][0]
        assert (alarm["state"], alarm["acknowledged_by"]) == ("acknowledged", "Ani <3>")
        events = center.get(f"/alarms/{alarm['id']}")["events"]
        again = plain_http.post(page)
        assert "<form" not in again.text
        assert center.get(f"/alarms/{alarm['id']}")["events"] == events
        raise_level(center, "merah")
        until(lambda: len(inbox.received) == 2)
        assert plain_http.post(page).status_code == 409  # it stood in the message of the lower level
        assert center.get("/alarms")["items"][0]["state"] == "unacknowledged"
        key = tmp_path / "notify.key"
        assert key.stat().st_mode & 0o777 == 0o600


def press(inbox: Inbox, update: int, data: str, chat: int) -> None:
    """Somebody presses a button in a chat."""
    query = {
        "id": str(update),
        "from": {"first_name": "Budi"},
        "message": {"chat": {"id": chat}},
        "data": data,
    }
    inbox.updates.append({"update_id": update, "callback_query": query})


def test_a_button_in_telegram_acknowledges_under_the_contact_of_its_chat(
    tmp_path: Path, receiver: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, address = receiver
    settings = NotifySettings(telegram_buttons=True)
    addresses = {"TG": f"tgram://123:secret/42?api=http://{address}"}
    with center_of(tmp_path, addresses, monkeypatch=monkeypatch, notify=settings) as center:
        raise_level(center, "kuning")
        until(lambda: bool(inbox.received))
        data = inbox.received[0].body["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        assert len(data.encode()) <= 64
        press(inbox, 7, data, chat=99)  # not a chat of ours
        press(inbox, 8, data[:-1] + "x", chat=42)
        until(lambda: len(inbox.answered) >= 2)
        assert center.get("/alarms")["items"][0]["state"] == "unacknowledged"
        press(inbox, 9, data, chat=42)
        until(lambda: center.get("/alarms")["items"][0]["state"] == "acknowledged")
        alarm = center.get("/alarms")["items"][0]
        assert alarm["acknowledged_by"] == "TG of the city"
        event = center.get(f"/alarms/{alarm['id']}")["events"][-1]
        assert "pressed by Budi" in event["comment"]
        until(lambda: "Acknowledged by TG of the city" in str(inbox.answered[-1]))
        assert [one["callback_query_id"] for one in inbox.answered] == ["7", "8", "9"]
