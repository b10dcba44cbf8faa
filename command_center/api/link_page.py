"""`/a/…`: the page that a signed link in a message opens, and its one button, which acknowledges.

Opening it changes nothing, so that whatever previews a link does not acknowledge.  Both languages stand on it: a link
may be passed on, and nobody is logged in.
"""

from html import escape
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from command_center.alarms.text import sentence
from command_center.clock import now_us
from command_center.errors import NotStored
from command_center.notify.answering import Answering, Story
from command_center.notify.links import PATH, Claim, Links, Refused
from command_center.notify.service import Notifier
from command_center.picture.picture import Picture
from command_center.troubles.trouble import Trouble
from sensors.catalogue import Text

COMMENT: Final = "by the link in a message"
_HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_ASK: Final = Text("Akui alarm ini sebagai {name}", "Acknowledge this alarm as {name}")
_DONE: Final = Text("Diakui oleh {name}.", "Acknowledged by {name}.")
_NEWER: Final = Text("Alarm ini sudah naik: pakai pesan yang terbaru.", "It has become worse: use the newest message.")
_OVER: Final = Text("Gangguan ini sudah selesai.", "This trouble is over.")
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

    def __init__(self, links: Links, answering: Answering, picture: Picture, notifier: Notifier) -> None:
        self._links, self._answering, self._picture, self._notifier = links, answering, picture, notifier

    async def show(self, token: str) -> Response:
        """The page with its button."""
        claim = self._links.read(token, now_us())
        if isinstance(claim, Refused):
            return _page(403, [_paragraph(_REFUSED[claim])])
        return self._page(claim, await self._answering.find(claim.alarm_id))

    async def acknowledge(self, token: str) -> Response:
        """Acknowledge, under the contact's name."""
        claim = self._links.read(token, now_us())
        if isinstance(claim, Refused):
            return _page(403, [_paragraph(_REFUSED[claim])])
        story = await self._answering.find(claim.alarm_id)
        if story is not None and story.calls == claim.call and story.unacknowledged:
            try:
                story = await self._answering.acknowledge(story, self._name(claim), COMMENT, now_us())
            except NotStored:
                return _page(503, [_paragraph(_NOT_STORED)])
        return self._page(claim, story)

    def _page(self, claim: Claim, story: Story | None) -> Response:
        if story is None:
            return _page(404, [_paragraph(_GONE)])
        said = [self._sentence(story)]
        if story.acknowledged_by is not None or not story.unacknowledged:
            return _page(200, [*said, _paragraph(_DONE, name=story.acknowledged_by or "-")])
        if isinstance(story, Trouble) and not story.is_open:
            return _page(200, [*said, _paragraph(_OVER)])
        if story.calls != claim.call:
            return _page(409, [*said, _paragraph(_NEWER)])
        name = self._name(claim)
        button = f'<form method="post"><button>{escape(_ASK.id.format(name=name))}</button></form>'
        return _page(200, [*said, button, f'<p lang="en">{escape(_ASK.en.format(name=name))}</p>'])

    def _sentence(self, alarm: Story) -> str:
        if isinstance(alarm, Trouble):
            return _paragraph(alarm.condition.text)
        directory = self._picture.directory
        if directory is None:
            return _paragraph(Text(alarm.datastream, alarm.datastream))
        return _paragraph(sentence(alarm, directory.catalogue, now_us()))

    def _name(self, claim: Claim) -> str:
        book = self._notifier.outbox.book
        contact = None if book is None else book.contact_of.get(claim.contact)
        return claim.contact if contact is None else contact.name


def router(links: Links, answering: Answering, picture: Picture, notifier: Notifier) -> APIRouter:
    """The routes."""
    routes, page = APIRouter(tags=["links"]), LinkPage(links, answering, picture, notifier)

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
