"""XML of a stranger as a CAP 1.2 message, or the reason why it is none.

Elements must be those of the schema, in its order, as often as it says; what stands in them is looked at by `faults`.
No document type, so no entities and nothing fetched; bounded in size, depth and number of elements.  An XML signature
behind the last element is passed over: nobody here checks it.
"""

from typing import Any, Final
from xml.parsers import expat  # a document type is refused below, and with it all entities

import msgspec

from command_center.alerts.layout import Slot, slots
from command_center.alerts.message import NAMESPACE, Alert
from command_center.errors import CapError

MAX_BYTES: Final = 1_048_576  # of a message
MAX_DEPTH: Final = 16  # CAP itself needs 5, a signature 8
MAX_ELEMENTS: Final = 20_000
_SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_HINTS: Final = {f"{_INSTANCE} schemaLocation", f"{_INSTANCE} noNamespaceSchemaLocation"}
_SPACE: Final = " \t\r\n"


def from_xml(body: bytes) -> Alert:
    """The message.  Raises CapError: what was expected, what was there, in which element and line."""
    if len(body) > MAX_BYTES:
        raise CapError(f"expected at most {MAX_BYTES} bytes, got {len(body)}", "message")
    parser = expat.ParserCreate(namespace_separator=" ")
    reader = _Reader(parser)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.buffer_text = reader.text, True
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise CapError(f"expected XML, got {error}", "message") from error
    except (ValueError, LookupError) as error:  # of an encoding that nobody knows
        raise CapError(f"expected XML in a known encoding, got {error}", "message") from error
    assert reader.alert is not None, "expat refuses what has no root"  # noqa: S101 - a mistake of ours
    return reader.alert


class _Open:
    """An element that is being read."""

    def __init__(self, name: str, kind: type[msgspec.Struct] | None) -> None:
        self.name, self.kind = name, kind
        self.texts: list[str] = []
        self.fields: dict[str, Any] = {}
        self.at = 0  # the slot that may come next


class _Reader:
    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._stack: list[_Open] = []
        self._elements = 0
        self._passed_over = 0  # depth inside a signature
        self.alert: Alert | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count()
        namespace, _, local = name.rpartition(" ")
        if self._passed_over or (len(self._stack) == 1 and namespace == _SIGNATURE):
            self._passed_over += 1
            return
        if not self._stack and (namespace, local) != (NAMESPACE, "alert"):
            raise self._wrong(f"expected alert of {NAMESPACE}, got {local} of {namespace or 'no namespace'}", local)
        strange = sorted(set(attributes) - _HINTS)
        if strange:
            raise self._wrong(f"expected no attributes, got {strange[0].rpartition(' ')[2]!r}", local)
        if not self._stack:
            self._stack.append(_Open(local, Alert))
            return
        parent = self._stack[-1]
        slot = self._slot(parent, namespace, local)
        self._stack.append(_Open(local, slot.kind))

    def text(self, data: str) -> None:
        if self._passed_over or not self._stack:
            return
        element = self._stack[-1]
        if element.kind is None:
            element.texts.append(data)
        elif data.strip(_SPACE):
            raise self._wrong(f"expected elements only, got the text {data.strip(_SPACE)[:40]!r}")

    def end(self, _name: str) -> None:
        if self._passed_over:
            self._passed_over -= 1
            return
        element = self._stack[-1]
        value = "".join(element.texts) if element.kind is None else self._whole(element, element.kind)
        self._stack.pop()
        if not self._stack:
            assert isinstance(value, Alert)  # noqa: S101 - the root is one
            self.alert = value
            return
        parent = self._stack[-1]
        assert parent.kind is not None  # noqa: S101 - text holds no elements
        slot = slots(parent.kind)[parent.at]
        if slot.often == "many":
            parent.fields[slot.field] = (*parent.fields.get(slot.field, ()), value)
        else:
            parent.fields[slot.field] = value

    def doctype(self, *_: object) -> None:
        raise self._wrong("expected no document type (DTD), which may define entities, got one")

    def _count(self) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise self._wrong(f"expected at most {MAX_ELEMENTS} elements, got more")
        if len(self._stack) + self._passed_over >= MAX_DEPTH:
            raise self._wrong(f"expected elements nested at most {MAX_DEPTH} deep, got deeper ones")

    def _slot(self, parent: _Open, namespace: str, local: str) -> Slot:
        """The slot of the next element; its parent moves on to it."""
        if parent.kind is None:
            raise self._wrong(f"expected text only, got the element {local}")
        order = slots(parent.kind)
        expected = []
        for at in range(parent.at, len(order)):
            slot = order[at]
            full = slot.often != "many" and slot.field in parent.fields
            if (slot.name, NAMESPACE) == (local, namespace) and not full:
                parent.at = at
                return slot
            if not full:
                expected.append(slot.name)
            if slot.often == "once" and not full:
                break
        raise self._wrong(f"expected {' or '.join(expected) or 'the end'}, got {local}", local)

    def _whole(self, element: _Open, kind: type[msgspec.Struct]) -> msgspec.Struct:
        missing = [slot.name for slot in slots(kind) if slot.often == "once" and slot.field not in element.fields]
        if missing:
            raise self._wrong(f"expected {missing[0]}, got the end of {element.name}")
        return kind(**element.fields)

    def _wrong(self, what: str, inside: str = "") -> CapError:
        path = ".".join([element.name for element in self._stack] + ([inside] if inside else []))
        return CapError(what, f"line {self._parser.CurrentLineNumber}, {path or 'message'}")
