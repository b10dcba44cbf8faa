"""The native payload's shapes, and the common ones of them read many at once, in columns."""

import contextlib
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.address_book import AddressBook, Target
from gateway.backlog import columns_in_time_order
from gateway.columns import NO_ELEMENT, Columns
from gateway.readings import MAX_UNIT_TEXT, Readings, Refused
from gateway.sent_time import epochs_us, sent_time
from gateway.topic_table import TopicTable
from sensors.arithmetic import NOT_STATED, unit_code
from sensors.origin import Origin
from sensors.quality import Reason
from sensors.times import NEVER
from sensors.units import KNOWN

MAX_ELEMENTS: Final = 10_000  # in one message
# What a payload may say of itself; the other origins are given by Siaga, never by a device.
CLAIMABLE: Final = {origin.word: origin for origin in (Origin.LIVE, Origin.PULLED, Origin.SIMULATED, Origin.REPLAYED)}
_UNKNOWN: Final = -2
_MANY: Final = 64  # payloads that do not decode, before it is asked whether most do not

Time = int | float | str | None


class Element(msgspec.Struct, gc=False):
    """One reading."""

    value: float | None
    ts: Time = None
    unit: str | None = None
    origin: str | None = None


PAYLOAD: Final = msgspec.json.Decoder(float | Element | list[float | Element])


