"""A warning's life: draft, authorised, issued, updated or cancelled, or discarded.  Pure: a step makes the next value.

A named person issues and another named person authorises; what was authorised is one revision of the text, and a change
of it needs the word again.  Every step may be asked for twice and is done once.  Raises NotAllowed (the state, or the
persons, do not allow it) and AlertFaulty (the message breaks rules).
"""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from command_center.alerts.compose import dated, marked
from command_center.alerts.faults import faults, own_faults
from command_center.alerts.message import Info
from command_center.alerts.record import Authorisation, Record, State, is_all_clear
from command_center.alerts.write import to_xml
from command_center.errors import AlertFaulty, NotAllowed
from sensors.warning_rules import CapRules

MAX_INFOS: Final = 8
Means = Literal["phone", "radio", "in_person", "letter"]
Line = Annotated[str, msgspec.Meta(max_length=200)]
Note = Annotated[str, msgspec.Meta(max_length=4_000)]
ValidMin = Annotated[int, msgspec.Meta(ge=10, le=7 * 24 * 60)]


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person changes in a draft; None = stays.  `revision` is the one that was looked at."""

    revision: int
    info: Annotated[tuple[Info, ...], msgspec.Meta(max_length=MAX_INFOS)] | None = None
    valid_min: ValidMin | None = None
    scope: Literal["Public", "Restricted", "Private"] | None = None
    restriction: Line | None = None
    addresses: Note | None = None
    note: Note | None = None
    comment: Note = ""


class Authorising(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who said yes, and how that was heard; an empty name: the person who is logged in, by the login itself."""

    revision: int
    authorised_by: Line = ""
    means: Means | None = None
    comment: Note = ""


def edited(record: Record, edit: Edit, by: str) -> Record:
    """The draft with a person's changes; an authorisation of the text before is void.  The same again is no change."""
    if not record.is_open:
        raise NotAllowed(f"{record.id} is {record.state}: only a draft can be edited; issue an update instead")
    given = {name: getattr(edit, name) for name in ("info", "scope", "restriction", "addresses", "note")}
    changes = {name: value for name, value in given.items() if value is not None}
    if edit.info is not None:
        changes["info"] = tuple(_kept(info, record, i) for i, info in enumerate(edit.info))
    alert = marked(replace(record.alert, **changes))
    valid_min = record.valid_min if edit.valid_min is None else edit.valid_min
    if (alert, valid_min) == (record.alert, record.valid_min):
        return record
    _check_revision(record, edit.revision)
    return replace(
        record,
        alert=alert,
        valid_min=valid_min,
        revision=record.revision + 1,
        edited_by=by,
        state=State.DRAFT,
        authorisation=None,
    )


def authorised(record: Record, act: Authorising, recorded_by: str, cap: CapRules, now_us: int) -> Record:
    """The draft that somebody who may has said yes to."""
    name = " ".join(act.authorised_by.split()) or recorded_by
    by_login = same_person(name, recorded_by)
    means = "login" if by_login else act.means
    if means is None:
        raise NotAllowed(f"expected by what means {name} was heard (phone, radio, in_person, letter), got none")
    known = record.authorisation
    if record.state is not State.DRAFT and known is not None and (known.by, known.means) == (name, means):
        return record
    if not record.is_open:
        raise NotAllowed(f"{record.id} is {record.state}: only a draft can be authorised")
    if cap.authorisers and not any(same_person(name, one) for one in cap.authorisers):
        raise NotAllowed(f"{name} is not among those who may authorise in this city: {', '.join(cap.authorisers)}")
    _check_revision(record, act.revision)
    authorisation = Authorisation(
        by=name, means=means, recorded_by=recorded_by, at_us=now_us, revision=record.revision, comment=act.comment
    )
    return replace(record, state=State.AUTHORISED, authorisation=authorisation)


def issued(record: Record, by: str, now_us: int, zone: ZoneInfo) -> tuple[Record, bytes]:
    """The warning as it goes out, and its bytes.  What is issued already stays as it is."""
    if record.state is not State.AUTHORISED or record.authorisation is None:
        raise NotAllowed(f"{record.id} is {record.state}: it can be issued once a second person has authorised it")
    if same_person(by, record.authorisation.by):
        raise NotAllowed(f"{by} has authorised it: another person must issue it")
    sent = dated(record.alert, record.valid_min, now_us, zone)
    found = [*faults(sent), *own_faults(sent)]
    if found:
        raise AlertFaulty(found, found[0].where)
    return replace(record, alert=sent, state=State.ISSUED, issued_by=by, issued_us=now_us), to_xml(sent)


def ended(record: Record, by: Record) -> Record:
    """An issued warning after the message that took its place."""
    is_end = by.alert.msg_type == "Cancel" or is_all_clear(by.alert)
    return replace(record, state=State.CANCELLED if is_end else State.SUPERSEDED, ended_by=by.id)


def discarded(record: Record) -> Record:
    """A draft that nobody wants."""
    if record.state is State.DISCARDED:
        return record
    if not record.is_open:
        raise NotAllowed(f"{record.id} is {record.state}: what is issued can only be updated or cancelled")
    return replace(record, state=State.DISCARDED, authorisation=None)


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, as far as letters tell."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _kept(info: Info, record: Record, i: int) -> Info:
    """A person's words with what a person does not set: the times, and the places where none are given."""
    before = record.alert.info[min(i, len(record.alert.info) - 1)] if record.alert.info else info
    times = replace(info, effective=before.effective, expires=before.expires)
    return times if info.area else replace(times, area=before.area)


def _check_revision(record: Record, revision: int) -> None:
    if revision != record.revision:
        raise NotAllowed(
            f"{record.id} was changed meanwhile: expected revision {record.revision}, got {revision}; look again"
        )
