"""Telegram by its Bot API: one chat, `retry_after` obeyed, a button that acknowledges.

Not by apprise, which hides `retry_after` and answers "no" for a message that Telegram may have taken.
Address: `tgram://TOKEN/CHAT`, with `?api=http://host:port` for a Bot API server of one's own (the tests' plays there).
"""

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from command_center.notify.message import Message
from command_center.notify.notice import Result
from command_center.notify.pace import Budget
from command_center.notify.way import Delivery

API: Final = "https://api.telegram.org"
TIMEOUT_S: Final = 15.0
PER_MINUTE: Final = 20  # messages to one group (core.telegram.org/bots/faq: "20 messages per minute to the same group")
MAX_TEXT: Final = 4_096  # characters of one message (Bot API, sendMessage)
LINES: Final = 15


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Answer(msgspec.Struct, frozen=True):
    ok: bool = False
    description: str = ""
    parameters: _Parameters = _Parameters()


class TelegramAddress(msgspec.Struct, frozen=True):
    """A bot and a chat.  `token` is a secret."""

    token: str
    chat: str
    api: str = API

    @property
    def url(self) -> str:
        """Of the bot's methods."""
        return f"{self.api}/bot{self.token}"


def telegram_address(url: str) -> TelegramAddress:
    """The address of `tgram://TOKEN/CHAT`.  Raises ValueError, which does not repeat it."""
    parts = urlsplit(url)
    chats = [chat for chat in parts.path.split("/") if chat]
    if parts.scheme != "tgram" or not parts.netloc or len(chats) != 1:
        raise ValueError("expected tgram://TOKEN/CHAT with one chat")
    return TelegramAddress(parts.netloc, chats[0], parse_qs(parts.query).get("api", [API])[0].rstrip("/"))


class Telegram:
    """One chat."""

    kind = "telegram"
    budget = Budget(per_minute=PER_MINUTE, lines=LINES)

    def __init__(self, address: TelegramAddress) -> None:
        self._address = address
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def send(self, message: Message) -> Delivery:
        """`sendMessage` once."""
        body: dict[str, Any] = {"chat_id": self._address.chat, "text": message.text(MAX_TEXT)}
        if message.button and message.token:
            button = {"text": message.button, "callback_data": message.token}
            body["reply_markup"] = {"inline_keyboard": [[button]]}
        try:
            answer = await self._client.post(f"{self._address.url}/sendMessage", json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Delivery(Result.REFUSED, f"cannot be reached: {type(error).__name__}")
        except httpx.HTTPError as error:  # what it was about to answer is not known
            return Delivery(Result.UNKNOWN, f"no answer: {type(error).__name__}")
        return delivery_of(answer.status_code, answer.content)


def delivery_of(status: int, content: bytes) -> Delivery:
    """What the Bot API's answer says."""
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except msgspec.MsgspecError:
        answer = _Answer(description="the answer is not the Bot API's")
    if status == httpx.codes.OK and answer.ok:
        return Delivery(Result.SENT)
    said = f"{status} {answer.description[:200]}".strip()
    result = Result.UNKNOWN if status >= 500 or status == httpx.codes.OK else Result.REFUSED
    return Delivery(result, said, answer.parameters.retry_after)
