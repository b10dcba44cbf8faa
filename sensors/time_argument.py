"""A time as people give it on a command line."""

from argparse import ArgumentTypeError

from sensors.times import parse_rfc3339


def time_argument(text: str) -> int:
    """Microseconds of an RFC 3339 time with its offset.  Raises ArgumentTypeError.

    >>> time_argument("2023-11-14T22:13:20Z")
    1700000000000000
    """
    try:
        time_us = parse_rfc3339(text)
    except ValueError:
        time_us = None
    if time_us is None:
        raise ArgumentTypeError(f"expected an RFC 3339 time with its offset, 2026-03-04T06:00:00+07:00, got {text!r}")
    return time_us


def time_or_milliseconds(text: str) -> int:
    """The same; or milliseconds since 1970, as devices send them.

    >>> time_or_milliseconds("1700000000000")
    1700000000000000
    """
    if text.removeprefix("-").isdecimal():
        return int(text) * 1000
    try:
        return time_argument(text)
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"{error}; or milliseconds since 1970") from error
