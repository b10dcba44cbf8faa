"""Warnings of others, from the feed to what is shown: pure, and nothing of a stranger is believed unseen."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from command_center.alerts.faults import faults, schema_faults
from command_center.alerts.message import Alert, Info, referenced, time_us_of
from command_center.errors import CapError
from gateway.errors import PullError
from gateway.pull.xml_tree import xml_tree
from sensors.times import HOUR_US, rfc3339

MAX_LINKS: Final = 100  # of one feed; BMKG's nowcast has one for each province
MAX_KEPT: Final = 500  # messages of one feed; the ones sent first make room
KEPT_US: Final = 24 * HOUR_US  # behind its end a message is shown so long, marked as over
MAX_TOLD: Final = 10  # faults of one message
MAX_SHOWN: Final = 2_000  # characters of one text
LATEST_US: Final = 7_258_118_400_000_000  # the year 2200

Key = tuple[str, str, str]  # sender, identifier, sent: what CAP calls a message by


class IncomingView(msgspec.Struct, frozen=True, kw_only=True):
    """A warning of somebody else."""

    feed: str
    identifier: str
    sender: str
    sender_name: str
    sent: str
    status: str  # Actual, Exercise, Test, …
    msg_type: str
    event: str
    severity: str
    urgency: str
    certainty: str
    headline: str
    description: str
    instruction: str
    areas: list[str]
    onset: str | None
    expires: str | None  # null: it does not say
    stale: bool  # past its end
    ended_by: str | None  # the message that updated or cancelled it
    web: str
    faults: list[str]  # what is wrong with it, by CAP's rules


def links_of(body: bytes, charset: str, url: str) -> tuple[list[str], int]:
    """The messages that an RSS or Atom feed links to, and how many links were left out.

    A link to another host, or from https to http, is left out: a feed must not send us about.  Raises CapError for what
    is no feed.
    """
    try:
        tree = xml_tree(body, charset)
    except PullError as error:
        raise CapError(f"expected RSS, Atom or a CAP message, got {error}", "feed") from error
    found = list(dict.fromkeys(urljoin(url, link) for link in _links(tree)))
    own = [link for link in found if _is_own(link, url)]
    return own[:MAX_LINKS], len(found) - len(own[:MAX_LINKS])


def _links(tree: Any) -> Iterator[str]:
    if not isinstance(tree, dict) or not ("channel" in tree or "entry" in tree or "title" in tree):
        raise CapError("expected RSS, Atom or a CAP message, got other XML", "feed")
    channel = tree.get("channel", tree)
    channel = channel if isinstance(channel, dict) else {}
    for item in (*_many(channel.get("item")), *_many(tree.get("entry")), *_many(tree.get("item"))):
        if isinstance(item, dict):
            yield from _link_of(item)


def _link_of(item: Mapping[str, Any]) -> Iterator[str]:
    """The link of one entry: the one that says that it is CAP, else the first."""
    links = _many(item.get("link"))
    typed = [link for link in links if isinstance(link, dict) and "cap" in str(link.get("@type", ""))]
    for link in (typed or links)[:1]:
        target = link.get("@href", "") if isinstance(link, dict) else link
        if isinstance(target, str) and target.strip():
            yield target.strip()


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_own(link: str, url: str) -> bool:
    try:
        there, here = urlsplit(link), urlsplit(url)
        return (there.hostname, there.port) == (here.hostname, here.port) and there.scheme in (here.scheme, "https")
    except ValueError:
        return False


def key_of(alert: Alert) -> Key:
    """What CAP calls a message by."""
    return alert.sender, alert.identifier, alert.sent


def expires_us(alert: Alert) -> int | None:
    """When the last of its infos ends; None where one does not say, or says no time."""
    ends = [_us(info.expires) for info in alert.info]
    known = [end for end in ends if end is not None]
    return max(known) if ends and len(known) == len(ends) else None


def kept(alerts: Iterable[Alert], now_us: int) -> list[Alert]:
    """The messages that are still worth showing, the newest first, within bounds."""
    worth = [one for one in alerts if (end := expires_us(one)) is None or end > now_us - KEPT_US]
    return sorted(worth, key=lambda one: _us(one.sent) or 0, reverse=True)[:MAX_KEPT]


def views(feed: str, alerts: Iterable[Alert], now_us: int) -> list[IncomingView]:
    """The messages of a feed as they are shown, the newest first."""
    shown = kept(alerts, now_us)
    ended = {(one.sender, name): one.identifier for one in shown for name in _ends(one)}
    return [_view(feed, one, ended.get((one.sender, one.identifier)), now_us) for one in shown]


def _ends(alert: Alert) -> list[str]:
    return referenced(alert) if alert.msg_type in ("Update", "Cancel") else []


def _view(feed: str, alert: Alert, ended_by: str | None, now_us: int) -> IncomingView:
    info, end = _first(alert), expires_us(alert)
    onset = _us(info.onset or info.effective)
    sent = _us(alert.sent)
    return IncomingView(
        feed=feed,
        identifier=alert.identifier[:MAX_SHOWN],
        sender=alert.sender[:MAX_SHOWN],
        sender_name=(info.sender_name or "")[:MAX_SHOWN],
        sent=alert.sent if sent is None else rfc3339(sent),
        status=alert.status,
        msg_type=alert.msg_type,
        event=info.event[:MAX_SHOWN],
        severity=info.severity,
        urgency=info.urgency,
        certainty=info.certainty,
        headline=(info.headline or "")[:MAX_SHOWN],
        description=(info.description or "")[:MAX_SHOWN],
        instruction=(info.instruction or "")[:MAX_SHOWN],
        areas=[area.area_desc[:MAX_SHOWN] for area in info.area[:MAX_LINKS]],
        onset=None if onset is None else rfc3339(onset),
        expires=None if end is None else rfc3339(end),
        stale=end is not None and end <= now_us,
        ended_by=ended_by,
        web=(info.web or "")[:MAX_SHOWN],
        faults=[str(fault) for fault in faults(alert)[:MAX_TOLD]],
    )


def _first(alert: Alert) -> Info:
    """The info in Indonesian, else the first, else an empty one."""
    blank = Info(event="", urgency="", severity="", certainty="")
    indonesian = (info for info in alert.info if (info.language or "").casefold().startswith("id"))
    return next(indonesian, alert.info[0] if alert.info else blank)


def is_usable(alert: Alert) -> bool:
    """Whether the schema allows it."""
    return not schema_faults(alert)


def _us(text: str | None) -> int | None:
    """A time of a stranger; None for what is none, or of no year that anybody warns of."""
    try:
        time_us = None if text is None else time_us_of(text)
    except ValueError:
        return None
    return time_us if time_us is not None and 0 <= time_us < LATEST_US else None
