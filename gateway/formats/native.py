"""The native format: topics `telemetry/{station}/{property}` and `telemetry/{station}`.

A bare number, `{"ts", "value", "unit", "origin"}`, an array of these, or for a whole station
`{"ts", "values": {property: number}, "origin"}`.  `ts` is the epoch in the datastream's epoch unit (milliseconds unless
declared) or RFC 3339; absent = the receive time.  Unknown keys are ignored.
"""

import math
from typing import Final

import msgspec

from gateway.address_book import AddressBook, Target
from gateway.backlog import in_time_order
from gateway.formats.native_shapes import CLAIMABLE, MAX_ELEMENTS, PAYLOAD, Element, Shapes, Time
from gateway.formats.place import levels_of
from gateway.formats.text import NOT_FINITE, text_of
from gateway.readings import Readings, Refusal, Refused
from gateway.sent_time import sent_time
from sensors.catalogue import IngestRule
from sensors.errors import CatalogueError
from sensors.origin import Origin

_OUT_OF_RANGE: Final = b"1e999"  # JSON has no NaN, but devices write it: put in its place, it costs its element only


class Values(msgspec.Struct):
    """Several properties of one station at one time."""

    values: dict[str, float | None]
    ts: Time = None
    origin: str | None = None


_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ELEMENT: Final = msgspec.json.Decoder(float | Element)
_VALUES: Final = msgspec.json.Decoder(Values)
_LOOSE_VALUES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUE: Final = msgspec.json.Decoder(float | None)


class Native:
    """The native format; it takes no options."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        if rule.options:
            raise CatalogueError(f"the native format takes no options, got {', '.join(rule.options)}")
        self._book = book
        self.read_many = Shapes(book).read_many

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index` into `out`; a message partly good gives its good elements.

        Raises Refused for the whole message.
        """
        target = self._book.by_topic.get(topic)
        if target is None:
            _read_station(index, _station(topic, self._book), self._book, payload, out)
            return
        _check_text(payload)
        try:
            content = PAYLOAD.decode(payload)
        except (msgspec.MsgspecError, RecursionError) as error:
            if not payload.lstrip().startswith(b"["):
                raise _refused(error, payload) from error
            _read_loose_array(index, payload, target, out)
            return
        if isinstance(content, list):
            _check_count(len(content))
            _read_elements(index, list(enumerate(content)), target, out)
        else:
            _read_element(index, None, content, target, out)


def _read_element(index: int, place: int | None, element: float | Element, target: Target, out: Readings) -> None:
    if not isinstance(element, Element):
        out.add(index, target, element, element=place)
        return
    try:
        device_us, reasons = sent_time(element.ts, target)
        origin = _origin(element.origin)
    except Refused as refused:
        out.refuse(index, place, refused.reason, refused.detail)
        return
    value = math.nan if element.value is None else element.value
    out.add(index, target, value, element=place, device_us=device_us, origin=origin, reasons=reasons, unit=element.unit)


def _read_loose_array(index: int, payload: bytes, target: Target, out: Readings) -> None:
    """An array some of whose elements are not readings: the others count."""
    try:
        raws = _ARRAY.decode(NOT_FINITE.sub(_OUT_OF_RANGE, payload))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _refused(error, payload) from error
    _check_count(len(raws))
    good: list[tuple[int, float | Element]] = []
    for place, raw in enumerate(raws):
        try:
            good.append((place, _ELEMENT.decode(raw)))
        except (msgspec.MsgspecError, RecursionError) as error:
            refused = _refused(error, bytes(raw))
            out.refuse(index, place, refused.reason, refused.detail)
    _read_elements(index, good, target, out)


