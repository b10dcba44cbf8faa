"""Messages to people, with the command center killed again and again: none is lost, repeats are marked."""

import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.messages import annunciated, repeats_without_mark, told
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.unit.command_center.notify.receivers import Inbox, Received, http_receiver, mail_receiver, mqtt_receiver

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

GAUGES = 6
KILLS = 5  # the recorded floods have 50: test_floods_end_to_end.py
HEIGHTS_CM = (160.0, 260.0, 360.0)  # waspada, siaga, awas


def write_contacts(city: Path) -> None:
    """Three ways for everything, and gauges enough for a storm."""
    for n in range(GAUGES):
        add(city / "stations.csv", f"G{n},Gauge {n},river,-7.47,112.43,35.76.01.1001,,BPBD,EWS,uji,for tests")
        add(city / "datastreams.csv", f"G{n},level,river_level,cm,0,1000,600,300,public,for tests")
        for rank, (level, value) in enumerate((("waspada", 150), ("siaga", 250), ("awas", 350)), start=1):
            add(city / "levels.csv", f"G{n},level,{level},{rank},{rank + 1},rising,{value},cm,5,for tests")
    (city / "contacts.csv").write_text(
        "contact,name,language,urls,group,areas,least_severity,mass,test,canary,source\n"
        "TG,Telegram,en,env:UJI_TG,posko,*,1,no,no,no,for tests\n"
        "HOOK,Webhook,id,env:UJI_HOOK,posko,*,1,no,no,no,for tests\n"
        "MAIL,Mail,en,env:UJI_MAIL,posko,35.76.01,1,no,no,no,for tests\n"
    )


def add(file: Path, line: str) -> None:
    with file.open("a") as table:
        table.write(line + "\n")


def test_a_command_center_that_is_killed_again_and_again_loses_no_message(site: Site, nats: Broker) -> None:
    write_contacts(site.city)
    site.start_gateway(nats)
    chance = random.Random(5)
    with http_receiver() as (inbox, address), mail_receiver() as (mails, mail_address):
        inbox.hang_s = lambda _to: 0.05  # so that kills hit messages on their way
        too_many = {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 1}}
        inbox.refuse = lambda to, n: (429, too_many) if to == "42" and n % 7 == 0 else None
        settings: dict[str, Any] = {
            "UJI_TG": f"tgram://1:secret/42?api=http://{address}",
            "UJI_HOOK": f"json://{address}/hook",
            "UJI_MAIL": f"mailto://{mail_address}/?from=siaga@example.org&to=posko@example.org&mode=insecure",
        }
        steps = [(n, cm) for cm in HEIGHTS_CM for n in range(GAUGES)]
        for part in range(KILLS):
            process, _api = site.start_command_center(settings)
            for n, cm in steps[part * len(steps) // KILLS : (part + 1) * len(steps) // KILLS]:
                nats.observe(f"G{n}:level", cm)
            time.sleep(chance.uniform(0.05, 0.6))
            process.kill()
        site.start_command_center(settings)
        until(lambda: len(annunciated(site.data_dir)) >= GAUGES * len(HEIGHTS_CM), "all annunciations")
        for name, received in ways(inbox, mails).items():
            wait_for_all(site, name, received)
            assert told(received()) <= annunciated(site.data_dir)
            assert repeats_without_mark(received()) == []


def test_a_full_disk_holds_back_no_message_of_the_highest_level_and_it_is_recorded_later(
    site: Site, nats: Broker
) -> None:
    write_contacts(site.city)
    site.start_gateway(nats)
    with http_receiver() as (inbox, address):
        settings = {name: f"json://{address}/{name}" for name in ("UJI_TG", "UJI_HOOK", "UJI_MAIL")}
        process, api = site.start_command_center(settings)
        nats.observe("G0:level", 160.0)
        until(lambda: len(inbox.received) == 3, "the first level's messages")
        until(lambda: sent(api) == 3, "their record")
        full = (site.data_dir / "operations.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        nats.observe("G1:level", 260.0)
        nats.observe("G2:level", 360.0)
        until(lambda: len(inbox.received) == 6, "the highest level's messages")
        time.sleep(2)  # reminders and lower levels would come now
        unrecorded = inbox.received[3:]
        assert len(unrecorded) == 3
        assert all("nrecorded" in one.text or "Tidak tercatat" in one.text for one in unrecorded)
        assert all("Gauge 2" in one.text for one in unrecorded)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until(lambda: told(inbox.received) >= annunciated(site.data_dir) != set(), "the lower levels' messages")
        calls = 1 + 2 + 3  # on its way up each level calls
        until(lambda: sent(api) == 3 * calls, "the record of all")
        tries = {n["severity"]: [t["unrecorded"] for t in n["tries"]] for n in api.get("/notifications")["items"]}
        assert tries == {2: [False], 3: [False], 4: [True]}
        assert repeats_without_mark(inbox.received) == []


def test_a_message_by_mqtt_and_by_ntfy_reaches_its_subscribers(site: Site, nats: Broker) -> None:
    write_contacts(site.city)
    site.start_gateway(nats)
    with mqtt_receiver(nats.port, "kota/alarm") as subscriber, http_receiver() as (inbox, address):
        settings: dict[str, Any] = {
            "UJI_TG": f"mqtt://127.0.0.1:{nats.port}/kota/alarm?qos=1",
            "UJI_HOOK": f"ntfy://{address}/siaga-uji",
            "UJI_MAIL": f"json://{address}/mail",
        }
        site.start_command_center(settings)
        nats.observe("G0:level", 160.0)
        until(lambda: subscriber.received and len(inbox.received) == 2, "a message by each way")
    assert "Gauge 0" in subscriber.received[0].text
    assert all("Gauge 0" in message.text for message in inbox.received)


def sent(api: Api) -> int:
    """Notices that are on record as sent."""
    return [n["progress"] for n in api.get("/notifications")["items"]].count("sent")


def wait_for_all(site: Site, name: str, received: Callable[[], list[Received]]) -> None:
    """Until every annunciation came by this way."""
    until(lambda: told(received()) >= annunciated(site.data_dir), f"every message by {name}", within_s=120)


def ways(inbox: Inbox, mails: Inbox) -> dict[str, Callable[[], list[Received]]]:
    """What came by each way so far."""
    return {
        "telegram": lambda: inbox.of("42"),
        "webhook": lambda: inbox.of("/hook"),
        "mail": lambda: list(mails.received),
    }
