"""Every recorded flood through the whole of Siaga, the command center killed 50 times on the way.

recording ──MQTT──> gateway ──log──> command center ──> chat, webhook, mail, topic ──> real receivers
                                       └──> actions, incidents, warnings (CAP), acts of two people, audit

A replay of old times is history, which Siaga lists and never sounds.  So the gauges publish the recorded values in the
recorded order as devices do, under times of now: the play is cut into as many parts as there are kills, and the
recorded times of a part are mapped linearly onto the time since the part before.  `[detector]` of the city, whose
lengths of time would be years at that speed, has 0; levels have no hysteresis and no delays, so that the oracle is the
plain comparison of each reading with its threshold.  Calm between floods is left out, and parts take different times:
the hourly gauges, which stand at a weir and a sluice, are `gated`, so that no fall is in doubt for being too fast.

`make floods` kills 300 times.
"""

import os
import random
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.command_post import CommandPost
from tests.e2e.flood_checks import (
    Seen,
    check_acts,
    check_alarms,
    check_incidents,
    check_messages,
    check_paper,
    check_record,
    check_story,
    check_warnings,
)
from tests.e2e.flood_city import Played, crossings, played, write_flood_city
from tests.e2e.messages import annunciated, recorded
from tests.e2e.processes import free_port, until
from tests.e2e.recorded_city import recorded_floods
from tests.e2e.site import Site
from tests.unit.command_center.notify.receivers import Received, http_receiver, mail_receiver, mqtt_receiver

KILLS = int(os.environ.get("FLOOD_KILLS", "50"))
pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.recorded, pytest.mark.timeout(900 + 10 * KILLS)]

WORK_EVERY = 3  # lives: one in so many is long enough for people to work; the others end on their way up
TOPIC = "kota/alarm"
LONG_S = 400.0  # what takes half a minute alone takes several beside other tests
STILL_UP = ("JKT-PESANGGRAHAN1:water_level", "siaga2")  # as its recording ends
NO_PASSWORD = {"SIAGA_ADMIN_PASSWORD": ""}  # it is set by the first life; to compare it costs each a third of a second
BY_PHONE = {"authorised_by": "Kepala Pelaksana", "means": "phone"}


def test_every_recorded_flood_from_its_readings_to_its_story_though_the_command_center_is_killed(
    site: Site, nats: Broker
) -> None:
    floods = recorded_floods()
    city = str(write_flood_city(site.folder / "rekaman", floods))
    readings = played(floods)
    site.start_gateway(nats, city=city)
    with Receivers(nats) as receivers:
        play = Play(site, nats, city, readings, receivers.settings)
        receivers.callback(play.post.close)
        for part in range(KILLS):
            play.live_and_die(part)
        process, api = site.start_command_center(play.settings | NO_PASSWORD, city=city, port=play.port)
        expected = crossings(floods, readings)
        settle(play, sum(one.up for ups in expected.values() for one in ups))
        seen = Seen(site.data_dir, api, expected, receivers.received(), play.post.done)
        check_alarms(seen, floods)
        check_incidents(seen)
        check_messages(seen)
        check_acts(seen)
        check_warnings(seen, floods.parent / "E_cap" / "CAP-v1.2.xsd")
        check_story(seen)
        check_paper(seen)
        check_record(seen)
    assert process.stop() == 0
    audit = site.processes.siaga("audit", "verify", "--data-dir", site.data_dir)
    assert audit.wait(30) == 0, audit.output


class Receivers(ExitStack):
    """A chat, two webhooks, a mail box and a subscriber; `settings` are their addresses."""

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        self._http, address = self.enter_context(http_receiver())
        self._mail, mail_address = self.enter_context(mail_receiver())
        self._topic = self.enter_context(mqtt_receiver(broker.port, TOPIC))
        self._http.hang_s = lambda _to: 0.05  # so that kills hit messages on their way
        self.settings = {
            "UJI_CHAT": f"tgram://1:secret/42?api=http://{address}",
            "UJI_HOOK": f"json://{address}/hook",
            "UJI_CHIEF": f"json://{address}/chief",
            "UJI_MAIL": f"mailto://{mail_address}/?from=siaga@example.org&to=posko@example.org&mode=insecure",
            "UJI_TOPIC": f"mqtt://127.0.0.1:{broker.port}/{TOPIC}?qos=1",
        }

    def received(self) -> dict[str, list[Received]]:
        """What came, by contact."""
        return {
            "CHAT": self._http.of("42"),
            "HOOK": self._http.of("/hook"),
            "CHIEF": self._http.of("/chief"),
            "MAIL": list(self._mail.received),
            "TOPIC": list(self._topic.received),
        }


