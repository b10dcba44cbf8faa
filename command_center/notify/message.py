"""What a message says, in its contact's language: the alarm as it stands, why it comes, and the id by which to drop it.

The one place of its words.  A message to a contact who is told no exercises says nothing of levels that are exercises.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from msgspec.structs import replace

from command_center.alarms.alarm import Alarm, Held
from command_center.alarms.text import sentence
from command_center.notify.answering import Story
from command_center.notify.notice import LATE_US, Notice, Waiting, Why
from command_center.troubles.trouble import Trouble
from sensors.catalogue import Catalogue, Text
from sensors.times import MINUTE_US

Language = Literal["id", "en"]
MOST_AREAS: Final = 8  # named in a message; the others are counted

_EXERCISE: Final = Text("LATIHAN, BUKAN KEJADIAN NYATA", "EXERCISE, NOT REAL")
_TEST: Final = Text("UJI SALURAN", "CHANNEL TEST")
_TEST_SAYS: Final = Text(
    "Ini pesan uji Siaga untuk {name}. Tidak ada kejadian. Tidak perlu tindakan.",
    "This is a test message of Siaga for {name}. Nothing has happened. Nothing to do.",
)
_WHY: Final = {
    Why.ESCALATED: Text("Eskalasi: belum ada yang mengakui", "Escalated: nobody has acknowledged"),
    Why.REPEAT: Text("Pengingat {n}: belum ada yang mengakui", "Reminder {n}: nobody has acknowledged"),
    Why.RELEASED: Text("Terkonfirmasi", "Confirmed"),
}
_LATE: Final = Text("TERLAMBAT {n} menit", "LATE by {n} min")
_REPEATED: Final = Text(
    "MUNGKIN ULANGAN: pesan ini mungkin sudah diterima", "PERHAPS A REPEAT: you may have it already"
)
_UNRECORDED: Final = Text("Tidak tercatat: penyimpanan penuh atau rusak", "Unrecorded: storage is full or broken")
_ACKNOWLEDGED: Final = Text("Sudah diakui oleh {name}", "Acknowledged by {name}")
_AREA: Final = Text("Wilayah", "Area")
_AFFECTS: Final = Text("terdampak", "affects")
_MORE: Final = Text("dan {n} lagi", "and {n} more")
_TROUBLE: Final = Text("Gangguan sistem peringatan", "Trouble of the warning system")
_ACT: Final = Text("Akui", "Acknowledge")
_SEVERAL: Final = Text("{n} alarm", "{n} alarms")
_SEVERITY: Final = Text("Keparahan", "Severity")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one chat or number."""

    title: str
    body: str
    severity: int
    ids: tuple[str, ...]
    button: str = ""  # text of a button that acknowledges, where the way has buttons
    token: str = ""  # what the button sends back

    @property
    def body_and_id(self) -> str:
        """The body, and by what to drop a repeat."""
        return f"{self.body}\nid: {' '.join(self.ids)}"

    def text(self, most: int) -> str:
        """All of it in at most so many characters; what is too long loses the end of its body, never its ids."""
        ids = f"\nid: {' '.join(self.ids)}"
        told = f"{self.title}\n{self.body}"
        room = max(0, most - len(ids))
        return (told if len(told) <= room else f"{told[: max(0, room - 1)]}…") + ids


@dataclass(frozen=True, slots=True)
class Told:
    """A notice to be told, and its alarm or trouble as it is now (None: operations.db cannot say)."""

    waiting: Waiting
    story: Story | None
    link: str = ""  # acknowledges it; empty = there is none


