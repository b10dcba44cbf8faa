"""Answers of Telegram's buttons, fetched by long polling: no door of ours has to be open.

Off unless `[notify] telegram_buttons` is set.  One poll per bot, MAX_BOTS at most.  An answer counts when its button is
one of ours and it comes from a chat of a contact; it acknowledges under that contact's name, and the person who pressed
stands in the comment.
"""

import asyncio
import logging
from typing import Any, Final

import httpx
import msgspec

from command_center.errors import OperationsError
from command_center.notify.answering import Answering
from command_center.notify.desk_link import DeskLink
from command_center.notify.links import Links
from command_center.notify.telegram import TelegramAddress, telegram_address
from sensors.catalogue import Text
from sensors.contacts import Contact

MAX_BOTS: Final = 4
POLL_S: Final = 25  # a poll waits so long for an answer
PAUSE_S: Final = 5.0  # after a failure, and before looking whether bots were added
MAX_NAME: Final = 80  # characters of who pressed
MOST_AT_ONCE: Final = 100  # updates (Bot API, getUpdates: limit)

_DONE: Final = Text("Diakui oleh {name}", "Acknowledged by {name}")
_NEWER: Final = Text("Alarm ini sudah naik: pakai pesan terbaru", "It has become worse: use the newest message")
_UNKNOWN: Final = Text("Tombol ini tidak dikenal", "This button is not known")
_NOT_STORED: Final = Text("Belum tersimpan: tekan lagi", "Not stored: press again")

_log = logging.getLogger("command_center.notify")


class _Chat(msgspec.Struct, frozen=True):
    id: int


class _Message(msgspec.Struct, frozen=True):
    chat: _Chat


class _User(msgspec.Struct, frozen=True):
    first_name: str = ""
    last_name: str = ""


class _Pressed(msgspec.Struct, frozen=True, rename={"person": "from"}):
    id: str
    person: _User = _User()
    message: _Message | None = None
    data: str = ""


class _Update(msgspec.Struct, frozen=True):
    update_id: int
    callback_query: _Pressed | None = None


class _Updates(msgspec.Struct, frozen=True):
    ok: bool
    result: list[_Update] = []


class TelegramAnswers:
    """`run` lives."""

    def __init__(self, answering: Answering, link: DeskLink, links: Links) -> None:
        self._answering, self._link, self._links = answering, link, links
        self._polls: dict[str, asyncio.Task[None]] = {}  # by the URL of the bot
        self.answered = 0
        self.refused = 0  # not ours, or from a chat of nobody
        self.errors: dict[str, str] = {}  # by bot, without its token: why its poll fails

    async def run(self) -> None:
        """Keep a poll for each bot that contacts are told by."""
        async with httpx.AsyncClient(timeout=POLL_S + 15) as client, asyncio.TaskGroup() as tasks:
            while True:
                for address in (await self._chats()).values():
                    if address.url not in self._polls and len(self._polls) < MAX_BOTS:
                        name = f"command_center.telegram[{len(self._polls)}]"
                        self._polls[address.url] = tasks.create_task(self._poll(client, address), name=name)
                await asyncio.sleep(PAUSE_S)

    async def _chats(self) -> dict[str, TelegramAddress]:
        """The Telegram chats of all contacts, by target."""
        found = {}
        for target, url in (await self._link.addresses()).items():
            try:
                found[target] = telegram_address(url)
            except ValueError:
                continue  # another way out; a bad address is told when something is sent to it
        return found

    async def _poll(self, client: httpx.AsyncClient, address: TelegramAddress) -> None:
        """Fetch the answers of one bot for ever.  What was fetched is confirmed with the next poll, not before."""
        offset, bot = 0, address.token.partition(":")[0]
        while True:
            try:
                updates = await self._fetch(client, address, offset)
                for update in updates:
                    if update.callback_query is not None:
                        await self._answer(client, address, update.callback_query)
                    offset = update.update_id + 1
                self.errors.pop(bot, None)
            except (httpx.HTTPError, msgspec.MsgspecError) as error:
                said = type(error).__name__  # its text holds the address, and that the token
                if self.errors.get(bot) != said:
                    _log.warning("answers of Telegram's bot %s cannot be fetched: %s", bot, said)
                self.errors[bot] = said
                await asyncio.sleep(PAUSE_S)

    async def _fetch(self, client: httpx.AsyncClient, address: TelegramAddress, offset: int) -> list[_Update]:
        body = {"offset": offset, "timeout": POLL_S, "limit": MOST_AT_ONCE, "allowed_updates": ["callback_query"]}
        answer = (await client.post(f"{address.url}/getUpdates", json=body)).raise_for_status()
        return msgspec.json.decode(answer.content, type=_Updates).result

    async def _answer(self, client: httpx.AsyncClient, address: TelegramAddress, pressed: _Pressed) -> None:
        contact = await self._contact(address, pressed)
        said = _UNKNOWN
        values: dict[str, Any] = {}
        if contact is not None:
            said, values = await self._acknowledge(contact, pressed)
        self.answered += said is _DONE
        self.refused += said is _UNKNOWN
        language = "id" if contact is None else contact.language
        text = str(getattr(said, language)).format(**values)
        await client.post(
            f"{address.url}/answerCallbackQuery", json={"callback_query_id": pressed.id, "text": text[:200]}
        )

    async def _contact(self, address: TelegramAddress, pressed: _Pressed) -> Contact | None:
        """Whose chat it was pressed in."""
        if pressed.message is None:
            return None
        for target, chat in (await self._chats()).items():
            if chat.url == address.url and chat.chat == str(pressed.message.chat.id):
                return self._link.contact("", target)
        return None

    async def _acknowledge(self, contact: Contact, pressed: _Pressed) -> tuple[Text, dict[str, Any]]:
        claim = self._links.read_button(pressed.data)
        try:
            story = None if claim is None else await self._answering.find(claim[0])
        except OperationsError as error:
            _log.error("an answer by Telegram cannot be looked up: %s", error)
            return _NOT_STORED, {}
        if claim is None or story is None:
            return _UNKNOWN, {}
        if story.calls != claim[1]:
            return _NEWER, {}
        if not story.unacknowledged:
            return _DONE, {"name": story.acknowledged_by or "-"}
        person = f"{pressed.person.first_name} {pressed.person.last_name}".strip()[:MAX_NAME]
        comment = f"by a button in Telegram, pressed by {person or 'somebody'}"
        try:
            await self._answering.acknowledge(story, contact.name, comment, self._link.now_us())
        except OperationsError as error:
            _log.error("an acknowledgement by Telegram is not stored: %s", error)
            return _NOT_STORED, {}
        return _DONE, {"name": contact.name}
