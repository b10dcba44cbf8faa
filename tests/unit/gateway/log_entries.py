"""What the tests write into a log."""

import numpy as np

from gateway.log.rows import DeadLetter, Entry
from sensors.batch import Batch
from sensors.times import NEVER
from sensors.transition import Cause, Kind, Transition

DETECTOR = 1


def some_batch(size: int, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    receive_us = 1_760_000_000_000_000 + np.cumsum(rng.integers(1, 10**6, size))
    return Batch(
        datastream=rng.integers(0, 3, size).astype(np.int32),
        time_us=receive_us - rng.integers(0, 10**9, size),
        value=rng.normal(0, 100, size),
        receive_us=receive_us,
        device_us=np.full(size, NEVER, np.int64),
        origin=rng.integers(0, 5, size).astype(np.uint8),
        quality=rng.integers(1, 5, size).astype(np.uint8),
        reasons=rng.integers(0, 64, size).astype(np.uint16),
    )


def transition(number: int, time_us: int = 7) -> Transition:
    return Transition(
        datastream=number, kind=Kind.RAISED, cause=Cause.CROSSED, level="siaga", rank=2, severity=3, limit=200.0,
        time_us=time_us, at_us=time_us, value=200.1, quality=1, origin=3,
    )  # fmt: skip


def letter(reason: str = "not_json", payload: bytes = b"{", source: str = "pjt", received_us: int = 5) -> DeadLetter:
    return DeadLetter(
        received_us=received_us, source=source, topic="telemetry/S1/level", reason=reason, detail="expected, got",
        payload=payload, length=len(payload), sha256="0" * 64, element=2, retained=True,
    )  # fmt: skip


def entry(now_us: int = 10, size: int = 0, **more: object) -> Entry:
    return Entry(now_us, "observations", 1, some_batch(size), **more)  # type: ignore[arg-type]
