"""The digest of a handover: what the next shift must know, in Indonesian and English, as it was at that time."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from command_center.alarms.alarm import Alarm, Aside
from command_center.alarms.orders import Order
from command_center.alarms.text import moment, sentence
from sensors.catalogue import Catalogue, Text

MAX_LINES: Final = 500  # of a section: beyond, it says how many more there are
MAX_TEXT: Final = 4_000  # characters of a note, or of what is said at a handover
_SEEN: Final = {
    "camera": Text("kamera", "camera"),
    "radio": Text("radio", "radio"),
    "neighbour": Text("pos tetangga", "neighbour gauge"),
    "on_site": Text("di lokasi", "on site"),
}
_ASIDE: Final = {
    Aside.SUPPRESSED: Text("pemeliharaan", "maintenance"),
    Aside.OUT_OF_SERVICE: Text("tidak beroperasi", "out of service"),
}

SectionName = Literal["open", "set_aside", "orders", "journal"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note of the shift journal, tied to no alarm."""

    number: int
    at_us: int  # µs UTC
    by: str
    text: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the digest.  `left_out`: lines beyond `MAX_LINES`."""

    name: SectionName
    title: Text
    lines: tuple[Text, ...]
    left_out: int = 0


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to hand over."""

    since_us: int | None  # when the handover before was made, µs UTC; None: there was none
    sections: tuple[Section, ...]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest is made of."""

    alarms: Sequence[Alarm]  # open, the one raised last first
    orders: Sequence[Order]  # in force
    notes: Sequence[Note]  # since the handover before, oldest first
    since_us: int | None
    more_notes: int = 0  # older ones that are left out


def digest(situation: Situation, catalogue: Catalogue, now_us: int) -> Digest:
    """The digest; every list is there, an empty one as well: that there is nothing is news, too."""
    teller = _Teller(catalogue, now_us)
    loud = [alarm for alarm in situation.alarms if not _is_quiet(alarm)]
    loud.sort(key=lambda alarm: (-alarm.severity, not alarm.unacknowledged, -alarm.raised_us))
    quiet = [alarm for alarm in situation.alarms if _is_quiet(alarm)]
    return Digest(
        since_us=situation.since_us,
        sections=(
            _section("open", Text("Alarm terbuka", "Open alarms"), [teller.loud(alarm) for alarm in loud]),
            _section(
                "set_aside",
                Text("Disisihkan, ditunda atau dibantah", "Set aside, shelved or refuted"),
                [teller.quiet(alarm) for alarm in quiet],
            ),
            _section(
                "orders", Text("Perintah berlaku", "Orders in force"), [teller.order(o) for o in situation.orders]
            ),
            _section(
                "journal",
                Text("Jurnal sejak serah terima terakhir", "Journal since the last handover"),
                [teller.note(note) for note in situation.notes],
                situation.more_notes,
            ),
        ),
    )


def as_text(digest: Digest) -> Text:
    """The digest to be read out or printed."""
    indonesian, english = [], []
    for section in digest.sections:
        indonesian.append(f"{section.title.id} ({len(section.lines) + section.left_out})")
        english.append(f"{section.title.en} ({len(section.lines) + section.left_out})")
        indonesian += [f"- {line.id}" for line in section.lines]
        english += [f"- {line.en}" for line in section.lines]
        if section.left_out:
            indonesian.append(f"- dan {section.left_out} lagi")
            english.append(f"- and {section.left_out} more")
    return Text(id="\n".join(indonesian), en="\n".join(english))


def _section(name: SectionName, title: Text, lines: Sequence[Text], more: int = 0) -> Section:
    return Section(
        name=name, title=title, lines=tuple(lines[:MAX_LINES]), left_out=max(0, len(lines) - MAX_LINES) + more
    )


def _is_quiet(alarm: Alarm) -> bool:
    """Whether nobody is called for it, though it is there."""
    return bool(alarm.muted)


class _Teller:
    """Tells lines in both languages."""

    def __init__(self, catalogue: Catalogue, now_us: int) -> None:
        self._catalogue, self._now_us = catalogue, now_us

    def loud(self, alarm: Alarm) -> Text:
        what = sentence(alarm, self._catalogue, self._now_us)
        if alarm.unacknowledged:
            return Text(f"{what.id}; BELUM diakui", f"{what.en}; NOT acknowledged")
        by = alarm.acknowledged_by or "?"
        return Text(f"{what.id}; diakui {by}", f"{what.en}; acknowledged by {by}")

    def quiet(self, alarm: Alarm) -> Text:
        what = sentence(alarm, self._catalogue, self._now_us)
        why = self._why(alarm)
        return Text(f"{what.id}; {why.id}", f"{what.en}; {why.en}")

    def _why(self, alarm: Alarm) -> Text:
        """Why it is quiet.  One may be refuted and set aside; what outranks is told: the order."""
        if alarm.aside is not None:
            return _ASIDE[alarm.aside]
        if alarm.shelf is not None:
            until = moment(alarm.shelf.until_us, self._catalogue, self._now_us)
            by, reason = alarm.shelf.by, _one_line(alarm.shelf.reason)
            return Text(f"ditunda {by} sampai {until.id}: {reason}", f"shelved by {by} until {until.en}: {reason}")
        if alarm.refutation is not None:
            until = moment(alarm.refutation.until_us, self._catalogue, self._now_us)
            by, comment = alarm.refutation.by, _one_line(alarm.refutation.comment)
            seen = _SEEN.get(alarm.refutation.seen, Text(alarm.refutation.seen, alarm.refutation.seen))
            return Text(
                f"dibantah {by} ({seen.id}) sampai {until.id}: {comment}",
                f"refuted by {by} ({seen.en}) until {until.en}: {comment}",
            )
        return Text("tidak dibunyikan", "not sounded")

    def order(self, order: Order) -> Text:
        until = moment(order.until_us, self._catalogue, self._now_us)
        aside, reason = _ASIDE[order.aside], _one_line(order.reason)
        ticket = f" [{_one_line(order.ticket)}]" if order.ticket else ""
        return Text(
            f"{order.scope}: {aside.id} oleh {order.by} sampai {until.id}: {reason}{ticket}",
            f"{order.scope}: {aside.en} by {order.by} until {until.en}: {reason}{ticket}",
        )

    def note(self, note: Note) -> Text:
        at = moment(note.at_us, self._catalogue, self._now_us)
        return Text(f"{at.id} {note.by}: {_one_line(note.text)}", f"{at.en} {note.by}: {_one_line(note.text)}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
