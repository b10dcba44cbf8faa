"""What must be so when the floods have been played: held against thresholds, receivers and the people's book."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import xmlschema

from sensors.times import SECOND_US, parse_rfc3339
from tests.e2e.api import Api
from tests.e2e.command_post import OPERATOR, Done
from tests.e2e.flood_city import BASINS, LEAST_ACTED, SEVERITIES, Crossing
from tests.e2e.messages import is_marked, is_trouble, recorded, repeats_without_mark
from tests.e2e.recorded_city import read
from tests.unit.command_center.notify.receivers import Received

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
MOVES = ("raised", "worse", "changed", "returned")  # events of an alarm at which a level is reached or left
LEAST = {"CHAT": 1, "HOOK": 1, "MAIL": 2, "TOPIC": 3}  # severity of which a contact of the first step is told


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is at the end; `expected` by station, `received` by contact."""

    data_dir: Path
    api: Api
    expected: dict[str, list[Crossing]]
    received: dict[str, list[Received]]
    done: list[Done]


def check_alarms(seen: Seen, floods: Path) -> None:
    """Each level reached has been annunciated, once: no kill lost one, and no restart called anew."""
    ups = Counter((s, one.level) for s, moves in seen.expected.items() for one in moves if one.up)
    table = Counter((r["station"], r["level"]) for r in read(floods / "expected_excursions.csv") if r["start"])
    assert ups == table  # the oracle is sound: all that is recorded was played
    calls = recorded(seen.data_dir, "SELECT datastream, level, muted, exercise FROM annunciation")
    assert Counter((station_of(datastream), level) for datastream, level, _, _ in calls) == ups
    assert {(muted, exercise) for _, _, muted, exercise in calls} == {("", 0)}
    acted = {(s, f"act-{level}") for s, level in ups if SEVERITIES[level] >= LEAST_ACTED}
    actions = seen.api.everything("/actions", state="all")
    assert sorted((station_of(one["datastream"]), one["action"]) for one in actions) == sorted(acted)


def check_incidents(seen: Seen) -> None:
    """An incident is of one basin, and what is open there at one time is one incident."""
    alarms = recorded(
        seen.data_dir,
        "SELECT incident, datastream, min(e.number), CASE state WHEN 'normal' THEN max(e.number) ELSE 1e18 END"
        " FROM alarm JOIN alarm_event e ON alarm_id = alarm.id WHERE event != 'note' GROUP BY alarm.id",
    )
    places: dict[str, set[str]] = {}
    for incident, datastream, _, _ in alarms:
        places.setdefault(incident, set()).add(BASINS[station_of(datastream)])
    assert all(len(basins) == 1 for basins in places.values())
    for (one, first, began, ended), (other, second, began_too, ended_too) in combinations(alarms, 2):
        is_one_basin = BASINS[station_of(first)] == BASINS[station_of(second)]
        if is_one_basin and began < ended_too and began_too < ended:
            assert one == other


def check_messages(seen: Seen) -> None:
    """Nobody missed a message that was planned for him, none came unplanned, and what came again said so."""
    calls = recorded(seen.data_dir, "SELECT alarm_id, call, datastream, severity FROM annunciation")
    for contact, received in seen.received.items():
        planned = recorded(
            seen.data_dir,
            "SELECT alarm_id, call, ordinal, progress, why FROM notice WHERE contact = ? ORDER BY number",
            contact,
        )
        sent = {row[:3] for row in planned if row[3] == "sent"}
        withdrawn = {row[:3] for row in planned if row[3] == "withdrawn"}
        got = {parts_of(one) for message in received for one in message.ids}
        assert sent <= got <= sent | withdrawn, contact
        assert all(why == "escalated" for *_, progress, why in planned if progress == "withdrawn"), contact
        assert repeats_without_mark(received) == [], contact
        if contact in LEAST:
            wanted = {
                (alarm, call, 0)
                for alarm, call, datastream, severity in calls
                if severity >= LEAST[contact] and (contact != "MAIL" or BASINS[station_of(datastream)] == "ciliwung")
            }
            assert {one for one in got if not is_trouble(one[0])} == wanted, contact
    marked = [one for received in seen.received.values() for one in received if is_marked(one)]
    assert marked  # the kills did hit messages on their way


def check_acts(seen: Seen) -> None:
    """Whatever was answered with yes is there."""
    assert seen.done
    known: dict[str, list[str]] = {}
    for act in seen.done:
        if act.path not in known:
            told = seen.api.get(act.path)
            words = [event["comment"] for event in told.get("events", ())]
            known[act.path] = words + [f"{one['act']} by {one['by']}" for one in told.get("acts", ())]
        assert act.words in known[act.path]


