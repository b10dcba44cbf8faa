"""Who is told of an alarm, in which order, and when: the tables `contacts.csv`, `rosters.csv`, and `[notify]`.

An address (an apprise URL) holds a token or a number.  So the tables say where it is, never what it is: they go into
the log with the rest of the city, and whoever reads the log reads them.
"""

from typing import Final, Literal

import msgspec

EVERYWHERE: Final = "*"  # of `Contact.areas`
DAY_MIN: Final = 24 * 60
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A person, a desk or a chat group (contacts.csv)."""

    contact: str  # its id
    name: str
    language: Literal["id", "en"] = "id"
    urls: tuple[str, ...]  # each `env:NAME` or `file:PATH`: where the address of one chat or number is
    group: str
    areas: tuple[str, ...]  # codes of areas, with all that lies in them; or `*`
    least_severity: int = 1
    mass: bool = False  # of the highest severity it is told only what has been released
    test: bool = False  # is told exercises; others never are
    canary: bool = False  # gets a message a day that proves its ways out
    source: str = "illustrative"


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """When a contact is on duty (rosters.csv).  One without a row always is."""

    contact: str
    days: tuple[str, ...]  # of `DAYS`, on which it begins
    begins: str  # HH:MM, in the city's zone
    ends: str  # HH:MM; not after `begins`: on the next day
    source: str = "illustrative"


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group, and how long after the alarm it is told where nobody has acknowledged (`[[notify.steps]]`)."""

    group: str
    after_min: float


class NotifyRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people are told (`[notify]`)."""

    steps: tuple[Step, ...] = ()  # groups that none of them names are told at once, and once
    repeat_every_min: dict[Literal["1", "2", "3", "4"], float] = {}  # by severity; absent or 0 = never
    quiet_from: str = ""  # HH:MM, in the city's zone; empty = never quiet
    quiet_to: str = ""
    quiet_severity: int = 2  # up to this severity what comes in quiet hours waits for their end
    maintainers: str = ""  # the group that mends: told of gauges lost in calm and of dead links; empty = operators are
    canary_at: str = "08:00"  # HH:MM, in the city's zone: when canaries are sent; empty = never


def minute_of_day(text: str) -> int | None:
    """Minutes since midnight of `HH:MM`; None for what is no such time.

    >>> minute_of_day("07:30"), minute_of_day("24:00"), minute_of_day("7.30")
    (450, None, None)
    """
    hours, _, minutes = text.partition(":")
    if not (len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()):
        return None
    return int(hours) * 60 + int(minutes) if int(hours) < 24 and int(minutes) < 60 else None
