"""What is wrong with a message: the schema's rules for what stands in the elements, and the rules of sense.

`schema_faults` with `read` and the types together refuse what CAP-v1.2.xsd refuses (tests hold them against it).
`sense_faults` are what chapter 3 says in words and what public alert systems ask for; `own_faults` what Siaga asks of
the messages that it sends itself.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from command_center.alerts.layout import slots
from command_center.alerts.message import ENUMERATIONS, Alert, Area, Info, time_us_of
from command_center.alerts.write import NOT_XML

EXERCISE_MARKS: Final = ("LATIHAN", "EXERCISE", "UJI COBA", "TEST", "DRAF")
TIMES: Final = ("sent", "effective", "onset", "expires")
MAX_TEXT: Final = 4_000  # characters of one text of ours; a radio, a phone and a page must take it
_SPACE: Final = " \t\r\n"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)[-+](\d\d:\d\d)", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_FORBIDDEN: Final = re.compile(r"[\s,<&]")  # in identifier and sender (3.2.1)
_PAIR: Final = re.compile(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", re.ASCII)
_CIRCLE: Final = re.compile(rf"({_PAIR.pattern}) (\d+(?:\.\d+)?)", re.ASCII)


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, and where: `alert.info[0].expires`."""

    where: str
    what: str  # expected …, got …

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def faults(alert: Alert) -> list[Fault]:
    """Everything that makes a message wrong for anybody: the schema's rules, then those of sense."""
    return [*schema_faults(alert), *sense_faults(alert)]


def schema_faults(alert: Alert) -> list[Fault]:
    """What the schema refuses in a message whose elements are those of the schema."""
    return list(_schema(alert, "alert"))


def _schema(value: msgspec.Struct, where: str) -> Iterator[Fault]:
    if isinstance(value, Info) and not value.category:
        yield Fault(f"{where}.category", "expected at least one, got none")
    for slot in slots(type(value)):
        found = getattr(value, slot.field)
        for i, one in enumerate(found if slot.often == "many" else () if found is None else (found,)):
            place = f"{where}.{slot.name}" + (f"[{i}]" if slot.often == "many" else "")
            if slot.kind is not None:
                yield from _schema(one, place)
                continue
            wrong = _wrong_text(slot.name, one)
            if wrong:
                yield Fault(place, wrong)


def _wrong_text(name: str, text: str) -> str:
    """Why a text cannot stand in an element; "" where it can."""
    strange = NOT_XML.search(text)
    if strange is not None:
        return f"expected characters that XML can write, got {strange[0]!r}"
    if name in ENUMERATIONS:
        known = ENUMERATIONS[name]
        return "" if text in known else f"expected {', '.join(known)}, got {_short(text)}"
    expected, fits = _TYPES.get(name, ("", None))
    return "" if fits is None or fits(text.strip(_SPACE)) else f"expected {expected}, got {_short(text)}"


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None or int(found[2][:2]) * 60 + int(found[2][3:]) > 14 * 60 or int(found[2][3:]) > 59:
        return False
    clock = "00:00:00" if found[1] == "24:00:00" else found[1]  # XML Schema has it for the next midnight
    try:
        datetime.fromisoformat(f"{text[:11]}{clock}+00:00")
    except ValueError:
        return False
    return True


def _is_language(text: str) -> bool:
    return not text or _LANGUAGE.fullmatch(text) is not None  # an empty one is the schema's default, en-US


_TYPES: Final[dict[str, tuple[str, Callable[[str], object] | None]]] = {
    **dict.fromkeys(TIMES, ("a time such as 2026-01-31T07:00:00+07:00 (no Z; UTC is -00:00)", _is_time)),
    "language": ("a language such as id-ID", _is_language),
    "size": ("a whole number of bytes", _INTEGER.fullmatch),
    "altitude": ("a number of feet", _DECIMAL.fullmatch),
    "ceiling": ("a number of feet", _DECIMAL.fullmatch),
}


def sense_faults(alert: Alert) -> list[Fault]:
    """What the standard says in words: names, scope, references, times, places."""
    found = [*_names(alert), *_scope(alert), *_references(alert)]
    for i, info in enumerate(alert.info):
        where = f"alert.info[{i}]"
        found += _times(alert, info, where)
        for j, area in enumerate(info.area):
            found += _places(area, f"{where}.area[{j}]")
    return found


def _names(alert: Alert) -> Iterator[Fault]:
    for name, text in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not text or _FORBIDDEN.search(text):
            yield Fault(f"alert.{name}", f"expected a name without blanks, commas, < and &, got {_short(text)}")


def _scope(alert: Alert) -> Iterator[Fault]:
    for name, scope, text in (
        ("restriction", "Restricted", alert.restriction),
        ("addresses", "Private", alert.addresses),
    ):
        if alert.scope == scope and not (text or "").strip():
            yield Fault(f"alert.{name}", f"expected a text, as scope is {scope}, got none")


