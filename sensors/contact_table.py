"""Reading `contacts.csv` and `rosters.csv`, and checking `[notify]`: who is told, without any address or token."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import msgspec

from sensors.contacts import DAYS, EVERYWHERE, Contact, Duty, NotifyRules, minute_of_day
from sensors.errors import RowError
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table, unknown

MAX_CONTACTS: Final = 500
MAX_URLS: Final = 8  # of one contact
MAX_STEPS: Final = 10
MAX_MIN: Final = 24 * 60.0
LEAST_REPEAT_MIN: Final = 1.0

# Variables of our own settings are checked by name, and a secret of that prefix would be refused as an unknown one.
_ENVIRONMENT: Final = re.compile(r"env:(?!SIAGA_)[A-Za-z_][A-Za-z0-9_]{0,63}")
_FILE: Final = re.compile(r"file:\S{1,200}")


def read_contacts(folder: Path, areas: Collection[str], faults: list[Fault]) -> list[Contact]:
    """The usable rows of contacts.csv; the table may be absent."""
    names = Unique()

    def check(line: Line[Contact]) -> Contact:
        contact = line.row
        for column, name in (("contact", contact.contact), ("group", contact.group)):
            if not IDENTIFIER.fullmatch(name):
                raise RowError(column, f"expected letters, digits, _ and -, at most 64, got {name!r}")
        _check_urls(contact.urls)
        for code in contact.areas:
            if code != EVERYWHERE and code not in areas:
                raise RowError("areas", unknown("area", code, areas))
        if not 1 <= contact.least_severity <= 4:
            raise RowError("least_severity", f"expected 1 to 4, got {contact.least_severity}")
        names.add(contact.contact, "contact", line.number)
        return contact

    contacts = read_table(folder / "contacts.csv", Contact, check, faults, required=False)
    if len(contacts) > MAX_CONTACTS:
        faults.append(Fault("contacts.csv", 0, "", f"expected at most {MAX_CONTACTS} contacts, got {len(contacts)}"))
    return contacts[:MAX_CONTACTS]


def read_rosters(folder: Path, contacts: Sequence[Contact], faults: list[Fault]) -> list[Duty]:
    """The usable rows of rosters.csv; the table may be absent."""
    names = {contact.contact for contact in contacts}

    def check(line: Line[Duty]) -> Duty:
        duty = line.row
        if duty.contact not in names:
            raise RowError("contact", unknown("contact", duty.contact, names) + " in contacts.csv")
        for day in duty.days:
            if day not in DAYS:
                raise RowError("days", f"expected some of {' '.join(DAYS)}, got {day!r}")
        for column, text in (("begins", duty.begins), ("ends", duty.ends)):
            if minute_of_day(text) is None:
                raise RowError(column, f"expected a time such as 07:00, got {text!r}")
        return duty

    return read_table(folder / "rosters.csv", Duty, check, faults, required=False)


def usable_rules(rules: NotifyRules, groups: Collection[str], file: str, faults: list[Fault]) -> NotifyRules:
    """The rules without the steps that cannot be; what is wrong goes to `faults`."""
    if wrong := _wrong(rules):
        faults.append(Fault(file, 0, "notify", wrong))
        return NotifyRules()
    strangers = [step.group for step in rules.steps if step.group not in groups]
    faults.extend(
        Fault(file, 0, "notify.steps", unknown("group", group, groups) + " in contacts.csv") for group in strangers
    )
    steps = [step for step in rules.steps if step.group not in strangers]
    maintainers = rules.maintainers
    if maintainers and maintainers not in groups:
        faults.append(Fault(file, 0, "notify.maintainers", unknown("group", maintainers, groups) + " in contacts.csv"))
        maintainers = ""
    steps.sort(key=lambda step: step.after_min)
    return msgspec.structs.replace(rules, steps=tuple(steps), maintainers=maintainers)


def _wrong(rules: NotifyRules) -> str:
    """The first rule that cannot be, and why; empty where all can."""
    if len(rules.steps) > MAX_STEPS:
        return f"steps: expected at most {MAX_STEPS}, got {len(rules.steps)}"
    for step in rules.steps:
        if not 0 <= step.after_min <= MAX_MIN:
            return f"steps: {step.group}: expected after_min 0 to {MAX_MIN:g}, got {step.after_min:g}"
    for severity, minutes in rules.repeat_every_min.items():
        if minutes != 0 and not LEAST_REPEAT_MIN <= minutes <= MAX_MIN:
            return f"repeat_every_min.{severity}: expected 0 or {LEAST_REPEAT_MIN:g} to {MAX_MIN:g}, got {minutes:g}"
    return _wrong_quiet(rules)


def _wrong_quiet(rules: NotifyRules) -> str:
    times = (rules.quiet_from, rules.quiet_to)
    if times != ("", "") and None in map(minute_of_day, times):
        return f"quiet_from, quiet_to: expected two times such as 22:00, got {times[0]!r} and {times[1]!r}"
    if rules.canary_at and minute_of_day(rules.canary_at) is None:
        return f"canary_at: expected a time such as 08:00, got {rules.canary_at!r}"
    if not 1 <= rules.quiet_severity <= 3:
        return f"quiet_severity: expected 1 to 3 (the highest is never quiet), got {rules.quiet_severity}"
    return ""


def _check_urls(urls: tuple[str, ...]) -> None:
    if not 1 <= len(urls) <= MAX_URLS:
        raise RowError("urls", f"expected 1 to {MAX_URLS}, with spaces between, got {len(urls)}")
    for url in urls:
        # The text itself is not repeated: whoever put an address there put a secret there.
        if not _ENVIRONMENT.fullmatch(url) and not _FILE.fullmatch(url):
            raise RowError(
                "urls",
                "expected env:NAME (not SIAGA_…) or file:PATH, which say where an address is; the address itself would"
                " be stored with the city",
            )
    if len(set(urls)) != len(urls):
        raise RowError("urls", "one stands twice")
