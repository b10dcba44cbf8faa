"""A batch's blob: bit-exact both ways, and nothing but a batch comes out of what is not one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import LogError
from gateway.log.columns import FORMAT, decode, encode
from sensors.batch import COLUMN_DTYPES, Batch, empty_batch
from sensors.times import NEVER

# Any bit pattern at all: every NaN payload, -0.0, subnormals; `NEVER` and the ends of int64 more often than chance.
edges = st.sampled_from([NEVER, NEVER + 1, -1, 0, 1, 2**63 - 1])
special = {
    "value": st.sampled_from([0x7FF8000000000001, 0xFFF8DEADBEEF0000, 0x7FF0000000000001, 1 << 63, 0x7FF0000000000000]),
    "time_us": edges.map(lambda n: n % 2**64),
    "receive_us": edges.map(lambda n: n % 2**64),
    "device_us": edges.map(lambda n: n % 2**64),
}


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """A batch of any bits."""
    size = draw(st.integers(0, 20))
    columns = {}
    for name, dtype in COLUMN_DTYPES.items():
        bits = st.integers(0, 2 ** (8 * dtype.itemsize) - 1)
        items = draw(st.lists(st.one_of(bits, special.get(name, bits)), min_size=size, max_size=size))
        columns[name] = np.array(items, f"u{dtype.itemsize}").view(dtype)
    return Batch(**columns)


@settings(max_examples=100, deadline=None)
@given(batch=batches())
def test_every_bit_comes_back(batch: Batch) -> None:
    again = decode(encode(batch), len(batch), FORMAT)
    for name, column in batch.columns().items():
        assert again.columns()[name].tobytes() == column.tobytes(), name
        assert again.columns()[name].dtype == column.dtype


@settings(max_examples=100, deadline=None)
@given(batch=batches(), at=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), cut=st.booleans())
def test_a_damaged_blob_is_an_error_or_a_batch_of_the_right_size(batch: Batch, at: float, flip: int, cut: bool) -> None:
    blob = bytearray(encode(batch))
    place = int(at * len(blob))
    if cut:
        del blob[place:]
    else:
        blob[place] ^= flip
    try:
        found = decode(bytes(blob), len(batch), FORMAT)
    except LogError:
        return
    assert len(found) == len(batch)


def test_nothing_is_a_batch() -> None:
    assert len(decode(encode(empty_batch()), 0, FORMAT)) == 0


@pytest.mark.parametrize(("n", "blob_format"), [(1, FORMAT), (-1, FORMAT), (0, FORMAT + 1)])
def test_what_the_row_says_must_fit(n: int, blob_format: int) -> None:
    with pytest.raises(LogError, match="expected"):
        decode(encode(empty_batch()), n, blob_format)


def test_a_quiet_hour_takes_little_room() -> None:
    n = 5000
    second_us = 1_000_000
    time_us = 1_760_000_000 * second_us + np.arange(n, dtype=np.int64) * second_us
    batch = Batch(
        datastream=(np.arange(n) % 100).astype(np.int32),
        time_us=time_us,
        value=np.round(300 + np.sin(np.arange(n) / 500), 1),
        receive_us=time_us + 120,
        device_us=time_us,
        origin=np.zeros(n, np.uint8),
        quality=np.ones(n, np.uint8),
        reasons=np.zeros(n, np.uint16),
    )
    assert len(encode(batch)) < 2 * n
