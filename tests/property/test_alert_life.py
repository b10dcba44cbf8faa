"""Any acts in any order by anybody, each asked for once or twice: two people for every message, one newest message."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from command_center.alarms.desk import AlarmDesk
from command_center.alerts import store
from command_center.alerts.faults import faults, own_faults
from command_center.alerts.life import Authorising, Edit, Means
from command_center.alerts.message import reference
from command_center.alerts.office import AlertOffice, Sending
from command_center.alerts.read import from_xml
from command_center.alerts.record import PUBLISHED, State
from command_center.alerts.writer import Drafting, Writer
from command_center.bell import Bell
from command_center.errors import NotAllowed
from command_center.operations import Operations
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook
from sensors.settings import HistorySettings
from sensors.times import SECOND_US
from tests.unit.command_center.alerts.messages import message
from tests.unit.command_center.alerts.warning_city import warning_city
from tests.unit.command_center.little_city import NOW_US

PEOPLE = st.sampled_from(["ani", "budi"])
NAMES = ["authorise", "issue", "update", "cancel", "authorise", "issue", "update", "draft", "edit", "discard"]
BEGUN = [("draft", 0, "ani", "", True), ("authorise", 0, "ani", "citra", True), ("issue", 0, "ani", "", True)]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from([0, 0, 0, 1, 1, 2]),  # which warning, the newest first
        PEOPLE,
        st.sampled_from(["budi", "ani", "citra", ""]),  # whom they name
        st.booleans(),  # once more
    ),
    min_size=6,
    max_size=25,
)


def office(folder: Path) -> tuple[AlertOffice, Operations]:
    operations, picture = Operations(folder), Picture(HistorySettings())
    picture.install(Directory(warning_city(), 1))
    desk = AlarmDesk(operations, Bell())
    return AlertOffice(operations, desk, Writer(picture, SensorBook(picture, desk), "none")), operations


async def act(one: AlertOffice, name: str, alert_id: str, who: tuple[str, str], now_us: int) -> Any:
    by, named = who
    means: Means | None = "phone" if named else None
    if name == "draft":
        return await one.draft(Drafting(status="Actual", info=message().info), by, now_us)
    if name == "edit":
        [known] = [r for _, r in store.newest(one.operations, store.ALL_STATES, None, 99) if r.id == alert_id]
        return await one.edit(alert_id, Edit(revision=known.revision, note=f"{by} {named}"), by, now_us)
    if name == "authorise":
        [known] = [r for _, r in store.newest(one.operations, store.ALL_STATES, None, 99) if r.id == alert_id]
        said = Authorising(revision=known.revision, authorised_by=named, means=means)
        return await one.authorise(alert_id, said, by, now_us)
    if name == "issue":
        return await one.issue(alert_id, by, now_us)
    if name == "discard":
        return await one.discard(alert_id, by, "", now_us)
    sending = Sending(authorised_by=named, means=means)
    return await one.follow(alert_id, "Update" if name == "update" else "Cancel", sending, by, now_us)


async def play(one: AlertOffice, acts: list[Any]) -> None:
    for i, (name, which, by, named, again) in enumerate(acts):
        known = [record.id for _, record in store.newest(one.operations, store.ALL_STATES, None, 99)]
        if name != "draft" and which >= len(known):
            continue
        alert_id = "" if name == "draft" else known[which]
        now_us = NOW_US + i * 60 * SECOND_US
        try:
            first = await act(one, name, alert_id, (by, named), now_us)
        except NotAllowed:
            continue
        if again:
            assert await act(one, name, alert_id, (by, named), now_us + SECOND_US) == first


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS)
def test_whatever_people_do(acts: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, operations = office(Path(folder))
        asyncio.run(play(one, [*BEGUN, *acts]))
        records = [record for _, record in store.newest(operations, store.ALL_STATES, None, 1_000)]
        for record in records:
            chain = store.of_chain(operations, record.chain)
            assert sum(other.state is State.ISSUED for other in chain) <= 1
            assert sum(other.is_open for other in chain) <= 1
            found = store.issued_xml(operations, record.id)
            assert (found is not None) == (record.state in PUBLISHED)
            if found is None:
                continue
            assert record.authorisation is not None
            assert record.authorisation.by != record.issued_by
            assert record.authorisation.revision == record.revision
            sent = from_xml(found[1])
            assert sent == record.alert
            assert [*faults(sent), *own_faults(sent)] == []
            before = [other for other in chain if other.ended_by == record.id]
            assert [reference(other.alert) for other in before] == (sent.references or "").split()[-1:]
        (acted,) = operations.read("SELECT count(*) FROM cap_act")[0]
        (audited,) = operations.read("SELECT count(*) FROM audit")[0]
        assert acted == audited
        operations.close()