@dataclass(slots=True)
class Play:
    """The recordings as they are played, and the lives of command centers meanwhile."""

    site: Site
    broker: Broker
    city: str
    readings: list[Played]
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    post: CommandPost = field(init=False)
    played_s: float = field(default_factory=time.time)  # up to when
    last_ms: dict[str, int] = field(default_factory=dict)  # of each gauge
    start_s: float = 1.0  # how long the last one took until it was ready

    def __post_init__(self) -> None:
        self.post = CommandPost(f"http://127.0.0.1:{self.port}", self.chance)

    def live_and_die(self, part: int) -> None:
        """One life, during which one part of the play comes: killed on its way up, or while people work with it."""
        settings = self.settings | NO_PASSWORD if part else self.settings
        process = self.site.spawn_command_center(settings, city=self.city, port=self.port)
        began = time.monotonic()
        self._publish(part)
        if part % WORK_EVERY:
            time.sleep(max(0.0, self.chance.uniform(0, self.start_s) - (time.monotonic() - began)))
            process.kill()
            return
        until(lambda: self.post.operator.is_ready() or process.exit_code is not None, "/readyz", within_s=120)
        assert process.exit_code is None, process.output
        self.start_s = time.monotonic() - began
        if part == 0:
            self._make_people()
        killer = threading.Timer(self.chance.uniform(0.05, 0.6), process.kill)
        killer.start()
        self.post.work_until_it_is_gone()
        killer.join()

    def _publish(self, part: int) -> None:
        """One of the parts of the play, its times between the part before and now."""
        begin_s, end_s = self.played_s, time.time()
        messages: list[tuple[str, object]] = []
        for one in self.readings:
            if part <= one.part * KILLS < part + 1:
                at_s = begin_s + (one.part * KILLS - part) * (end_s - begin_s)
                # In a short part two readings of one gauge fall into one millisecond, and one would replace the other.
                at_ms = max(round(at_s * 1000), self.last_ms.get(one.station, 0) + 1)
                self.last_ms[one.station] = at_ms
                reading = {"ts": at_ms, "value": one.value}
                messages.append((f"telemetry/{one.station}/{one.variable}", reading))
        self.broker.publish_all(messages)
        self.played_s = end_s

    def _make_people(self) -> None:
        admin = Api(self.post.url)
        self.post.make_people(admin)
        admin.close()


def settle(play: Play, calls: int) -> None:
    """Until everything is told and everything due is issued; a warning is updated and cancelled by hand, too."""
    data_dir, post = play.site.data_dir, play.post
    until(lambda: len(annunciated(data_dir)) >= calls, f"all {calls} annunciations", within_s=LONG_S)
    post.acknowledge_incidents()
    standing = until(lambda: issued_last(post), "every warning issued that is due", within_s=LONG_S)
    update = post.supervisor.post(f"/alerts/{standing}/update", BY_PHONE)
    post.supervisor.post(f"/alerts/{update['id']}/cancel", BY_PHONE)
    waiting = "SELECT count(*) FROM notice WHERE progress = 'waiting'"
    until(lambda: recorded(data_dir, waiting) == [(0,)], "every message sent", within_s=LONG_S)


def issued_last(post: CommandPost) -> str:
    """Issue what lies ready; the warning of what still holds, once no other stands and no draft is left."""
    api = post.operator
    post.issue_drafts()
    drafts = api.get("/alerts", state="draft,authorised")["items"]
    standing = [one for one in api.everything("/alerts", state="issued") if one["msg_type"] != "Cancel"]
    is_last = [(one["datastream"], one["level"]) for one in standing] == [STILL_UP]
    return standing[0]["id"] if is_last and not drafts else ""
