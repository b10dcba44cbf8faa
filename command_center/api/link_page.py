"""`/a/…`: the page that a signed link in a message opens, and its one button, which acknowledges.

Opening it changes nothing, so that whatever previews a link does not acknowledge.  Both languages stand on it: a link
may be passed on, and nobody is logged in.
"""

from html import escape
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from command_center.alarms.acts import Acts
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.text import sentence
from command_center.clock import now_us
from command_center.errors import NotStored
from command_center.notify.links import PATH, Claim, Links, Refused
from command_center.notify.service import Notifier
from command_center.picture.picture import Picture
from sensors.catalogue import Text

COMMENT: Final = "by the link in a message"
_HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_ASK: Final = Text("Akui alarm ini sebagai {name}", "Acknowledge this alarm as {name}")
_DONE: Final = Text("Diakui oleh {name}.", "Acknowledged by {name}.")
_NEWER: Final = Text("Alarm ini sudah naik: pakai pesan yang terbaru.", "It has become worse: use the newest message.")
_GONE: Final = Text("Alarm ini tidak ada lagi.", "There is no such alarm any more.")
_NOT_STORED: Final = Text(
    "Belum tersimpan: coba lagi sebentar, atau hubungi posko.", "Not stored: try again soon, or call the center."
)
_REFUSED: Final = {
    Refused.DAMAGED: Text(
        "Tautan ini rusak: buka sekali lagi dari pesannya.", "This link is damaged: open it from the message once more."
    ),
    Refused.EXPIRED: Text(
        "Tautan ini kedaluwarsa: pakai pesan yang lebih baru, atau hubungi posko.",
        "This link has expired: use a newer message, or call the center.",
    ),
}
_PAGE: Final = """<!doctype html>
<html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Siaga</title>
<style>
body {{ font: 18px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 2rem auto; padding: 0 1rem; }}
button {{ font: inherit; padding: 1rem; width: 100%; }} [lang=en] {{ color: #555; }}
</style>
{blocks}
</html>
"""


class LinkPage:
    """What a link is about, and what it says of it."""

    def __init__(self, links: Links, desk: AlarmDesk, picture: Picture, notifier: Notifier) -> None:
        self._links, self._desk, self._picture, self._notifier = links, desk, picture, notifier
        self._acts = Acts(desk)

    async def show(self, token: str) -> Response:
        """The page with its button."""
        claim = self._links.read(token, now_us())
        if isinstance(claim, Refused):
            return _page(403, [_paragraph(_REFUSED[claim])])
        alarm = await self._desk.find(claim.alarm_id)
        return self._page(claim, alarm)

    async def acknowledge(self, token: str) -> Response:
        """Acknowledge, under the contact's name."""
        claim = self._links.read(token, now_us())
        if isinstance(claim, Refused):
            return _page(403, [_paragraph(_REFUSED[claim])])
        alarm = await self._desk.find(claim.alarm_id)
        if alarm is not None and alarm.calls == claim.call and alarm.unacknowledged:
            try:
                alarms = await self._acts.acknowledge([alarm.id], self._name(claim), COMMENT, now_us())
            except NotStored:
                return _page(503, [_paragraph(_NOT_STORED)])
            alarm = alarms[0] if alarms else None
        return self._page(claim, alarm)

    def _page(self, claim: Claim, alarm: Alarm | None) -> Response:
        if alarm is None:
            return _page(404, [_paragraph(_GONE)])
        said = [self._sentence(alarm)]
        if alarm.acknowledged_by is not None or not alarm.unacknowledged:
            return _page(200, [*said, _paragraph(_DONE, name=alarm.acknowledged_by or "-")])
        if alarm.calls != claim.call:
            return _page(409, [*said, _paragraph(_NEWER)])
        name = self._name(claim)
        button = f'<form method="post"><button>{escape(_ASK.id.format(name=name))}</button></form>'
        return _page(200, [*said, button, f'<p lang="en">{escape(_ASK.en.format(name=name))}</p>'])

    def _sentence(self, alarm: Alarm) -> str:
        directory = self._picture.directory
        if directory is None:
            return _paragraph(Text(alarm.datastream, alarm.datastream))
        return _paragraph(sentence(alarm, directory.catalogue, now_us()))

    def _name(self, claim: Claim) -> str:
        book = self._notifier.outbox.book
        contact = None if book is None else book.contact_of.get(claim.contact)
        return claim.contact if contact is None else contact.name


def router(links: Links, desk: AlarmDesk, picture: Picture, notifier: Notifier) -> APIRouter:
    """The routes."""
    routes, page = APIRouter(tags=["links"]), LinkPage(links, desk, picture, notifier)

    @routes.get(f"{PATH}{{token}}", include_in_schema=False)
    async def show(token: str) -> Response:
        """The page that a link in a message opens; it changes nothing."""
        return await page.show(token)

    @routes.post(f"{PATH}{{token}}", include_in_schema=False)
    async def acknowledge(token: str) -> Response:
        """Acknowledge under the name of the message's contact; the link is the login."""
        return await page.acknowledge(token)

    return routes


def _paragraph(text: Text, **values: str) -> str:
    said = (text.id, text.en) if not values else (text.id.format(**values), text.en.format(**values))
    indonesian, english = map(escape, said)
    return f'<p>{indonesian}</p><p lang="en">{english}</p>'


def _page(status: int, blocks: list[str]) -> Response:
    return HTMLResponse(_PAGE.format(blocks="\n".join(blocks)), status, headers=_HEADERS)
