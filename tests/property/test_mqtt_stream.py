"""Laws of the MQTT decoder: round trips, any cutting of a stream, hostile bytes."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mqtt import codec
from gateway.mqtt.codec import MQTT_5, MQTT_311, Decoder, Publishes, Received
from tests.fuzz import mqtt_decoder

MAX = 1_048_576
FUZZED = 3_000
LEVELS = st.sampled_from((MQTT_311, MQTT_5))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=40)
MESSAGE = st.tuples(TEXT, st.binary(max_size=200), st.integers(0, 65_535), st.booleans())
Message = tuple[str, bytes, int, bool]
# A few different messages, again and again: from 64 on they are read in columns.
MESSAGES = st.builds(
    lambda different, turns: different * turns, st.lists(MESSAGE, max_size=12), st.sampled_from((1, 1, 2, 10, 40))
)
law = settings(max_examples=100, deadline=None)


def written(messages: list[Message], level: int) -> bytes:
    return b"".join(codec.publish(t, p, packet_id=i, retain=r, level=level) for t, p, i, r in messages)


def told(got: Publishes) -> list[Message]:
    columns = zip(got.topic, got.payload, got.packet_id, got.retain, strict=True)
    return [(topic.decode(), payload, packet_id, retain) for topic, payload, packet_id, retain in columns]


@law
@given(MESSAGES, LEVELS)
def test_publish_round_trip(messages: list[Message], level: int) -> None:
    assert told(Decoder(MAX, level).feed(written(messages, level)).publishes) == messages


@law
@given(MESSAGES, LEVELS, st.data())
def test_any_cutting_of_the_stream_gives_the_same_packets(
    messages: list[Message], level: int, data: st.DataObject
) -> None:
    stream = written(messages, level) + b"\xd0\x00\x40\x02\x00\x07"
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    decoder, received = Decoder(MAX, level), Received()
    for start, stop in pairwise([0, *sorted(cuts), len(stream)]):
        decoder.feed(stream[start:stop], received)
    assert received == Decoder(MAX, level).feed(stream)
    assert told(received.publishes) == messages


@law
@given(st.lists(MESSAGE, min_size=1, max_size=4), st.integers(64, 300), LEVELS, st.data())
def test_other_packets_among_many_messages_are_found(
    different: list[Message], count: int, level: int, data: st.DataObject
) -> None:
    messages = [different[n % len(different)] for n in range(count)]
    places = data.draw(st.lists(st.integers(0, count), max_size=8))
    packets = [written([message], level) for message in messages]
    for place in sorted(places, reverse=True):
        packets.insert(place, b"\xd0\x00")
    received = Decoder(MAX, level).feed(b"".join(packets))
    assert (told(received.publishes), received.pingresps) == (messages, len(places))


@law
@given(st.lists(st.integers(1, 65_535), max_size=200))
def test_pubacks_are_read_as_they_were_written(ids: list[int]) -> None:
    assert Decoder(MAX).feed(codec.pubacks(ids)).pubacks == [(packet_id, 0) for packet_id in ids]


@law
@given(st.binary(max_size=400))
def test_hostile_bytes_end_in_packets_or_a_protocol_error(data: bytes) -> None:
    mqtt_decoder.judge(data)


def test_mutated_packets_end_in_packets_or_a_protocol_error() -> None:
    """The fuzz target's short version."""
    assert mqtt_decoder.run(1, most=FUZZED) == FUZZED
