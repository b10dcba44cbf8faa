"""CAP messages for tests, and strategies that make them."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from command_center.alerts.message import ENUMERATIONS, Alert, Area, Info, Named, Resource
from tests.e2e.recorded_city import DEFAULT_DATA

SENT = "2025-11-22T22:00:00+07:00"


def message(**fields: Any) -> Alert:
    """A message with which nothing is wrong."""
    area = Area(area_desc="Kelurahan Gedongan", geocode=(Named(value_name="K", value="35.76.01.1001"),))
    info = Info(
        language="id-ID",
        category=("Met",),
        event="Banjir",
        response_type=("Evacuate",),
        urgency="Immediate",
        severity="Extreme",
        certainty="Observed",
        effective=SENT,
        expires="2025-11-23T04:00:00+07:00",
        sender_name="BPBD",
        headline="Banjir di Rolak Songo",
        description="Muka air 710 cm.",
        instruction="Segera mengungsi.",
        area=(area,),
    )
    defaults: dict[str, Any] = {
        "identifier": "a-1", "sender": "bpbd@kota.go.id", "sent": SENT, "status": "Actual", "msg_type": "Alert",
        "scope": "Public", "info": (info,),
    }  # fmt: skip
    return Alert(**(defaults | fields))


def with_info(alert: Alert, **fields: Any) -> Alert:
    """The same message with these fields of its first info."""
    return replace(alert, info=(replace(alert.info[0], **fields), *alert.info[1:]))


def with_area(alert: Alert, **fields: Any) -> Alert:
    """The same message with these fields of its first area."""
    return with_info(alert, area=(replace(alert.info[0].area[0], **fields),))


def recorded_messages() -> Path:
    """The folder of recorded messages; skips the test, saying so, where it is absent."""
    folder = Path(os.environ.get("SIAGA_RECORDED_DATA", DEFAULT_DATA)).resolve() / "E_cap"
    if not (folder / "CAP-v1.2.xsd").is_file():
        pytest.skip(f"SIAGA_RECORDED_DATA: no recorded CAP messages in {folder}")
    return folder


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r"), max_size=12).filter(
    lambda text: not any(one in text for one in "\ufffe\uffff")
)
_TIME_PARTS = st.tuples(
    st.sampled_from(["2025-11-22", "2024-02-29", "2025-02-29", "0001-01-01", "0000-01-01", "2025-1-1", "２025-11-22"]),
    st.sampled_from(["T22:00:00", "T24:00:00", "T24:00:01", "T23:59:60", "t22:00:00", " 22:00:00", "T22:00"]),
    st.sampled_from(["+07:00", "-00:00", "+00:00", "Z", "", ",07:00", "+14:00", "+14:01", "-13:60", "+7:00"]),
)
TIMES = st.one_of(st.just(SENT), _TIME_PARTS.map("".join), st.just(f" {SENT}\n"))


def words(name: str) -> st.SearchStrategy[str]:
    """Mostly words that the schema knows, sometimes others."""
    known = ENUMERATIONS[name]
    return st.sampled_from([*known, *known, *known, known[0].lower(), f" {known[0]}", "", "Neither"])


def _maybe(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | one


def _many(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=2).map(tuple)


NUMBERS = st.sampled_from(["1", "-0.5", "+.5", "5.", "", "x", "1e3", " 7 ", "٣", "."])
LANGUAGES = st.sampled_from(["id-ID", "id", "", "en_US", "x-klingon-too-long-one", " en ", "abcdefghi"])
NAMED = st.builds(Named, value_name=TEXTS, value=TEXTS)
AREAS = st.builds(
    Area,
    area_desc=TEXTS,
    polygon=_many(TEXTS),
    circle=_many(TEXTS),
    geocode=_many(NAMED),
    altitude=_maybe(NUMBERS),
    ceiling=_maybe(NUMBERS),
)
RESOURCES = st.builds(
    Resource,
    resource_desc=TEXTS,
    mime_type=TEXTS,
    size=_maybe(NUMBERS),
    uri=_maybe(st.just("https://a.id/b")),
    deref_uri=_maybe(TEXTS),
    digest=_maybe(TEXTS),
)
INFOS = st.builds(
    Info,
    language=_maybe(LANGUAGES),
    category=_many(words("category")),
    event=TEXTS,
    response_type=_many(words("responseType")),
    urgency=words("urgency"),
    severity=words("severity"),
    certainty=words("certainty"),
    audience=_maybe(TEXTS),
    event_code=_many(NAMED),
    effective=_maybe(TIMES),
    onset=_maybe(TIMES),
    expires=_maybe(TIMES),
    sender_name=_maybe(TEXTS),
    headline=_maybe(TEXTS),
    description=_maybe(TEXTS),
    instruction=_maybe(TEXTS),
    web=_maybe(st.just("https://a.id/")),
    contact=_maybe(TEXTS),
    parameter=_many(NAMED),
    resource=_many(RESOURCES),
    area=_many(AREAS),
)
ALERTS = st.builds(
    Alert,
    identifier=TEXTS,
    sender=TEXTS,
    sent=TIMES,
    status=words("status"),
    msg_type=words("msgType"),
    source=_maybe(TEXTS),
    scope=words("scope"),
    restriction=_maybe(TEXTS),
    addresses=_maybe(TEXTS),
    code=_many(TEXTS),
    note=_maybe(TEXTS),
    references=_maybe(TEXTS),
    incidents=_maybe(TEXTS),
    info=_many(INFOS),
)
