"""Answers that are sent while they are read from memory and disk; a client that takes nothing of one is cut off."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

UNREAD_S: Final = 300.0
_log = logging.getLogger("command_center.api.streamed")


class Streams:
    """Makes such answers, and counts in `cut_off` those of them that nobody read to the end."""

    def __init__(self) -> None:
        self.cut_off = 0

    def answer(
        self,
        pieces: AsyncIterator[bytes],
        media_type: str,
        headers: Mapping[str, str] | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> StreamingResponse:
        """An answer of these pieces; `ended` is called when it is over, whatever ended it.

        A client that takes nothing for UNREAD_S is cut off: it would hold a piece in memory for ever.
        """
        return _Streamed(self, pieces, media_type, headers, ended)


class _Unread(Exception):
    """A client took nothing for UNREAD_S; what times out while the pieces are read is another thing."""


class _Streamed(StreamingResponse):
    def __init__(
        self,
        streams: Streams,
        pieces: AsyncIterator[bytes],
        media_type: str,
        headers: Mapping[str, str] | None,
        ended: Callable[[], None],
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._streams, self._ended = streams, ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._path = scope["path"]
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()

    async def stream_response(self, send: Send) -> None:
        """As its base does, with a bound of time for each piece."""

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(UNREAD_S):
                    await send(message)
            except TimeoutError as error:
                raise _Unread from error

        try:
            await super().stream_response(send_in_time)
        except _Unread:
            self._streams.cut_off += 1
            _log.warning("an answer of %s that nobody read for %.0f s is cut off", self._path, UNREAD_S)
