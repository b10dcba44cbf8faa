"""How a city warns the public: `[cap]` and `[[cap_feeds]]` of city.toml (CAP 1.2, `docs/alerts.md`)."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec

from sensors.tables import IDENTIFIER

MAX_FEEDS: Final = 16
_FORBIDDEN: Final = re.compile(r"[\s,<&]")  # in a CAP sender (3.2.1)

Severity = Literal["Extreme", "Severe", "Moderate", "Minor"]
Urgency = Literal["Immediate", "Expected", "Future", "Past"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely"]
Response = Literal["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]
AlarmSeverity = Annotated[int, msgspec.Meta(ge=1, le=4)]
Minutes = Annotated[int, msgspec.Meta(ge=10, le=7 * 24 * 60)]


class SaidTwice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text in the two languages of our warnings."""

    id: str = ""
    en: str = ""


class WarningRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alarm of one severity is in CAP's words (`[[cap.rules]]`)."""

    alarm_severity: AlarmSeverity
    severity: Severity
    urgency: Urgency  # Future becomes Expected where the next level is at most an hour away (CAP 3.2.2)
    certainty: Certainty
    response: tuple[Response, ...] = ()  # empty = by what the alarm is about
    valid_min: Minutes = 360
    draft: bool = True  # whether Siaga drafts by itself; it never issues by that


# Siaga 1, 2 and 3 (severity 4, 3 and 2 of an alarm); the lowest warns nobody.
USUAL_RULES: Final = (
    WarningRule(alarm_severity=4, severity="Extreme", urgency="Immediate", certainty="Observed"),
    WarningRule(alarm_severity=3, severity="Severe", urgency="Expected", certainty="Observed"),
    WarningRule(alarm_severity=2, severity="Moderate", urgency="Future", certainty="Likely"),
)


class CapRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who warns, how, and what may go out without a hand (`[cap]`)."""

    sender: str = ""  # such as pusdalops@bpbd.example.go.id; empty = nothing but exercises can be issued
    sender_name: SaidTwice = SaidTwice()
    contact: str = ""
    web: str = ""  # https:// or http://
    rules: tuple[WarningRule, ...] = USUAL_RULES
    kinds: tuple[str, ...] = ("river_level", "discharge")  # of datastreams, for whose alarms drafts are made
    back_to_normal: Literal["cancel", "all_clear"] = "cancel"
    geocode_name: str = "KEMENDAGRI"  # what an area's code is called in a message
    parent_polygons: bool = False  # an area without a polygon of its own gets its kecamatan's
    authorisers: tuple[str, ...] = ()  # who may authorise; empty = anybody who is named
    automatic: bool = False  # issue by itself what `automatic_severities` names, by a standing order
    automatic_severities: tuple[AlarmSeverity, ...] = (4,)
    automatic_authority: str = ""  # whose standing order, with its number

    def rule_for(self, alarm_severity: int) -> WarningRule | None:
        """The rule of a severity; None where nobody is warned of it."""
        return next((rule for rule in self.rules if rule.alarm_severity == alarm_severity), None)


class CapFeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Warnings of others (`[[cap_feeds]]`): a page, or a file or folder of this machine."""

    name: str
    url: str = ""  # of an RSS or Atom feed whose links are CAP messages, or of one message
    file: str = ""  # a message, or a folder of them; relative to the city's folder
    every_s: Annotated[int, msgspec.Meta(ge=30, le=86_400)] = 300  # BMKG allows 60 requests a minute
    credit: str = ""  # shown beside: BMKG asks to be named


def usable_rules(cap: CapRules) -> tuple[CapRules, list[str]]:
    """The rules without what cannot be used, and what is wrong with that, naming the key."""
    wrong = []
    if cap.sender and _FORBIDDEN.search(cap.sender):
        wrong.append(f"sender: expected no blanks, commas, < and &, got {cap.sender!r}; only exercises can be issued")
        cap = msgspec.structs.replace(cap, sender="")
    if cap.web and urlsplit(cap.web).scheme not in ("http", "https"):
        wrong.append(f"web: expected http:// or https://, got {cap.web!r}")
        cap = msgspec.structs.replace(cap, web="")
    if cap.automatic and not cap.automatic_authority.strip():
        wrong.append("automatic_authority: expected whose standing order it is; nothing is issued automatically")
        cap = msgspec.structs.replace(cap, automatic=False)
    severities = [rule.alarm_severity for rule in cap.rules]
    twice = sorted({one for one in severities if severities.count(one) > 1})
    if twice:
        wrong.append(f"rules: alarm_severity {twice[0]} stands twice; its first rule counts")
    return cap, wrong


def usable_feeds(feeds: tuple[CapFeed, ...]) -> tuple[tuple[CapFeed, ...], list[str]]:
    """The feeds that can be read, and what is wrong with the others."""
    usable: dict[str, CapFeed] = {}
    wrong = []
    for feed in feeds:
        reason = next(_feed_reasons(feed, usable), "")
        if reason:
            wrong.append(f"{feed.name[:64]}: {reason}")
        else:
            usable[feed.name.casefold()] = feed
    return tuple(usable.values()), wrong


def _feed_reasons(feed: CapFeed, known: dict[str, CapFeed]) -> Iterator[str]:
    if not IDENTIFIER.fullmatch(feed.name):
        yield "name: expected letters, digits, _ and -, at most 64"
    if feed.name.casefold() in known:
        yield "name: stands twice"
    if len(known) >= MAX_FEEDS:
        yield f"expected at most {MAX_FEEDS} feeds"
    if bool(feed.url) == bool(feed.file):
        yield "expected either url or file"
    try:
        parts = urlsplit(feed.url)
    except ValueError as error:
        yield f"url: {error}"
        return
    if feed.url and (parts.scheme not in ("http", "https") or not parts.hostname):
        yield "url: expected http:// or https:// and a host"
    if parts.username is not None:
        yield "url: no user and password here, it goes into the log"