def check_warnings(seen: Seen, schema: Path) -> None:
    """Every message that went out is valid CAP by its URL, and names the ones before it."""
    xsd = xmlschema.XMLSchema(schema)
    chains: dict[str, list[ET.Element]] = {}
    issued = [one for one in seen.api.everything("/alerts") if one["xml"]]
    for one in sorted(issued, key=lambda one: parse_rfc3339(one["issued_at"]) or 0):
        xml = seen.api.bytes_of(one["xml"])
        xsd.validate(xml.decode())
        assert (one["status"], one["authorisation"] is not None) == ("Actual", True)
        assert one["authorisation"]["by"] != one["issued_by"]
        chains.setdefault(one["chain"], []).append(ET.fromstring(xml))  # noqa: S314 (our own)
    assert chains
    for messages in chains.values():
        kinds = [text_of(message, "msgType") for message in messages]
        assert kinds[0] == "Alert"
        assert set(kinds[1:]) <= {"Update", "Cancel"}
        assert "Cancel" not in kinds[:-1]
        assert text_of(messages[0], "references") == ""
        for before, after in pairwise(messages):
            assert name_of(before) in text_of(after, "references").split()
    sent = {text_of(message, "msgType") for messages in chains.values() for message in messages}
    assert sent == {"Alert", "Update", "Cancel"}


def check_story(seen: Seen) -> None:
    """The incidents' stories hold every move of every gauge, in order, and who said what."""
    begun = recorded(seen.data_dir, "SELECT incident FROM alarm GROUP BY incident ORDER BY min(number)")
    stories = [seen.api.get(f"/incidents/{incident}")["timeline"] for (incident,) in begun]
    for story in stories:
        times = [parse_rfc3339(one["at"]) or 0 for one in story]
        assert times == sorted(times)
    moments = sorted((one for story in stories for one in story), key=lambda one: parse_rfc3339(one["at"]) or 0)
    for station, moves in seen.expected.items():
        found = [
            Crossing(one["level"], one["event"] in ("raised", "worse"), one["value"])
            for one in moments
            if station_of(one["datastream"]) == station and one["event"] in MOVES
        ]
        assert found == moves, station
    said = {(f"/alarms/{one['alarm']}", one["comment"], one["by"]) for one in moments}
    assert {(act.path, act.words, OPERATOR) for act in seen.done if act.path.startswith("/alarms/")} <= said


def check_paper(seen: Seen) -> None:
    """The whole timeline of each incident: every attempt to tell, everything done, every gauge with its peak."""
    attempts = recorded(
        seen.data_dir,
        "SELECT a.incident, n.contact FROM notice n JOIN alarm a ON a.id = n.alarm_id"
        " LEFT JOIN notice_attempt t ON t.notice = n.number",
    )
    taken = recorded(
        seen.data_dir,
        "SELECT a.incident, e.by FROM action_event e JOIN action ON action.id = e.action_id"
        " JOIN alarm a ON a.id = action.alarm_id WHERE e.by != ''",
    )
    assert attempts
    assert taken
    drawn: dict[str, list[float]] = {}
    for incident in {incident for incident, _ in attempts}:
        paper = seen.api.get(f"/incidents/{incident}/timeline.json")
        assert (paper["alarms_left_out"], paper["told_left_out"]) == (0, 0)
        times = [parse_rfc3339(one["at"]) or 0 for one in paper["told"]]
        assert times == sorted(times)
        contacts = [one["by"].partition(" (")[0] for one in paper["told"] if one["kind"] == "told"]
        assert Counter(who for who in contacts if who in seen.received) == Counter(
            who for where, who in attempts if where == incident and who in seen.received
        )
        acted = Counter(one["by"] for one in paper["told"] if one["kind"] == "act")
        assert acted >= Counter(who for where, who in taken if where == incident)
        for one in paper["readings"]:
            drawn.setdefault(station_of(one["datastream"]), []).extend(item["value"] for item in one["items"])
    for station, moves in seen.expected.items():
        assert not moves or max(drawn[station]) >= max(move.value for move in moves)


def check_record(seen: Seen) -> None:
    """Who was told when: every receipt is on record as an attempt that had begun by then."""
    begun: dict[tuple[str, str, int, int], str] = {}
    for notice in seen.api.everything("/notifications"):
        for attempt in notice["tries"]:
            key = (notice["contact"], notice["alarm"], notice["call"], notice["ordinal"])
            begun[key] = min(begun.get(key, attempt["at"]), attempt["at"], key=lambda at: parse_rfc3339(at) or 0)
    for contact, received in seen.received.items():
        for message in received:
            for one in message.ids:
                assert (parse_rfc3339(begun[contact, *parts_of(one)]) or 0) <= message.at_s * SECOND_US


def parts_of(message_id: str) -> tuple[str, int, int]:
    """Alarm, call and ordinal of a message's id."""
    alarm, call, _, ordinal = message_id.split("/")
    return alarm, int(call), int(ordinal)


def station_of(datastream: str) -> str:
    """The station of `{station}:{property}`."""
    return datastream.partition(":")[0]


def text_of(message: ET.Element, name: str) -> str:
    """The text of a part of a CAP message; empty where it has none."""
    return message.findtext(f"{CAP}{name}") or ""


def name_of(message: ET.Element) -> str:
    """As other messages refer to it."""
    return ",".join(text_of(message, name) for name in ("sender", "identifier", "sent"))
