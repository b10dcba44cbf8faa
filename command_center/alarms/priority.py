"""Which alarm comes first, and why: minutes left less minutes needed, beside the level and its quality.  Pure.

The level alone says how bad it is; the margin says whether there is time.  A gauge at Siaga 3 that reaches Siaga 2
in 20 minutes, where closing the road takes 25, comes before one that stands at Siaga 2 since yesterday.
"""

from typing import Final

import msgspec

from command_center.alarms.alarm import HIGHEST_SEVERITY, RAIN, UPSTREAM, Alarm
from command_center.alarms.life_cycle import CHATTER_COUNT
from sensors.catalogue import Text

WORDS: Final = ("low", "medium", "high", "highest")
_AT_RISK: Final = {
    UPSTREAM: Text("hulu di atas ambang", "a level is held upstream"),
    RAIN: Text("hujan di daerah alirannya", "rain in its basin"),
}


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What lies ahead of a gauge: the next level, the least minutes to it, and what its standing actions need."""

    level: Text
    severity: int
    left_min: float  # the earliest
    needed_min: float | None = None  # None = no action is declared for it


class Priority(msgspec.Struct, frozen=True, kw_only=True):
    """`word` is one of `WORDS`; `margin_min` = minutes left less minutes needed, None where one is not known."""

    word: str
    margin_min: float | None
    reasons: list[Text]


def priority_of(alarm: Alarm, ahead: Ahead | None = None) -> Priority:
    """The priority of an alarm as it stands; `ahead` = what its gauge reaches next, where something is projected."""
    severity = alarm.severity
    step = WORDS.index(alarm.priority)
    reasons = [Text(f"tingkat keparahan {severity} dari 4", f"severity {severity} of 4")]
    margin_min = None
    if ahead is not None and alarm.active and not alarm.historical:
        margin_min = None if ahead.needed_min is None else ahead.left_min - ahead.needed_min
        reasons.append(_told(ahead, margin_min))
        if margin_min is not None and margin_min < 0 and ahead.severity > severity:
            step += 1
    if severity < HIGHEST_SEVERITY and alarm.shown.count >= CHATTER_COUNT:
        step -= 1
        reasons.append(Text(f"bergetar ×{alarm.shown.count}", f"chatters ×{alarm.shown.count}"))
    reasons += _notes(alarm)
    if alarm.historical:
        step = 0
    return Priority(word=WORDS[min(max(step, 0), 3)], margin_min=margin_min, reasons=reasons)


def _told(ahead: Ahead, margin_min: float | None) -> Text:
    left = f"{ahead.left_min:.0f}"
    indonesian = f"{ahead.level.id} paling cepat {left} menit lagi"
    english = f"{ahead.level.en} in {left} min at the earliest"
    if margin_min is None or ahead.needed_min is None:
        return Text(indonesian, english)
    needed = f"{ahead.needed_min:.0f}"
    indonesian += f", tindakan perlu {needed} menit: selisih {margin_min:+.0f} menit"
    return Text(indonesian, f"{english}, actions need {needed} min: margin {margin_min:+.0f} min")


def _notes(alarm: Alarm) -> list[Text]:
    """What does not move the step, and has to be known: quality never mutes."""
    notes = []
    if alarm.shown.verify or alarm.doubt is not None:
        notes.append(Text("pembacaan diragukan: periksa sekarang", "reading is suspect: verify now"))
    if alarm.silence is not None:
        notes.append(Text("tanpa data", "no data"))
    if alarm.silence is not None and alarm.silence.lost_rising:
        notes.append(Text("naik saat hilang", "rising when lost"))
    if alarm.silence is not None and alarm.silence.at_risk:
        notes.append(_AT_RISK[alarm.silence.at_risk])
    if alarm.historical:
        notes.append(Text("riwayat", "history"))
    return notes
