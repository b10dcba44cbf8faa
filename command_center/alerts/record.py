"""A warning of ours from its draft on: the message, who made, authorised and issued it, and what it is about."""

from enum import StrEnum

import msgspec

from command_center.alerts.message import Alert, time_us_of


class State(StrEnum):
    """Where a warning stands."""

    DRAFT = "draft"
    AUTHORISED = "authorised"  # somebody who may has said yes to this very text
    ISSUED = "issued"
    SUPERSEDED = "superseded"  # an update of it was issued
    CANCELLED = "cancelled"
    DISCARDED = "discarded"


OPEN = (State.DRAFT, State.AUTHORISED)
PUBLISHED = (State.ISSUED, State.SUPERSEDED, State.CANCELLED)


class Authorisation(msgspec.Struct, frozen=True, kw_only=True):
    """Who said that it may go out, how that was heard, and who put it on record."""

    by: str
    means: str  # phone, radio, in_person, letter, login, standing_order
    recorded_by: str
    at_us: int
    revision: int  # of the text that was authorised
    comment: str = ""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The alarm, and its condition, that a warning was written for; all empty for one that was written by hand."""

    datastream: str = ""
    alarm_id: str = ""
    level: str = ""
    severity: int = 0  # of the alarm
    since_us: int = 0  # when the level was reached


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One warning of ours."""

    id: str  # the message's identifier
    chain: str  # identifier of the first message of its story
    made_for: str  # what it was made for: nothing is made for the same twice
    state: State
    about: About
    alert: Alert
    valid_min: int  # minutes from its issue to its end
    made_by: str  # empty: by rule
    made_us: int
    revision: int = 1
    edited_by: str = ""
    authorisation: Authorisation | None = None
    issued_by: str = ""
    issued_us: int | None = None
    ended_by: str = ""  # the message that updated or cancelled it

    @property
    def is_open(self) -> bool:
        """Neither issued nor discarded yet."""
        return self.state in OPEN

    @property
    def is_untouched(self) -> bool:
        """A draft by rule that nobody has put a hand to: Siaga may write it anew."""
        return self.state is State.DRAFT and not (self.made_by or self.edited_by)

    def expires_us(self) -> int | None:
        """When an issued message ends, µs UTC."""
        texts = [info.expires for info in self.alert.info if info.expires is not None]
        return min(map(time_us_of, texts)) if texts and self.issued_us is not None else None

    def is_live(self, now_us: int) -> bool:
        """Issued, the newest of its story, and not over; a cancelling message is over at once."""
        expires_us = self.expires_us()
        is_over = self.alert.msg_type == "Cancel" or is_all_clear(self.alert)
        return self.state is State.ISSUED and not is_over and expires_us is not None and expires_us > now_us


class AlertAct(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did about a warning; `by` is empty for a rule."""

    alert_id: str
    at_us: int
    act: str  # drafted, rewritten, edited, authorised, issued, discarded, superseded, cancelled
    by: str
    revision: int
    comment: str = ""


def is_all_clear(alert: Alert) -> bool:
    """Whether a message says that it is over."""
    return bool(alert.info) and all("AllClear" in info.response_type for info in alert.info)
