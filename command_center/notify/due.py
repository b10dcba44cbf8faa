"""Which notices are due: pure, no clock, no database.

Planning in the transaction of an annunciation, planning again every second, and tests use this one.  What is planned
already is passed in, so that planning twice gives nothing new, whatever was killed in between.

- An annunciation that nobody muted is told at once to everybody of the first step whom it concerns, and to the groups
  that no step names; quiet hours delay it, acknowledging does not take it back.
- While it is the newest of its alarm and nobody has acknowledged it, groups of later steps are told when their time
  has come, and who was told is told again.  A new call of the alarm begins from the start.
- What is the maintainers' matter (`command_center.audience`) goes to them alone, where the city names any.
- The many (`mass`) are told of the highest severity only once it is released, and only once.
- Exercises reach `test` contacts only (`command_center.notify.book`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from command_center.alarms.alarm import HIGHEST_SEVERITY
from command_center.notify.book import NEVER_REPEATED, Addressee, Book
from command_center.notify.notice import LATE_US, Calling, Notice, Told, Why

CallKey = tuple[str, int]


def due(now_us: int, calls: Iterable[Calling], book: Book, told: Mapping[CallKey, Sequence[Told]]) -> list[Notice]:
    """What is to be planned now; `told` has the newest notice of each call and target."""
    notices: list[Notice] = []
    for call in calls:
        if call.is_heard:
            known = {one.target: one for one in told.get(call.key, ())}
            notices.extend(_of_call(now_us, call, book, known))
    return notices


def _of_call(now_us: int, call: Calling, book: Book, known: Mapping[str, Told]) -> Iterator[Notice]:
    planned: set[str] = set()  # two contacts may share a chat
    for one in book.addressees(call.annunciation, now_us, call.audience(book.catalogue.city.silence)):
        for target in one.contact.urls:
            why = None if target in planned else _why(now_us, call, book, one, known.get(target))
            if why is not None:
                planned.add(target)
                yield _notice(now_us, call, book, one, target, why, known.get(target))


def _why(now_us: int, call: Calling, book: Book, one: Addressee, last: Told | None) -> Why | None:
    """Why the target is to be told now; None: it is not."""
    if one.contact.mass and call.annunciation.severity >= HIGHEST_SEVERITY:
        return Why.RELEASED if call.is_released and last is None else None
    if last is not None:
        return Why.REPEAT if _is_to_be_repeated(now_us, call, book, one, last) else None
    if call.planned_us is None:
        return Why.FIRST if one.after_us == 0 else None
    severity = call.annunciation.severity
    is_time = now_us >= call.planned_us + one.after_us and book.quiet_until_us(severity, now_us) == now_us
    if not call.is_wanting or not is_time or not one.repeats or one.contact.mass:
        return None
    return Why.ESCALATED if one.after_us else Why.FIRST  # he has come on duty since


def _is_to_be_repeated(now_us: int, call: Calling, book: Book, one: Addressee, last: Told) -> bool:
    severity = call.annunciation.severity
    every_us = book.repeat_every_us(severity)
    if every_us == NEVER_REPEATED or last.waits or not one.repeats or one.contact.mass or not call.is_wanting:
        return False
    return now_us >= last.planned_us + every_us and book.quiet_until_us(severity, now_us) == now_us


def _notice(now_us: int, call: Calling, book: Book, one: Addressee, target: str, why: Why, last: Told | None) -> Notice:
    annunciation = call.annunciation
    return Notice(
        alarm_id=annunciation.alarm_id,
        call=annunciation.call,
        target=target,
        ordinal=0 if last is None else last.ordinal + 1,
        contact=one.contact.contact,
        severity=annunciation.severity,
        why=why,
        planned_us=now_us,
        not_before_us=book.quiet_until_us(annunciation.severity, now_us),
        late=why is Why.FIRST and now_us - annunciation.at_us > LATE_US,
        exercise=annunciation.exercise,
        datastream=annunciation.datastream,
        level=annunciation.level,
        rank=annunciation.rank,
        called_us=annunciation.at_us,
    )
