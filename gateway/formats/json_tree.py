"""JSON whose shape is not ours: decoded whatever it is, looked into by field paths."""

import json
import math
import re
from enum import Enum
from typing import Any, Final, Literal

import msgspec

from gateway.formats.text import NOT_FINITE, text_of
from gateway.readings import Refusal, Refused

MAX_ELEMENTS: Final = 10_000  # records in one message
_MAX_INT: Final = 2**62  # a whole number beyond is no id, and is not written out
_SHOWN: Final = 40  # characters of a value in a refusal's detail
_DECODER: Final = msgspec.json.Decoder()
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Absent(Enum):
    """What stands at a path that leads nowhere."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def json_tree(payload: bytes) -> Any:
    """The content of a JSON text; NaN and Infinity, which devices write although JSON has none, are let in.

    Raises Refused for what is not JSON, not UTF-8, nested too deeply or empty.
    """
    if not payload:
        raise Refused(Refusal.EMPTY, "expected JSON, got nothing")
    try:
        return _DECODER.decode(payload)
    except RecursionError as error:
        raise Refused(Refusal.TOO_DEEP, "nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        return _loose_tree(payload, error)


def _loose_tree(payload: bytes, why: Exception) -> Any:
    """What a more patient decoder makes of it: a number that is none costs its own field only."""
    text_of(payload)
    try:
        return json.loads(NOT_FINITE.sub(b"Infinity", payload).decode())
    except RecursionError as error:
        raise Refused(Refusal.TOO_DEEP, "nested too deeply") from error
    except ValueError as error:
        raise Refused(Refusal.NOT_JSON, str(why)[:200]) from error


def look_up(tree: Any, path: str) -> Any | Literal[Absent.ABSENT]:
    """What stands at `path` ("a.b.0": key a, key b, first item); `ABSENT` where it leads nowhere; "" is the tree.

    A key may contain dots itself: the longer key wins.

    >>> look_up({"a": {"b": [7]}, "line_1.0": 3}, "a.b.0"), look_up({"line_1.0": 3}, "line_1.0")
    (7, 3)
    """
    if not path:
        return tree
    if isinstance(tree, list):
        head, _, rest = path.partition(".")
        inside = head.isascii() and head.isdecimal() and len(head) < 6 and int(head) < len(tree)
        return look_up(tree[int(head)], rest) if inside else ABSENT
    if not isinstance(tree, dict):
        return ABSENT
    if path in tree:
        return tree[path]
    cut = path.rfind(".")
    while cut > 0:
        if path[:cut] in tree:
            found = look_up(tree[path[:cut]], path[cut + 1 :])
            if found is not ABSENT:
                return found
        cut = path.rfind(".", 0, cut)
    return ABSENT


def number(value: Any, *, texts: bool = False, decimal_comma: bool = False) -> float:
    """A value as a reading: a number, true and false as 1 and 0, null as NaN (missing), with `texts` "12.5" as well.

    Raises Refused (WRONG_TYPE, NOT_FINITE).
    """
    if value is None:
        return math.nan
    if isinstance(value, str) and texts:
        value = _number_in(value.strip(), decimal_comma=decimal_comma)
    if not isinstance(value, (int, float)):
        raise Refused(Refusal.WRONG_TYPE, f"expected a number, got {shown(value)}")
    try:
        result = float(value)
    except OverflowError as error:
        raise Refused(Refusal.NOT_FINITE, "expected a finite number, got one of over 300 digits") from error
    if not math.isfinite(result):
        raise Refused(Refusal.NOT_FINITE, "expected a finite number")
    return result


def number_or_why(value: Any, *, texts: bool = False, decimal_comma: bool = False) -> float | Refused:
    """As `number`, with the refusal as a result: it costs one field, not the message."""
    try:
        return number(value, texts=texts, decimal_comma=decimal_comma)
    except Refused as refused:
        return refused


def time_in(value: Any) -> int | float | str | None:
    """A time as sent; what cannot be one becomes a text that is none, and is refused with each reading."""
    if isinstance(value, bool):
        return shown(value)
    return value if value is None or isinstance(value, (int, float, str)) else shown(value)


def id_in(value: Any) -> str:
    """A device's id; of anything but a text or a whole number, nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_INT:
        return str(value)
    return value if isinstance(value, str) else ""


def _number_in(text: str, *, decimal_comma: bool) -> float | str:
    if decimal_comma:
        if "." in text:  # 1.234,5 or a mistake of a thousand: not to be guessed
            return text
        text = text.replace(",", ".")
    if text.lstrip("+-").lower() in ("nan", "inf", "infinity"):
        return math.inf
    return float(text) if len(text) <= 64 and text.isascii() and _NUMBER.fullmatch(text) else text


def shown(value: Any) -> str:
    """A value in a refusal's detail: its beginning, or its kind where it is large."""
    if isinstance(value, str):
        return repr(value[:_SHOWN])
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, bytes):
        return "bytes"
    if isinstance(value, int) and abs(value) > _MAX_INT:
        return "a whole number of too many digits"
    return repr(value)[:_SHOWN]
