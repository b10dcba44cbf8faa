"""Whom retention waits for: readers as the log remembers them, one that is down among them."""

import logging
from collections.abc import Mapping
from typing import Final

import msgspec

NOTE: Final = "cursor:"  # before a reader's name, in `meta`
MAX_READERS: Final = 32

_log = logging.getLogger("gateway.log")


class KnownReader(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reader is in the log, and when it last said so."""

    seq: int
    compacted_seq: int | None = None
    heard_us: int

    @property
    def behind(self) -> int:
        """Rows up to here are not needed by it any more."""
        return self.seq if self.compacted_seq is None else min(self.seq, self.compacted_seq)

    def at_the_start(self) -> "KnownReader":
        """The same reader before it has read anything of a new log."""
        return KnownReader(seq=0, compacted_seq=None if self.compacted_seq is None else 0, heard_us=self.heard_us)


def noted(readers: Mapping[str, KnownReader]) -> dict[str, str]:
    """The readers as notes of the log."""
    return {NOTE + name: msgspec.json.encode(reader).decode() for name, reader in readers.items()}


def known(notes: Mapping[str, str]) -> dict[str, KnownReader]:
    """The readers among the log's notes, at most MAX_READERS; a note that damage made unreadable is said, and none."""
    readers: dict[str, KnownReader] = {}
    for key, value in notes.items():
        if key.startswith(NOTE) and len(readers) < MAX_READERS:
            try:
                readers[key.removeprefix(NOTE)] = msgspec.json.decode(value, type=KnownReader)
            except msgspec.MsgspecError as error:
                _log.warning("the note of reader %s cannot be read (%s): it counts when it is heard", key, error)
    return readers
