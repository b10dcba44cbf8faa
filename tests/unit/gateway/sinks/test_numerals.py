"""Numbers as text read back as the same bits."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.sinks.numerals import digits, fraction_text, fractions

FRACTIONS = st.builds(lambda m, k: m / 10**k, st.integers(-(10**13), 10**13), st.integers(0, 6))


@given(st.lists(FRACTIONS | st.floats(), max_size=30))
def test_what_is_called_exact_reads_back_to_the_bit(values: list[float]) -> None:
    given_values = np.array(values, np.float64)
    found = fractions(given_values)
    for row, value, exact in zip(fraction_text(found), values, found.exact.tolist(), strict=True):
        if exact:
            assert struct.pack("d", float(bytes(row))) == struct.pack("d", value)


@given(st.lists(st.integers(-(10**9), 10**9).map(lambda n: n / 100), min_size=1))
def test_hundredths_always_are(values: list[float]) -> None:
    found = fractions(np.array(values))
    assert found.exact.all()
    assert found.decimals == 2


def test_what_no_short_fraction_is_is_left_out() -> None:
    values = np.array([1 / 3, np.nan, np.inf, -np.inf, 1e15, 0.1 + 0.2, 5e-324])
    assert fractions(values).exact.tolist() == [False] * len(values)


def test_minus_zero_keeps_its_sign() -> None:
    assert bytes(fraction_text(fractions(np.array([-0.0])))[0]).startswith(b"-")


@given(st.integers(1, 18), st.data())
def test_digits(width: int, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, 10**width - 1), min_size=1))
    text = digits(np.array(numbers, np.int64), width)
    assert [bytes(row) for row in text] == [f"{n:0{width}d}".encode() for n in numbers]
