"""A strict, slow reader of line protocol: one byte after the other, and nothing passes that the grammar does not have.

Reference: InfluxDB v2, "Line protocol": `measurement[,tag=value…] field=value[,field=value…] timestamp`, where comma,
equals sign and space of a name or a tag's value stand behind a backslash.
"""

import re
from dataclasses import dataclass

_FLOAT = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_INTEGER = re.compile(r"-?\d+i")
_TIME = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Point:
    """A line."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | int]
    time_ns: int


def points(text: bytes) -> list[Point]:
    """The points of a request's body; ValueError names the line that is none."""
    *lines, last = text.decode("utf-8").split("\n")
    if last:
        raise ValueError(f"the last line has no end: {last!r}")
    return [_point(line) for line in lines]


def _point(line: str) -> Point:
    key, fields, time = _split(line, " ", 3)
    measurement, *tags = _split(key, ",")
    pairs = [_pair(tag) for tag in tags]
    if not measurement or measurement.startswith("#") or len({name for name, _ in pairs}) != len(pairs):
        raise ValueError(f"no measurement, or a tag twice: {line!r}")
    if not _TIME.fullmatch(time):
        raise ValueError(f"no time: {line!r}")
    values = {_plain(name): _value(text) for name, text in (_pair(field) for field in _split(fields, ","))}
    return Point(_plain(measurement), {_plain(n): _plain(v) for n, v in pairs}, values, int(time))


def _pair(text: str) -> tuple[str, str]:
    name, value = _split(text, "=", 2)
    if not name or not value:
        raise ValueError(f"empty name or value: {text!r}")
    return name, value


def _value(text: str) -> float | int:
    if _INTEGER.fullmatch(text):
        return int(text[:-1])
    if _FLOAT.fullmatch(text):
        return float(text)
    raise ValueError(f"no number: {text!r}")


def _split(text: str, at: str, parts: int = 0) -> list[str]:
    """Split at every character `at` that does not stand behind a backslash; exactly `parts` pieces where given."""
    pieces, piece, escaped = [], "", False
    for character in text:
        if character == at and not escaped:
            pieces.append(piece)
            piece = ""
        else:
            piece += character
        escaped = character == "\\" and not escaped
    pieces.append(piece)
    if parts and len(pieces) != parts:
        raise ValueError(f"expected {parts} pieces at {at!r}, got {len(pieces)}: {text!r}")
    return pieces


def _plain(text: str) -> str:
    """Without the backslashes; one before anything else is a fault here, though servers let it stand."""
    if re.search(r"\\(?![,= ])", text):
        raise ValueError(f"a backslash that escapes nothing: {text!r}")
    if re.search(r"(?<!\\)[,= ]", text):
        raise ValueError(f"not escaped: {text!r}")
    return re.sub(r"\\([,= ])", r"\1", text)
