"""The Atom feed of issued warnings (RFC 4287), each entry with a link to its CAP message."""

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape, quoteattr  # writes, reads nothing

from command_center.alerts import wording
from command_center.alerts.faults import is_marked
from command_center.alerts.message import Info
from command_center.alerts.record import Record
from command_center.alerts.write import NOT_XML
from sensors.times import rfc3339

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
CAP_MEDIA_TYPE: Final = "application/cap+xml"
MAX_ENTRIES: Final = 100


def atom(records: Iterable[Record], base_url: str, city: str, now_us: int) -> bytes:
    """The feed; `base_url` ends with a slash.  What is no real warning says so in its title and its category."""
    entries = list(records)
    updated_us = max((record.issued_us or 0 for record in entries), default=now_us)
    head = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"  <title>{_text(f'Peringatan {city} / Warnings {city}')}</title>",
        f"  <id>{_text(base_url)}alerts.atom</id>",
        f'  <link rel="self" type="application/atom+xml" href={quoteattr(base_url + "alerts.atom")}/>',
        f"  <updated>{rfc3339(updated_us)}</updated>",
        f"  <author><name>{_text(city)}</name></author>",
    ]
    body = [line for record in entries for line in _entry(record, base_url, now_us)]
    return ("\n".join([*head, *body, "</feed>"]) + "\n").encode()


def _entry(record: Record, base_url: str, now_us: int) -> list[str]:
    alert, first = record.alert, _first(record)
    href = f"{base_url}alerts/{record.id}.xml"
    expires_us = record.expires_us()
    is_over = bool(record.ended_by) or (expires_us is not None and expires_us <= now_us)
    terms = [("status", alert.status), ("msgType", alert.msg_type), ("severity", first.severity)]
    terms += [("urgency", first.urgency), ("certainty", first.certainty), ("ended", "yes" if is_over else "no")]
    return [
        "  <entry>",
        f"    <title>{_text(_title(record, first))}</title>",
        f"    <id>{_text(href)}</id>",
        f'    <link rel="alternate" type="{CAP_MEDIA_TYPE}" href={quoteattr(href)}/>',
        f"    <published>{rfc3339(record.issued_us or 0)}</published>",
        f"    <updated>{rfc3339(record.issued_us or 0)}</updated>",
        f"    <author><name>{_text(first.sender_name or alert.sender)}</name></author>",
        *(f"    <category scheme={quoteattr(f'urn:cap:{name}')} term={quoteattr(term)}/>" for name, term in terms),
        f"    <summary>{_text(first.description or '')}</summary>",
        "  </entry>",
    ]


def _title(record: Record, first: Info) -> str:
    title, mark = first.headline or first.event, wording.mark(record.alert.status)
    return f"{mark.id}: {title}" if mark.id and not is_marked(title) else title


def _first(record: Record) -> Info:
    infos = record.alert.info
    return next((info for info in infos if (info.language or "").startswith("id")), infos[0])


def _text(text: str) -> str:
    return escape(NOT_XML.sub("?", text))
