"""Times as they are typed: what is taken, and what is refused in words."""

from argparse import ArgumentTypeError

import pytest

from sensors.time_argument import time_argument, time_or_milliseconds


def test_a_time_is_taken_with_its_offset_and_milliseconds_where_devices_send_them() -> None:
    assert time_argument("2023-11-15T05:13:20.25+07:00") == 1_700_000_000_250_000
    assert time_or_milliseconds("2023-11-15T05:13:20.25+07:00") == time_or_milliseconds("1700000000250")
    assert time_or_milliseconds("-1") == -1_000


@pytest.mark.parametrize("text", ["2023-11-15T05:13:20", "yesterday", "", "²"])
def test_what_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"expected an RFC 3339 time with its offset.*\+07:00, got '"):
        time_argument(text)
    with pytest.raises(ArgumentTypeError, match=r"; or milliseconds since 1970$"):
        time_or_milliseconds(text)