def _references(alert: Alert) -> Iterator[Fault]:
    triples = (alert.references or "").split()
    for triple in triples:
        parts = triple.split(",")
        if len(parts) != 3 or not all(parts) or not _is_time(parts[2]):
            yield Fault("alert.references", f"expected sender,identifier,sent, got {_short(triple)}")
    if alert.msg_type in ("Update", "Cancel", "Ack", "Error") and not triples:
        yield Fault("alert.references", f"expected what this {alert.msg_type} is about, got none")
    if alert.msg_type == "Alert" and triples:
        yield Fault("alert.references", f"expected none, as msgType is Alert, got {len(triples)}")
    if alert.msg_type == "Error" and not (alert.note or "").strip():
        yield Fault("alert.note", "expected why it was refused, as msgType is Error, got none")


def _times(alert: Alert, info: Info, where: str) -> Iterator[Fault]:
    """A message ends after it was sent, and after it began."""
    sent, effective, expires = (_us(text) for text in (alert.sent, info.effective, info.expires))
    if expires is None:
        return
    if sent is not None and expires <= sent:
        yield Fault(f"{where}.expires", f"expected a time after sent {alert.sent}, got {info.expires}")
    if effective is not None and expires <= effective:
        yield Fault(f"{where}.expires", f"expected a time after effective {info.effective}, got {info.expires}")
    onset = _us(info.onset)
    if onset is not None and expires <= onset:
        yield Fault(f"{where}.expires", f"expected a time after onset {info.onset}, got {info.expires}")


def _us(text: str | None) -> int | None:
    return time_us_of(text) if text is not None and _is_time(text.strip(_SPACE)) else None


def _places(area: Area, where: str) -> Iterator[Fault]:
    for i, polygon in enumerate(area.polygon):
        wrong = _wrong_polygon(polygon)
        if wrong:
            yield Fault(f"{where}.polygon[{i}]", wrong)
    for i, circle in enumerate(area.circle):
        found = _CIRCLE.fullmatch(circle.strip())
        if found is None or not _is_on_earth(found[2], found[3]):
            yield Fault(f"{where}.circle[{i}]", f'expected "lat,lon radius" in degrees and km, got {_short(circle)}')
    if area.ceiling is not None and area.altitude is None:
        yield Fault(f"{where}.ceiling", "expected an altitude beside it, got none")
    elif area.ceiling is not None and area.altitude is not None and _is_below(area.ceiling, area.altitude):
        yield Fault(f"{where}.ceiling", f"expected it above altitude {area.altitude}, got {area.ceiling}")


def _is_below(ceiling: str, altitude: str) -> bool:
    texts = (ceiling.strip(_SPACE), altitude.strip(_SPACE))
    return all(_DECIMAL.fullmatch(text) for text in texts) and Decimal(texts[0]) < Decimal(texts[1])


def _wrong_polygon(text: str) -> str:
    points = text.split()
    for point in points:
        pair = _PAIR.fullmatch(point)
        if pair is None or not _is_on_earth(pair[1], pair[2]):
            return f'expected "lat,lon" in degrees, got {_short(point)}'
    if len(points) < 4:
        return f"expected at least 4 points, got {len(points)}"
    if points[0] != points[-1]:
        return f"expected the last point to be the first, {points[0]}, got {points[-1]}"
    return ""


def _is_on_earth(lat: str, lon: str) -> bool:
    return -90 <= float(lat) <= 90 and -180 <= float(lon) <= 180


def own_faults(alert: Alert) -> list[Fault]:
    """What Siaga asks of its own messages, beyond `faults`: nothing unknown, an end, words, a place, marked drills."""
    found = []
    if not alert.info:
        found.append(Fault("alert.info", "expected at least one, got none"))
    for i, info in enumerate(alert.info):
        found += _own_info(alert, info, f"alert.info[{i}]")
    return found


def _own_info(alert: Alert, info: Info, where: str) -> Iterator[Fault]:
    for name, text in (
        ("language", info.language),
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("effective", info.effective),
        ("expires", info.expires),
        ("event", info.event),
    ):
        if not (text or "").strip():
            yield Fault(f"{where}.{name}", "expected a text, got none")
    if alert.msg_type != "Cancel" and not (info.instruction or "").strip():
        yield Fault(f"{where}.instruction", "expected what people shall do, got none")
    yield from _unknown_or_long(info, where)
    if alert.status != "Actual" and not is_marked(info.headline or ""):
        yield Fault(f"{where}.headline", f"expected it to begin with {' or '.join(EXERCISE_MARKS)}")
    if not info.area:
        yield Fault(f"{where}.area", "expected at least one, got none")
    for j, area in enumerate(info.area):
        if not (area.polygon or area.circle or area.geocode):
            yield Fault(f"{where}.area[{j}]", "expected a polygon, a circle or a code, got a name only")


def _unknown_or_long(info: Info, where: str) -> Iterator[Fault]:
    judged = {"urgency": info.urgency, "severity": info.severity, "certainty": info.certainty}
    for name, word in judged.items():
        if word == "Unknown":
            yield Fault(f"{where}.{name}", "expected a judgement, got Unknown")
    for name, text in (("headline", info.headline), ("description", info.description)):
        if len(text or "") > MAX_TEXT:
            yield Fault(f"{where}.{name}", f"expected at most {MAX_TEXT} characters, got {len(text or '')}")


def is_marked(text: str) -> bool:
    """Whether a headline says that it is no real warning."""
    return text.lstrip("[( ").upper().startswith(EXERCISE_MARKS)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
