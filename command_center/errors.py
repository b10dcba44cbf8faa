"""Errors of the command center.

SiagaError
└── CommandCenterError        base of what this package raises; one line on stderr, exit 1
    ├── StartError            something that was checked before the start is not as it must be
    ├── ListenError           the HTTP address cannot be had
    ├── OperationsError       operations.db cannot be opened or is of another version
    │   └── NotStored         a write to operations.db failed: nothing of it happened
    ├── HistoryError          the history on disk cannot be read or written
    │   ├── HistoryFull       there is no room on its disk
    │   └── HistoryBusy       too many ask at once
    ├── AlarmActive           only an alarm that has returned to normal can be closed
    ├── NotAllowed            an act that this alarm, order or person does not allow
    ├── UnknownName           there is no user, token or handover of that name
    ├── CapError              a CAP message that is none, or cannot be written
    └── AlertFaulty           a warning of ours that must not go out as it is
"""

from collections.abc import Sequence

from gateway.errors import LogDamaged, LogError, LogFull
from sensors.errors import SiagaError


class CommandCenterError(SiagaError):
    """Base of what this package raises."""


class StartError(CommandCenterError):
    """A check before the start failed; the text says what, where, and which option helps."""


class ListenError(CommandCenterError):
    """The HTTP address cannot be listened on; the text names address and reason."""


class OperationsError(CommandCenterError):
    """operations.db cannot be opened, or another version of Siaga wrote it."""


class NotStored(OperationsError):
    """A write to operations.db failed and was rolled back whole."""


class HistoryError(CommandCenterError):
    """The history on disk cannot be read or written; the text says what was tried, and why it failed."""

    @classmethod
    def of(cls, error: LogError) -> "HistoryError":
        """What SQLite said, in the log's words."""
        if isinstance(error, LogDamaged):
            return HistoryDamaged(str(error))
        return (HistoryFull if isinstance(error, LogFull) else HistoryError)(str(error))


class HistoryDamaged(HistoryError):
    """manifest.db is damaged; the text says how."""


class HistoryFull(HistoryError):
    """There is no room left on the disk."""


class HistoryBusy(HistoryError):
    """More questions than may wait: ask again in a while."""


class AlarmActive(CommandCenterError):
    """The alarm is still active: what it warns of is still there."""


class NotAllowed(CommandCenterError):
    """An act that the alarm's state or severity does not allow; the text says why, and what can be done instead."""


class UnknownName(CommandCenterError):
    """Nothing has that name; the text says what was looked for."""


class CapError(CommandCenterError):
    """A text is no CAP 1.2 message, or a message cannot be written as one; `where` names element and line."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{where}: {what}")
        self.what, self.where = what, where


class AlertFaulty(CommandCenterError):
    """A warning of ours breaks rules of CAP or our own; the text names each, `where` the place of the first."""

    def __init__(self, faults: Sequence[object], where: str) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.where = where