class Composer:
    """Composes in one language, for one catalogue, at one moment."""

    def __init__(self, catalogue: Catalogue, language: Language, now_us: int) -> None:
        self._catalogue, self._language, self._now_us = catalogue, language, now_us

    def compose(self, told: Sequence[Told], *, unrecorded: bool = False) -> Message:
        """One message of one alarm or more; notices of the same alarm are told once, by the newest."""
        stories: dict[tuple[str, int], Told] = {}
        for one in told:
            notice = one.waiting.notice
            stories[notice.alarm_id, 0 if notice.alarm_id else notice.call] = one  # sorted: the newest stays
        several = len(stories) > 1
        blocks = ["\n".join(self._block(one, short=several)) for one in stories.values()]
        marks = self._marks(told, unrecorded)
        ids = tuple(one.waiting.notice.message_id for one in told)
        return Message(
            title=self._title(list(stories.values())),
            body="\n".join([*blocks, *marks]),
            severity=max(one.waiting.notice.severity for one in told),
            ids=ids,
            button="" if several or not told[-1].waiting.notice.alarm_id else self._say(_ACT),
        )

    def _title(self, told: Sequence[Told]) -> str:
        notice = told[-1].waiting.notice
        if notice.why is Why.TEST:
            return self._say(_TEST)
        name = self._say(_SEVERAL, n=len(told)) if len(told) > 1 else self._headline(told[-1])
        return f"{self._say(_EXERCISE)}: {name}" if notice.exercise else name

    def _headline(self, one: Told) -> str:
        notice = one.waiting.notice
        if isinstance(one.story, Trouble):
            return f"{self._say(_TROUBLE)}: {one.story.condition.subject}"
        station = self._catalogue.station_by_id.get(notice.datastream.partition(":")[0])
        style = self._catalogue.city.levels.get(notice.level)
        level = notice.level if style is None else getattr(style.name, self._language)
        return f"{level}: {notice.datastream if station is None else station.name}"

    def _block(self, one: Told, *, short: bool) -> list[str]:
        """What is said of one alarm."""
        notice = one.waiting.notice
        if notice.why is Why.TEST:
            return [self._say(_TEST_SAYS, name=notice.contact)]
        lines = [self._sentence(one)]
        if not short:
            lines += [f"{self._say(_SEVERITY)}: {notice.severity}/4", *self._area(notice)]
        lines += self._reasons(one)
        if one.link and not short:
            lines.append(f"{self._say(_ACT)}: {one.link}")
        return lines

    def _sentence(self, one: Told) -> str:
        if one.story is None:
            return self._headline(one)
        if isinstance(one.story, Trouble):
            return str(getattr(one.story.condition.text, self._language))
        alarm = one.story if one.waiting.notice.exercise else without_exercise(one.story, one.waiting.notice)
        return str(getattr(sentence(alarm, self._catalogue, self._now_us), self._language))

    def _reasons(self, one: Told) -> list[str]:
        notice, lines = one.waiting.notice, []
        if notice.late or self._now_us - notice.planned_us > LATE_US:
            lines.append(self._say(_LATE, n=(self._now_us - notice.called_us) // MINUTE_US))
        if one.story is not None and one.story.acknowledged_by:
            lines.append(self._say(_ACKNOWLEDGED, name=one.story.acknowledged_by))
        elif notice.why in _WHY:
            lines.append(self._say(_WHY[notice.why], n=notice.ordinal))
        return lines

    def _area(self, notice: Notice) -> list[str]:
        station = self._catalogue.station_by_id.get(notice.datastream.partition(":")[0])
        if station is None:
            return []
        line = f"{self._say(_AREA)}: {self._named(station.area)}"
        if station.affects:
            names = ", ".join(self._named(code) for code in station.affects[:MOST_AREAS])
            more = len(station.affects) - MOST_AREAS
            line += f"; {self._say(_AFFECTS)} {names}" + (f" {self._say(_MORE, n=more)}" if more > 0 else "")
        return [line]

    def _named(self, code: str) -> str:
        area = self._catalogue.area_by_code.get(code)
        return code if area is None else area.name

    def _marks(self, told: Sequence[Told], unrecorded: bool) -> list[str]:
        marks = [self._say(_REPEATED)] if any(one.waiting.perhaps_received for one in told) else []
        return [*marks, self._say(_UNRECORDED)] if unrecorded else marks

    def _say(self, text: Text, **values: object) -> str:
        return str(getattr(text, self._language)).format(**values)


def without_exercise(alarm: Alarm, notice: Notice) -> Alarm:
    """The alarm without conditions that are exercises; where none is left, the level that was annunciated."""
    if not alarm.shown.exercise and not any(held.exercise for held in (*alarm.held, *alarm.possible)):
        return alarm
    told = Held(
        level=notice.level,
        rank=notice.rank,
        severity=notice.severity,
        limit=None,
        time_us=notice.called_us,
        value=None,
        quality=2,
        origin=0,
    )
    held = tuple(one for one in alarm.held if not one.exercise)
    silence = None if alarm.silence is None or alarm.silence.exercise else alarm.silence
    possible = tuple(one for one in alarm.possible if not one.exercise)
    worst = told if alarm.worst.exercise else alarm.worst
    return replace(
        alarm, held=held, silence=silence, possible=possible, worst=worst, doubt=alarm.doubt if held else None
    )
