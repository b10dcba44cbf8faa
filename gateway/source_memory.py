"""What is remembered of each source across restarts: filters in force, protocol, whether its canary ever came back.

Kept in the log's notes, and in memory: a broker is not kept waiting because the disk is.
"""

import logging
from typing import Final

from gateway.committer import Committer
from gateway.errors import LogError

KINDS: Final = ("filters", "protocol", "canary")

_log = logging.getLogger("gateway.mqtt")


class SourceMemory:
    """The sessions' `Memory`."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._known: dict[str, str] = {}

    async def recall(self, source: str, what: str) -> str:
        """What was noted, "" where nothing was or the log cannot be read."""
        key = f"{what}:{source}"
        if key not in self._known:
            try:
                self._known[key] = await self._committer.call(self._committer.writer.recall, key)
            except LogError as error:
                _log.warning("what is known of broker %s (%s) cannot be recalled: %s", source, what, error)
                return ""
        return self._known[key]

    async def remember(self, source: str, what: str, text: str) -> None:
        """Note it; where the log cannot be written it is known until the next start only."""
        key = f"{what}:{source}"
        self._known[key] = text
        try:
            await self._committer.call(self._committer.writer.remember, key, text)
        except LogError as error:
            _log.warning("what is known of broker %s (%s) cannot be noted: %s", source, what, error)

    async def forget(self, source: str) -> None:
        """Nothing is known of it any more."""
        for what in KINDS:
            await self.remember(source, what, "")
