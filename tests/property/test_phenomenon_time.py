"""Times of many devices in many messages are as a plain loop over them has it, through every step of ingest."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.phenomenon_time import EARLIEST_US, FUTURE_LIMIT_US
from sensors.quality import Reason
from tests.unit.gateway.formats.mapped import NOW, Reader, Row, as_json, mapped

MS = NOW // 1000
DEVICES = ("a", "b", "c")
FIELDS = ("level", "rain")
ROWS = [Row(f"{device}{field}", device, field) for device in DEVICES for field in FIELDS]
NUMBER = {(row.device, row.field): number for number, row in enumerate(ROWS)}

TIMES_MS = st.one_of(
    st.integers(MS - 10_000_000, MS),
    st.sampled_from([0, 1000, MS + 301_000, MS + 2_300_000_000_000, MS + 2_300_000_060_000, -5, 10**30]),
)
RECORDS = st.lists(
    st.tuples(st.sampled_from(DEVICES), st.sampled_from(FIELDS), TIMES_MS | st.none()), min_size=1, max_size=8
)


def plausible(time_us: int) -> bool:
    return EARLIEST_US <= time_us <= NOW + FUTURE_LIMIT_US


def expected(messages: list[list[tuple[str, str, int | None]]]) -> list[tuple[int, int, bool]]:
    """(datastream, time, whether a clock fault), message by message in time order."""
    found: list[tuple[int, int, bool]] = []
    seen: dict[int, int] = defaultdict(int)
    for records in messages:
        sent = [(NUMBER[d, f], d, None if t is None else t * 1000 if abs(t) < 10**15 else 0) for d, f, t in records]
        sent.sort(key=lambda one: 2**70 if one[2] is None else one[2])
        placed = []
        for number, device, time_us in sent:
            placed.append((number, device, time_us, NOW + seen[number]))
            seen[number] += 1
        for number, device, time_us, received_us in placed:
            if time_us is None or plausible(time_us):
                found.append((number, received_us if time_us is None else time_us, False))
                continue
            stated = [(t, r) for _, d, t, r in placed if d == device and t is not None]
            moved_us = time_us + max(r for _, r in stated) - max(t for t, _ in stated)
            is_right = any(plausible(t) for t, _ in stated)
            found.append((number, moved_us if not is_right and plausible(moved_us) else received_us, True))
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_a_clock_is_judged_by_its_device_and_message(messages: list[list[tuple[str, str, int | None]]]) -> None:
    reader = Reader(mapped("fields", *ROWS, device="id", time="t"))
    batch = reader.read(
        *[
            ("x", as_json([{"id": d, f: 1, **({} if t is None else {"t": t})} for d, f, t in records]))
            for records in messages
        ]
    ).batch
    fault = [bool(Reason.CLOCK_FAULT & Reason(reason)) for reason in batch.reasons.tolist()]
    assert list(zip(batch.datastream.tolist(), batch.time_us.tolist(), fault, strict=True)) == expected(messages)
