"""What is wrong around the gateway's log while it can be written: said by `/healthz` and on the wall alike."""

from typing import Final, Literal

import msgspec

from gateway.status import StatusFrame
from sensors.times import HOUR_US, rfc3339

TOLD_FOR_US: Final = 24 * HOUR_US  # after unread rows were deleted
WAL_HELD_S: Final = 60.0  # no reader needs a snapshot for so long
READER_HEARD_S: Final = 30.0  # the error of a reader that is gone is not told for ever

Kind = Literal["unread_lost", "reserve", "wal_held", "reader"]


class LogTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    kind: Kind
    text: str  # in words, for `/healthz`
    reader: str = ""  # its name, where a reader is what is wrong
    detail: str = ""  # what the reader says itself
    at_us: int | None = None  # when rows were lost


def log_troubles(frame: StatusFrame) -> tuple[LogTrouble, ...]:
    """All of them, as of the frame's time."""
    found = []
    lost_us = frame.log_unread_lost_us
    if lost_us is not None and frame.now_us - lost_us < TOLD_FOR_US:
        text = f"the log was over its cap: rows went before every reader had read them, last at {rfc3339(lost_us)}"
        found.append(LogTrouble(kind="unread_lost", text=text, at_us=lost_us))
    if frame.log_reserve_missing:
        text = "the log's reserve is not held: the disk has no room for it"
        found.append(LogTrouble(kind="reserve", text=text))
    held_s = frame.gauges.get("wal_held_s", 0.0)
    if held_s > WAL_HELD_S:
        text = f"a reader has kept the write-ahead log from being emptied for {held_s:.0f} s: it fills the disk"
        found.append(LogTrouble(kind="wal_held", text=text))
    found += [
        LogTrouble(kind="reader", text=f"reader {r.name}: {r.error}", reader=r.name, detail=r.error)
        for r in frame.readers
        if r.error and r.heard_s < READER_HEARD_S
    ]
    return tuple(found)


def history_troubles(trouble: str) -> tuple[LogTrouble, ...]:
    """The history on disk, which follows the log as a reader does, as one of them."""
    return (LogTrouble(kind="reader", text=trouble, reader="history", detail=trouble),) if trouble else ()
