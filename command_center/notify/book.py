"""The book of contacts: whom an alarm concerns at a moment, and after how long each is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from command_center.alarms.alarm import HIGHEST_SEVERITY
from command_center.alarms.annunciation import Annunciation
from command_center.audience import Audience
from sensors.catalogue import Catalogue
from sensors.contacts import DAY_MIN, DAYS, EVERYWHERE, Contact, Duty, minute_of_day
from sensors.times import MINUTE_US, from_datetime, to_datetime

NEVER_REPEATED: Final = 0


@dataclass(frozen=True, slots=True)
class Addressee:
    """A contact that a call concerns.  `after_us`: how long after the call it is told where nobody acknowledges."""

    contact: Contact
    after_us: int
    repeats: bool  # whether it is told again until somebody acknowledges


class Book:
    """Contacts, rosters and rules of one catalogue.  Pure: moments are passed in."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._rules = catalogue.city.notify
        self._zone = ZoneInfo(catalogue.city.time_zone)
        self._after_us = {step.group: round(step.after_min * MINUTE_US) for step in reversed(self._rules.steps)}
        self._duties: dict[str, list[Duty]] = {}
        for duty in catalogue.rosters:
            self._duties.setdefault(duty.contact, []).append(duty)
        self._members: dict[str, list[Contact]] = {}
        for contact in catalogue.contacts:
            self._members.setdefault(contact.group, []).append(contact)
        self._lying = {
            station.station: {code for area in (station.area, *station.affects) for code in self._around(area)}
            for station in catalogue.stations
        }
        self._serving: tuple[int, frozenset[str]] = (-1, frozenset())  # a minute, and who is on duty then
        self.contact_of: Mapping[str, Contact] = {contact.contact: contact for contact in catalogue.contacts}

    def addressees(self, call: Annunciation, at_us: int, audience: Audience = Audience.OPERATORS) -> list[Addressee]:
        """Everybody whom a call concerns, by group those on duty at that moment.

        What is for maintainers goes to the operators where the city names no maintainers whom it concerns.
        """
        maintainers = self._of_groups([self._rules.maintainers], call, at_us) if self._rules.maintainers else []
        if audience is Audience.MAINTAINERS and maintainers:
            return maintainers
        operators = self._in_steps(
            self._of_groups([group for group in self._members if group != self._rules.maintainers], call, at_us)
        )
        return operators if audience is Audience.OPERATORS else [*operators, *maintainers]

    def _of_groups(self, groups: Iterable[str], call: Annunciation, at_us: int) -> list[Addressee]:
        found = []
        for group in groups:
            concerned = [one for one in self._members.get(group, ()) if self._is_concerned(one, call)]
            after_us = self._after_us.get(group, 0)
            repeats = group in self._after_us or not self._after_us or group == self._rules.maintainers
            found += [Addressee(contact, after_us, repeats) for contact in self._on_duty(concerned, at_us)]
        return found

    def _in_steps(self, found: list[Addressee]) -> list[Addressee]:
        """A step of the escalation in which nobody is concerned waits for nobody: the steps behind it move up."""
        first_us = min((one.after_us for one in found if one.repeats and not one.contact.mass), default=0)
        return [Addressee(one.contact, max(0, one.after_us - first_us), one.repeats) for one in found]

    def repeat_every_us(self, severity: int) -> int:
        """How long after a notice the next one; `NEVER_REPEATED` where none comes."""
        rules = {int(key): minutes for key, minutes in self._rules.repeat_every_min.items()}
        return round(rules.get(severity, NEVER_REPEATED) * MINUTE_US)

    def quiet_until_us(self, severity: int, at_us: int) -> int:
        """When the quiet hours end in which nobody is told of this severity; `at_us` where it is not quiet."""
        begins, ends = minute_of_day(self._rules.quiet_from), minute_of_day(self._rules.quiet_to)
        is_heard = severity >= HIGHEST_SEVERITY or severity > self._rules.quiet_severity
        if is_heard or begins is None or ends is None:
            return at_us
        now = self._local(at_us)
        if not _is_within(now.hour * 60 + now.minute, begins, ends):
            return at_us
        end = now.replace(hour=ends // 60, minute=ends % 60, second=0, microsecond=0)
        return from_datetime(end if end > now else end + timedelta(days=1))

    def _is_concerned(self, contact: Contact, call: Annunciation) -> bool:
        if call.exercise and not contact.test:
            return False
        return call.severity >= contact.least_severity and self._is_in_areas(contact, call.datastream)

    def _is_in_areas(self, contact: Contact, datastream: str) -> bool:
        """Whether it stands in one of the contact's areas, or affects one.

        The place of a trouble may be an area itself, or nothing: that is everybody's.
        """
        place = datastream.partition(":")[0]
        if EVERYWHERE in contact.areas or not place:
            return True
        lying = self._lying.get(place)
        if lying is None and place in self.catalogue.area_by_code:
            lying = set(self._around(place))
        return lying is not None and not lying.isdisjoint(contact.areas)

    def _around(self, code: str) -> Iterable[str]:
        """An area and all that it lies in: codes are nested, and so are parents."""
        parts = code.split(".")
        yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        area = self.catalogue.area_by_code.get(code)
        for _ in range(len(parts)):
            if area is None:
                return
            yield area.code
            area = self.catalogue.area_by_code.get(area.parent)

    def _on_duty(self, contacts: list[Contact], at_us: int) -> list[Contact]:
        """Those on duty; all of them where the roster names nobody for that moment: somebody has to be told."""
        minute = at_us // MINUTE_US
        if self._serving[0] != minute:
            now = self._local(at_us)
            serving = (one.contact for one in self.catalogue.contacts if self._serves(one, now))
            self._serving = (minute, frozenset(serving))
        on_duty = [contact for contact in contacts if contact.contact in self._serving[1]]
        return on_duty or contacts

    def _serves(self, contact: Contact, now: datetime) -> bool:
        duties = self._duties.get(contact.contact)
        return duties is None or any(_covers(duty, now) for duty in duties)

    def _local(self, at_us: int) -> datetime:
        return to_datetime(at_us).astimezone(self._zone)


def _covers(duty: Duty, now: datetime) -> bool:
    """Whether a duty, which may reach into the next day, covers a moment."""
    begins, ends = minute_of_day(duty.begins) or 0, minute_of_day(duty.ends) or 0
    length = (ends - begins) % DAY_MIN or DAY_MIN
    minute = now.hour * 60 + now.minute
    today, yesterday = DAYS[now.weekday()], DAYS[now.weekday() - 1]
    if today in duty.days and begins <= minute < begins + length:
        return True
    return yesterday in duty.days and minute < begins + length - DAY_MIN


def _is_within(minute: int, begins: int, ends: int) -> bool:
    """Whether a minute of the day lies in [begins, ends), which may reach over midnight."""
    return (minute - begins) % DAY_MIN < (ends - begins) % DAY_MIN
