"""Feeds the MQTT decoder what no broker should send: `python -m tests.fuzz.mqtt_decoder [SECONDS] [--seed N]`.

With the package atheris installed its coverage guides the search (and other arguments are its own); without it, packets
are mutated at random.  `judge` is the property either way.  A failure prints the input in hexadecimal.
"""

import argparse
import importlib
import importlib.util
import math
import random
import sys
import time
from dataclasses import dataclass
from typing import Final

from gateway.errors import ProtocolError
from gateway.mqtt import codec
from gateway.mqtt.codec import MQTT_5, MQTT_311, Decoder, Received

LEVELS: Final = (MQTT_311, MQTT_5)
BOUNDS: Final = (16, 140, 1_000, 100_000)
PIECES: Final = (1, 3, 61, 700)  # bytes
MOST_PIECES: Final = 300
DEFAULT_SECONDS: Final = 60.0
_HEAD_BYTES: Final = 64
_ALIASES: Final = 4
_JSON: Final = b'{"ts":1780000000000,"value":123.25,"unit":"cm"}'
_SHARED: Final = [bytes.fromhex(text) for text in ("d0 00", "40 02 0001")]
SEEDS: Final = {  # what a broker may send
    MQTT_311: [
        codec.publish("telemetry/S1/level", _JSON, packet_id=3),
        codec.publish("a", b"x" * 200, retain=True),
        codec.publish("a/b", b"x" * 17_000),
        *(bytes.fromhex(text) for text in ("20 02 0100", "20 02 0005", "90 04 0001 01 80", "b0 02 0001")),
        *_SHARED,
    ],
    MQTT_5: [
        codec.publish("telemetry/S1/level", _JSON, packet_id=3, level=MQTT_5),
        codec.publish("a", b"x" * 200, retain=True, level=MQTT_5),
        codec.publish("a/b", b"x" * 17_000, level=MQTT_5),
        bytes.fromhex("30 1b 0003 612f62 14 01 01 02 0000003c 03 0001 63 26 0001 61 0001 62 0b 01 31"),
        bytes.fromhex("30 08 0001 61 03 23 0001 31  30 07 0000 03 23 0001 31"),
        *(bytes.fromhex(text) for text in ("20 02 0001", "20 0b 0000 08 21 0014 22 000a 24 01", "20 03 00 87 00")),
        *(bytes.fromhex(text) for text in ("40 03 0001 10", "90 05 0001 00 01 87", "b0 04 0001 00 11")),
        *(bytes.fromhex(text) for text in ("e0 00", "e0 01 8e", "e0 08 8e 06 1f 0003 616263")),
        *_SHARED,
    ],
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stream came to: what was received, and the fault that ended it ("" for none)."""

    received: Received
    fault: str


def outcome(stream: bytes, level: int, bound: int, piece: int) -> Outcome:
    """Feed `stream` in pieces of so many bytes.  Anything but a ProtocolError goes up: it is the decoder's."""
    decoder, received = Decoder(bound, level, head_bytes=_HEAD_BYTES, topic_alias_maximum=_ALIASES), Received()
    try:
        for start in range(0, len(stream), piece):
            decoder.feed(stream[start : start + piece], received)
    except ProtocolError as error:
        return Outcome(received, str(error))
    return Outcome(received, "")


def judge(data: bytes) -> None:
    """The property: whatever the bytes and however they are cut, the same messages, answers and fault come out.

    `data`: a byte that chooses level, bound and pieces, then the stream.
    """
    choice, stream = data[0] if data else 0, data[1:]
    level, bound, piece = LEVELS[choice & 1], BOUNDS[choice >> 1 & 3], PIECES[choice >> 3 & 3]
    piece = max(piece, len(stream) // MOST_PIECES)
    whole, cut = outcome(stream, level, bound, max(1, len(stream))), outcome(stream, level, bound, piece)
    assert whole.fault == cut.fault, (whole.fault, cut.fault)
    assert whole.received.publishes == cut.received.publishes
    assert whole.received.oversized == cut.received.oversized or whole.fault
    assert whole.fault or whole.received == cut.received
    columns = whole.received.publishes
    sizes = {len(columns.topic), len(columns.payload), len(columns.packet_id), len(columns.retain)}
    assert len(sizes) == 1
    assert sum(map(len, columns.payload)) <= len(stream)
    assert all(topic and not set(b"+#\0") & set(topic) and topic.decode() for topic in columns.topic)


def mutated(rng: random.Random) -> bytes:
    """An input for `judge`: some good packets, now and then many, with a few bytes changed."""
    level = rng.randrange(2)
    many = rng.choice((1, 1, 1, 30))
    stream = bytearray(
        b"".join(rng.choice(SEEDS[LEVELS[level]]) * rng.randint(1, 3) for _ in range(rng.randint(1, 4) * many))
    )
    del stream[60_000:]
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(len(stream))
        match rng.randrange(5):
            case 0:
                stream[at] ^= 1 << rng.randrange(8)
            case 1:
                stream[at] = rng.choice((0, 1, 2, 0x30, 0x32, 0x7F, 0x80, 0xFF))
            case 2:
                del stream[at : at + rng.randint(1, 4)]
            case 3:
                stream[at:at] = rng.randbytes(rng.randint(1, 4))
            case _:
                del stream[at + 1 :]
        stream = stream or bytearray(1)
    return bytes((level | rng.randrange(16) << 1,)) + bytes(stream)


def run(seed: int, seconds: float = math.inf, most: float = math.inf) -> int:
    """Judge mutated inputs, for so many seconds and so many at most; how many."""
    rng, end, count = random.Random(seed), time.monotonic() + seconds, 0
    while count < most and time.monotonic() < end:
        data = mutated(rng)
        try:
            judge(data)
        except Exception:
            print(f"fails after {count} inputs of seed {seed}: {data.hex()}", file=sys.stderr)
            raise
        count += 1
    return count


def main() -> None:
    if importlib.util.find_spec("atheris") is not None:
        atheris = importlib.import_module("atheris")
        atheris.instrument_all()
        atheris.Setup(sys.argv, judge)
        atheris.Fuzz()
        return
    parser = argparse.ArgumentParser(description="Feeds the MQTT decoder what no broker should send.")
    parser.add_argument("seconds", type=float, nargs="?", default=DEFAULT_SECONDS)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    arguments = parser.parse_args()
    print(f"{run(arguments.seed, arguments.seconds):,} inputs, no failure")


if __name__ == "__main__":
    main()
