"""The canary of a session: what flows is proved, what does not is healed, and a rival is given way to."""

import asyncio
import time

from tests.unit.gateway.mqtt.scripted_broker import ScriptedBroker
from tests.unit.gateway.mqtt.scripted_session import (
    BEAT_S,
    CANARY,
    Notes,
    connected,
    until,
)


def test_the_canary_proves_the_flow_and_stays_out_of_what_is_handed_over() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            begun = time.monotonic()
            await until(lambda: session.standing.flows)
            assert session.standing.canary_ms is not None
            assert 0 < session.standing.canary_ms <= (time.monotonic() - begun) * 1000
            assert session.held.messages == 0
            await until(lambda: len(broker.acknowledged) >= 2)

    asyncio.run(story())


def test_a_swallowed_subscription_is_found_within_three_beats_and_made_again() -> None:
    async def story() -> None:
        async with ScriptedBroker(swallows_subscriptions=1) as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.healed)
            assert session.standing.flows is False
            assert "did not come back" in session.standing.canary_note
            await until(lambda: session.standing.flows)
            assert broker.connects[1].published_before == 3
            assert broker.subscribed == [["telemetry/#", CANARY]] * 2
            assert (session.standing.healed, session.standing.canary_note) == (1, "")

    asyncio.run(story())


def test_where_subscribing_again_does_not_help_the_session_is_made_anew() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.flows)
            broker.delivers = False
            await until(lambda: any(connect.clean for connect in broker.connects))
            broker.delivers = True
            await until(lambda: session.standing.flows)
            assert [connect.clean for connect in broker.connects] == [False, False, False, False, True, False]
            assert session.standing.session_lost == 1
            assert "we had our session dropped" in session.standing.session_note
            assert "telemetry/#" in session.standing.session_note

    asyncio.run(story())


def test_a_broker_that_delivers_late_keeps_its_session_and_all_that_waits_in_it() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.flows)
            broker.delivers = False
            await until(lambda: session.standing.healed >= 3)  # seven times the beats that are allowed at first
            broker.delivers = True
            await until(lambda: session.standing.flows)
            assert not any(connect.clean for connect in broker.connects)
            assert (session.standing.session_lost, session.standing.session_note) == (0, "")

    asyncio.run(story())


def test_a_broker_where_no_beat_ever_came_back_never_loses_its_session() -> None:
    async def story() -> None:
        async with ScriptedBroker(delivers=False) as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.healed >= 3)
            assert not any(connect.clean for connect in broker.connects)

    asyncio.run(story())


def test_a_broker_that_acknowledges_nothing_is_found() -> None:
    async def story() -> None:
        async with ScriptedBroker(acknowledges=False) as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.flows is False)
            assert "does not acknowledge" in session.standing.canary_note

    asyncio.run(story())


def test_where_we_may_not_publish_there_is_no_canary_and_the_connection_stays() -> None:
    async def story() -> None:
        async with ScriptedBroker(puback_code=0x87) as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.canary_note)
            await asyncio.sleep(5 * BEAT_S)
            assert session.standing.canary_note == "no canary: the broker refuses what we publish: not authorised"
            assert session.standing.flows is None
            assert session.connections == 1
        async with ScriptedBroker() as broker, connected(broker, Notes(), canary=False) as session:
            await until(lambda: session.standing.connected)
            assert broker.subscribed == [["telemetry/#"]]

    asyncio.run(story())


def test_beats_that_wait_behind_messages_or_behind_us_are_not_missed() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.flows)
            broker.delivers = False
            for _ in range(30):  # other messages come, as from a backlog
                broker.deliver("telemetry/S/p", b"1")
                await asyncio.sleep(BEAT_S / 4)
            assert session.connections == 1
            assert session.standing.flows

    asyncio.run(story())


def test_a_rival_that_the_broker_names_is_said_and_given_way_to() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.connected)
            broker.cut(0x8E)
            await until(lambda: session.standing.taken_over)
            await asyncio.sleep(0.1)
            assert len(broker.connects) == 1
            assert "another gateway uses our client id" in session.standing.taken_over

    asyncio.run(story())


def test_two_gateways_with_one_client_id_do_not_cut_each_other_off_for_ever() -> None:
    async def story() -> None:
        async with (
            ScriptedBroker(levels=(4,)) as broker,
            connected(broker, Notes(), protocol="3.1.1") as one,
            connected(broker, Notes(), protocol="3.1.1") as other,
        ):
            await until(lambda: one.standing.taken_over or other.standing.taken_over)
            await asyncio.sleep(0.2)
            before = len(broker.connects)
            await asyncio.sleep(0.3)
            assert len(broker.connects) == before < 12

    asyncio.run(story())