def _read_station(index: int, station: str, book: AddressBook, payload: bytes, out: Readings) -> None:
    _check_text(payload)
    try:
        content = _VALUES.decode(payload)
        values: dict[str, float | Refused | None] = dict(content.values)
    except (msgspec.MsgspecError, RecursionError) as error:
        content, values = _loose_values(payload, error)
    _check_count(len(values))
    origin = _origin(content.origin)
    for place, (name, value) in enumerate(values.items()):
        target = book.stations[station].get(name)
        try:
            if target is None:
                raise Refused(Refusal.UNKNOWN_PROPERTY, book.why_not(station, name))
            if isinstance(value, Refused):
                raise value
            device_us, reasons = sent_time(content.ts, target)
        except Refused as refused:
            out.refuse(index, place, refused.reason, refused.detail)
            continue
        number = float("nan") if value is None else value
        out.add(index, target, number, element=place, device_us=device_us, origin=origin, reasons=reasons)


def _loose_values(payload: bytes, error: Exception) -> tuple[Values, dict[str, float | Refused | None]]:
    """A station's message some of whose values are not numbers: the others count."""
    try:
        tree = _LOOSE_VALUES.decode(NOT_FINITE.sub(_OUT_OF_RANGE, payload))
        raws = _LOOSE_VALUES.decode(tree["values"])
        rest = b"{" + b",".join(b'"%s":%s' % (k.encode(), bytes(tree[k])) for k in ("ts", "origin") if k in tree)
        content = _VALUES.decode(rest + (b"," if len(rest) > 1 else b"") + b'"values":{}}')
    except (msgspec.MsgspecError, RecursionError, KeyError) as worse:
        raise _refused(error, payload) from worse
    values: dict[str, float | Refused | None] = {}
    for name, raw in raws.items():
        try:
            values[name] = _VALUE.decode(raw)
        except (msgspec.MsgspecError, RecursionError) as wrong:
            values[name] = _refused(wrong, bytes(raw))
    return content, values


def _read_elements(index: int, elements: list[tuple[int, float | Element]], target: Target, out: Readings) -> None:
    """A device's backlog: (place in the array, element)."""
    start = out.mark()
    for place, element in elements:
        _read_element(index, place, element, target, out)
    in_time_order(out, start)


def _station(topic: bytes, book: AddressBook) -> str:
    """The station of a `telemetry/{station}` topic; Refused says what is wrong with the topic."""
    levels = levels_of(topic)
    if levels[0] != "telemetry" or not 2 <= len(levels) <= 3 or not all(levels):
        raise Refused(Refusal.BAD_TOPIC, "expected telemetry/{station} or telemetry/{station}/{property}")
    if levels[1] not in book.stations:
        raise Refused(Refusal.UNKNOWN_STATION, f"no station {levels[1][:64]!r} in the catalogue")
    if len(levels) == 3:
        raise Refused(Refusal.UNKNOWN_PROPERTY, book.why_not(levels[1], levels[2]))
    return levels[1]


def _check_text(payload: bytes) -> None:
    if not payload:
        raise Refused(Refusal.EMPTY, "expected a number, an object or an array, got nothing")
    if not payload.isascii():
        text_of(payload)


def _check_count(count: int) -> None:
    if count > MAX_ELEMENTS:
        raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_ELEMENTS} elements, got {count}")


def _refused(error: Exception, payload: bytes) -> Refused:
    """The verdict for what msgspec could not decode."""
    if isinstance(error, RecursionError):
        return Refused(Refusal.TOO_DEEP, "nested too deeply")
    if NOT_FINITE.search(payload) or "out of range" in str(error):
        return Refused(Refusal.NOT_FINITE, f"expected a finite number: {error}")
    if isinstance(error, msgspec.ValidationError):
        return Refused(Refusal.WRONG_TYPE, str(error))
    return Refused(Refusal.NOT_JSON, str(error))


def _origin(word: str | None) -> Origin:
    if word is None:
        return Origin.LIVE
    origin = CLAIMABLE.get(word)
    if origin is None:
        raise Refused(Refusal.UNKNOWN_ORIGIN, f"origin: expected one of {', '.join(CLAIMABLE)}, got {word[:32]!r}")
    return origin