class Shapes:
    """Reads numbers, objects and arrays of them, of topics that name a datastream; leaves what is wrong in any way."""

    def __init__(self, book: AddressBook) -> None:
        self._targets: dict[int, Target] = {target.place: target for target in book.by_topic.values()}
        self._places = TopicTable({topic: target.place for topic, target in book.by_topic.items()})
        self._arithmetic = book.arithmetic
        self._epoch_us = np.ones(book.size, np.int64)
        self._unit = np.full(book.size, _UNKNOWN, np.int16)
        for place, target in self._targets.items():
            self._epoch_us[place] = target.epoch_us
            self._unit[place] = _code(target.unit)

    def read_many(
        self, indices: NDArray[np.intp], topics: list[bytes], payloads: list[bytes], out: Readings
    ) -> Sequence[int]:
        """See `BulkFormat`."""
        place = self._places.numbers(topics)
        contents = _decoded(payloads)
        if place.min() >= 0:
            with contextlib.suppress(AttributeError):  # all are objects, as a rule; looking first costs a tenth
                columns, good = self._objects(indices, place, contents)
                out.extend(columns)
                return np.flatnonzero(~good).tolist()
        kinds = list(map(type, contents))
        left = np.ones(len(topics), np.bool_)
        for kind, read in ((Element, self._objects), (float, self._numbers), (list, self._arrays)):
            of_kind = np.fromiter((one is kind for one in kinds), np.bool_, len(kinds))
            at = np.flatnonzero(of_kind & (place >= 0))
            if len(at):
                columns, good = read(indices[at], place[at], [contents[i] for i in at.tolist()])
                out.extend(columns)
                left[at[good]] = False
        return np.flatnonzero(left).tolist()

    def _numbers(
        self, message: NDArray[np.intp], place: NDArray[np.int32], numbers: list[float]
    ) -> tuple[Columns, NDArray[np.bool_]]:
        n = len(numbers)
        columns = Columns(
            message=message,
            place=place,
            value=np.array(numbers, np.float64),
            device_us=np.full(n, NEVER, np.int64),
            origin=np.full(n, Origin.LIVE, np.uint8),
            reasons=np.zeros(n, np.uint16),
            unit=np.full(n, NOT_STATED, np.int16),
            element=np.full(n, NO_ELEMENT, np.int32),
        )
        return columns, np.ones(n, np.bool_)

    def _objects(
        self, message: NDArray[np.intp], place: NDArray[np.int32], elements: list[Element]
    ) -> tuple[Columns, NDArray[np.bool_]]:
        """The columns of the good ones, and which are good."""
        value = np.array([element.value for element in elements], np.float64)  # None becomes NaN
        device_us, reasons, good = self._times([element.ts for element in elements], place)
        unit, converted = self._units([element.unit for element in elements], place)
        origin = _origins([element.origin for element in elements])
        reasons[converted] |= np.uint16(Reason.UNIT_CONVERTED)
        good &= (unit != _UNKNOWN) & (origin != _UNKNOWN)
        element = np.full(len(elements), NO_ELEMENT, np.int32)
        columns = Columns(message, place, value, device_us, origin.astype(np.uint8), reasons, unit, element)
        return (columns if good.all() else columns.take(good)), good

    def _arrays(
        self, message: NDArray[np.intp], place: NDArray[np.int32], arrays: list[list[float | Element]]
    ) -> tuple[Columns, NDArray[np.bool_]]:
        """Devices' backlogs, each in time order; one that is wrong in any element is left, whole."""
        sizes = np.array([len(array) if len(array) <= MAX_ELEMENTS else 0 for array in arrays])
        of = np.repeat(np.arange(len(arrays)), sizes)
        elements = [
            element if isinstance(element, Element) else Element(element)
            for array in arrays
            if len(array) <= MAX_ELEMENTS
            for element in array
        ]
        flat, good = self._objects(np.arange(len(of)), place[of], elements)
        is_good = sizes > 0
        is_good[of[~good]] = False
        of = of[good]
        flat = flat.take(is_good[of])
        which = of[is_good[of]]
        starts = np.cumsum(sizes) - sizes
        columns = Columns(
            message=message[which],
            place=flat.place,
            value=flat.value,
            device_us=flat.device_us,
            origin=flat.origin,
            reasons=flat.reasons,
            unit=flat.unit,
            element=(flat.message - starts[which]).astype(np.int32),
        )
        return columns_in_time_order(columns), is_good

    def _times(
        self, sent: list[Time], place: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint16], NDArray[np.bool_]]:
        """(times as `sent_time` has them, reasons, which are good)."""
        n = len(sent)
        reasons, good = np.zeros(n, np.uint16), np.ones(n, np.bool_)
        with contextlib.suppress(struct.error):  # all are whole numbers of 64 bits, as a rule
            epochs = np.frombuffer(struct.pack(f"{n}q", *sent), np.int64)
            return epochs_us(epochs, self._epoch_us[place]), reasons, good
        if sent.count(None) == n:
            return np.full(n, NEVER, np.int64), reasons, good
        device_us = np.full(n, NEVER, np.int64)
        for i, (ts, at) in enumerate(zip(sent, place.tolist(), strict=True)):
            try:
                device_us[i], reasons[i] = sent_time(ts, self._targets[at])
            except Refused:
                good[i] = False
        return device_us, reasons, good

    def _units(self, texts: list[str | None], place: NDArray[np.int32]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """(codes, `_UNKNOWN` where a text is no unit that converts; where the text is not that of the datastream)."""
        distinct = set(texts)
        if distinct == {None}:
            return np.full(len(texts), NOT_STATED, np.int16), np.zeros(len(texts), np.bool_)
        codes = {text: NOT_STATED if text is None else _code(text) for text in distinct}
        unit = _mapped(texts, codes)
        other = np.flatnonzero((unit != self._unit[place]) & (unit >= 0))
        if len(other):
            unit[other[~self._arithmetic.converts(place[other], unit[other])]] = _UNKNOWN
        respelled = {text: text is not None and text != _spelling(codes[text]) for text in distinct}
        converted = unit != self._unit[place]
        if any(respelled.values()):
            converted |= _mapped(texts, respelled).astype(np.bool_)
        return unit, converted & (unit != NOT_STATED)


def _decoded(payloads: list[bytes]) -> list[Any]:
    """The content of each payload; None where it has none of the shapes."""
    text = b"\n".join(payloads)
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            payloads = [payload if _is_utf8(payload) else b"" for payload in payloads]
    contents: list[Any] = []
    rest, failed = map(PAYLOAD.decode, payloads), 0
    while True:
        try:
            contents.extend(rest)  # keeps what came before one that raises, and goes on behind it
        except (msgspec.MsgspecError, RecursionError):
            contents.append(None)
            failed += 1
            if failed > _MANY and 3 * failed > 2 * len(contents):  # mostly rubbish: not worth decoding it twice
                return contents + [None] * (len(payloads) - len(contents))
        else:
            return contents


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _origins(words: list[str | None]) -> NDArray[np.int16]:
    distinct = set(words)
    if distinct == {None}:
        return np.full(len(words), Origin.LIVE, np.int16)
    codes = {word: Origin.LIVE if word is None else CLAIMABLE.get(word, _UNKNOWN) for word in distinct}
    return _mapped(words, codes)


def _mapped(texts: list[str | None], codes: Mapping[str | None, int]) -> NDArray[np.int16]:
    if len(codes) == 1:
        return np.full(len(texts), next(iter(codes.values())), np.int16)
    return np.fromiter(map(codes.__getitem__, texts), np.int16, len(texts))


def _code(text: str) -> int:
    code = unit_code(text) if len(text) <= MAX_UNIT_TEXT else None
    return _UNKNOWN if code is None else code


def _spelling(code: int) -> str:
    return KNOWN[code] if code >= 0 else ""
