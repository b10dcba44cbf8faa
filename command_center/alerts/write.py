"""A message as XML: CAP 1.2, UTF-8, elements in the order of the schema."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from command_center.alerts.layout import slots
from command_center.alerts.message import NAMESPACE, Alert
from command_center.errors import CapError

# What XML 1.0 can write (2.2); everything else has no form at all, not even as a number.
NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}  # a bare CR becomes LF


def to_xml(alert: Alert) -> bytes:
    """The message; equal messages give equal bytes.  Raises CapError where a text holds what XML cannot."""
    lines = _element("alert", alert, "", f' xmlns="{NAMESPACE}"')
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(lines) + "\n").encode()


def _element(name: str, value: msgspec.Struct, indent: str, attributes: str = "") -> Iterator[str]:
    yield f"{indent}<{name}{attributes}>"
    for slot in slots(type(value)):
        found = getattr(value, slot.field)
        for one in found if slot.often == "many" else () if found is None else (found,):
            if slot.kind is None:
                yield f"{indent}  <{slot.name}>{_text(one, slot.name)}</{slot.name}>"
            else:
                yield from _element(slot.name, one, indent + "  ")
    yield f"{indent}</{name}>"


def _text(text: str, where: str) -> str:
    wrong = NOT_XML.search(text)
    if wrong is not None:
        raise CapError(f"expected characters that XML can write, got {wrong[0]!r}", where)
    return text.translate(_ESCAPES)
