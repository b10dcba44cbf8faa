"""A session and a broker that misbehaves in one way at a time."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import BrokerError
from gateway.mqtt.broker import Broker
from gateway.mqtt.session import Session
from sensors.broker_address import broker_address
from sensors.settings import MqttSettings
from tests.unit.gateway.mqtt.scripted_broker import ScriptedBroker
from tests.unit.gateway.mqtt.scripted_session import (
    CANARY,
    FILTERS,
    SETTINGS,
    Notes,
    connected,
    levels,
    until,
)


async def story_of_the_old_broker(fault: str) -> None:
    broker = ScriptedBroker(levels=(4,)) if fault == "refuses" else ScriptedBroker(closes_at_connect=(5,))
    notes = Notes()
    async with broker:
        async with connected(broker, notes) as session:
            await until(lambda: session.standing.connected)
            assert session.standing.protocol == "3.1.1"
            assert levels(broker) == [5, 4]
        async with connected(broker, notes) as session:
            await until(lambda: session.standing.connected)
        assert levels(broker) == [5, 4, 4]


@pytest.mark.parametrize("fault", ["refuses", "closes"])
def test_a_broker_that_speaks_3_1_1_only_is_found_and_remembered(fault: str) -> None:
    asyncio.run(story_of_the_old_broker(fault))


def test_receive_maximum_and_session_expiry_are_announced_and_the_brokers_keep_alive_is_kept() -> None:
    async def story() -> None:
        async with ScriptedBroker(connack=b"\x13\x00\x01") as broker:  # server keep alive: 1 s
            settings = MqttSettings(max_unacknowledged=300, canary=False, keep_alive_s=600)
            async with connected(broker, Notes(), settings=settings, canary=False, session_expiry_s=77) as session:
                await until(lambda: session.standing.connected)
                assert b"\x11" + (77).to_bytes(4, "big") in broker.connects[0].properties
                assert b"\x21" + (300).to_bytes(2, "big") in broker.connects[0].properties
                await until(lambda: broker.pings)

    asyncio.run(story())


def test_subscribe_is_sent_only_where_the_session_lacks_something() -> None:
    async def story() -> None:
        notes = Notes()
        async with ScriptedBroker() as broker:
            for filters in (FILTERS, FILTERS, ("a/+", "b/#"), ("b/#", "c/d")):
                async with connected(broker, notes, filters) as session:
                    await until(lambda: session.standing.connected)
            assert broker.subscribed == [["telemetry/#", CANARY], ["a/+", "b/#"], ["c/d"]]
            assert broker.unsubscribed == [["telemetry/#"], ["a/+"]]

    asyncio.run(story())


def test_filters_that_change_while_connected_are_put_in_force_at_once() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.connected)
            session.refilter(("application/#",))
            await until(lambda: session.standing.filters == ("application/#",))
            assert broker.sessions["siaga-test"].filters == [CANARY, "application/#"]

    asyncio.run(story())


def test_a_lost_session_is_counted_and_subscribed_anew_even_when_the_connection_breaks_in_between() -> None:
    async def story() -> None:
        notes = Notes()
        async with ScriptedBroker() as broker:
            async with connected(broker, notes) as session:
                await until(lambda: session.standing.connected)
            broker.sessions.clear()
            broker.drops_at_subscribe = 1  # the broker now has a session without subscriptions
            async with connected(broker, notes) as session:
                await until(lambda: session.standing.connected)
                assert session.standing.session_lost == 1
            assert broker.sessions["siaga-test"].filters == ["telemetry/#", CANARY]

    asyncio.run(story())


def test_a_broker_that_grants_less_than_we_ask_for_is_said_and_asked_again() -> None:
    async def story() -> None:
        notes = Notes()
        async with ScriptedBroker(granted_qos=0, connack=b"\x11" + (60).to_bytes(4, "big")) as broker:
            for _ in range(2):  # also by a gateway that finds its session there
                async with connected(broker, notes, canary=False, session_expiry_s=3_600) as session:
                    await until(lambda: session.standing.connected)
                    assert "QoS 0 instead of 1" in session.standing.downgraded
                    assert "telemetry/#" in session.standing.downgraded
                    assert "60 s without us, not for the 3600 s" in session.standing.downgraded
            broker.granted_qos, broker.connack = 1, b""  # mended
            async with connected(broker, notes, canary=False, session_expiry_s=3_600) as session:
                await until(lambda: session.standing.connected)
                assert session.standing.downgraded == ""
            async with connected(broker, notes, canary=False, session_expiry_s=3_600) as session:
                await until(lambda: session.standing.connected)
        assert broker.subscribed == [["telemetry/#"]] * 3

    asyncio.run(story())


def is_at(session: Session, connections: int) -> bool:
    return session.connections >= connections and session.standing.connected


def test_bytes_that_are_no_mqtt_are_said_as_such_and_taken_for_no_rival() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes(), canary=False) as session:
            for n in range(1, 6):
                await until(partial(is_at, session, n))
                broker.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)
            await until(lambda: session.connections >= 6)
            assert (session.standing.taken_over, session.takeovers) == ("", 0)

    asyncio.run(story())


def test_the_brokers_receive_maximum_is_kept_whoever_gives_up_waiting() -> None:
    async def story() -> None:
        async with (
            ScriptedBroker(acknowledges=False, connack=b"\x21\x00\x03") as broker,  # receive maximum: 3
            connected(broker, Notes()) as session,
        ):
            await until(lambda: session.standing.connected)
            for n in range(5):
                with pytest.raises(BrokerError, match="no acknowledgement"):
                    await session.publish(f"a/{n}", b"x", qos=1, within_s=0.01)
            await until(lambda: session.standing.flows is False)  # three beats, sent or not
            assert "does not acknowledge" in session.standing.canary_note
            assert len(broker.published) <= 3 * session.connections

    asyncio.run(story())


def test_unsubscribe_at_the_end_bears_an_id_that_nothing_in_flight_has() -> None:
    async def story() -> None:
        async with ScriptedBroker(acknowledges=False) as broker, connected(broker, Notes(), canary=False) as session:
            await until(lambda: session.standing.connected)
            waiting = asyncio.create_task(session.publish("a/b", b"x", qos=1))
            await until(lambda: broker.published_ids)
            await session.close(unsubscribe_all=True)
            await until(lambda: broker.unsubscribe_ids)
            assert set(broker.unsubscribe_ids).isdisjoint(broker.published_ids)
            with pytest.raises(BrokerError):
                await waiting

    asyncio.run(story())


def test_publish_waits_for_the_acknowledgement_and_says_what_went_wrong() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes(), canary=False) as session:
            with pytest.raises(BrokerError, match="not connected"):
                await session.publish("a", b"", qos=0)
            await until(lambda: session.standing.connected)
            await session.publish("a/b", b"x", qos=1, retain=True)
            await session.publish("a/c", b"y", qos=0)
            await until(lambda: len(broker.published) == 2)
            assert broker.published == [("a/b", b"x", 1, True), ("a/c", b"y", 0, False)]
            broker.puback_code = 0x97
            with pytest.raises(BrokerError, match="quota exceeded"):
                await session.publish("a/b", b"x", qos=1)
            broker.puback_code, broker.acknowledges = 0, False
            waiting = asyncio.create_task(session.publish("a/b", b"x", qos=1))
            await until(lambda: len(broker.published) == 4)
            broker.cut()
            with pytest.raises(BrokerError):
                await waiting

    asyncio.run(story())


def test_what_is_not_mqtt_ends_the_connection_and_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.connected)
            broker.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await until(lambda: session.connections == 2 and session.standing.connected)
            assert "the broker sends what is not MQTT: " in caplog.text

    asyncio.run(story())


def test_passwords_are_read_at_each_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("satu\n", encoding="utf-8")
    monkeypatch.setenv("KATA_SANDI", "dua")

    async def story() -> None:
        async with ScriptedBroker() as broker:
            async with connected(broker, Notes(), user="siaga", password_file=secret) as session:
                await until(lambda: session.standing.connected)
                secret.write_text("tiga", encoding="utf-8")
                broker.cut()
                await until(lambda: session.connections == 2)
            async with connected(broker, Notes(), user="siaga", password_env="KATA_SANDI") as session:
                await until(lambda: session.standing.connected)
            async with connected(broker, Notes(), user="siaga", password_env="KATA_SANDI_LAIN") as session:
                await until(lambda: session.standing.error)
                assert session.standing.error == "password_env: the environment has no variable KATA_SANDI_LAIN"
            assert [(c.user, c.password) for c in broker.connects] == [
                ("siaga", "satu"),
                ("siaga", "tiga"),
                ("siaga", "dua"),
            ]

    asyncio.run(story())


def test_what_was_subscribed_at_another_address_is_not_taken_for_subscribed_here() -> None:
    async def story() -> None:
        notes = Notes()
        async with ScriptedBroker() as here, ScriptedBroker() as there:
            for broker, filters in ((here, ("a/#",)), (there, ("a/#", "b/#")), (here, ("a/#", "b/#"))):
                async with connected(broker, notes, filters) as session:
                    await until(lambda: session.standing.connected)
                    assert session.standing.session_lost == 0
            assert here.sessions["siaga-test"].filters == ["a/#", CANARY, "b/#"]

    asyncio.run(story())


@pytest.mark.parametrize("fault", ["no host", "no user", "no text"])
def test_what_no_packet_can_carry_is_said_and_ends_no_task(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATA_SANDI", "satu\udcff" if fault == "no text" else "satu")  # not UTF-8

    async def story() -> None:
        async with ScriptedBroker() as broker:
            address = broker_address("mqtt://a..b" if fault == "no host" else f"mqtt://127.0.0.1:{broker.port}")
            login = {} if fault == "no host" else {"password_env": "KATA_SANDI", "protocol": "3.1.1"}
            login |= {"user": "siaga"} if fault == "no text" else {}
            source = Broker("uji", address, **login)  # type: ignore[arg-type]  # (a fault names the fields)
            session = Session(source, "siaga-test", FILTERS, SETTINGS, Notes(), asyncio.Event())
            runs = asyncio.create_task(session.run())
            await until(lambda: session.standing.error or runs.done())
            await asyncio.sleep(0.05)
            assert not runs.done()
            assert "its address or login cannot be used" in session.standing.error
            assert "satu" not in session.standing.error
            runs.cancel()
            await asyncio.wait({runs})

    asyncio.run(story())
