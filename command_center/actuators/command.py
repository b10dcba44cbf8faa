"""What an actuator is told, and what became of it: pure, no clock, no broker."""

from enum import StrEnum
from typing import Final

import msgspec

from sensors.actuator import Actuator
from sensors.times import SECOND_US, rfc3339

MAX_ATTEMPTS: Final = 3  # of what an alarm asks for; then people have to go
TEST_LASTS_US: Final = 5 * SECOND_US  # a test switches off by itself
ALARM: Final = "alarm"
PERSON: Final = "person"
TEST: Final = "test"


class Standing(StrEnum):
    """What became of a command."""

    WAITING = "waiting"  # the broker has not taken it yet
    SENT = "sent"  # it has; the actuator has not said that it did it
    CONFIRMED = "confirmed"  # it has said so
    UNCONFIRMED = "unconfirmed"  # it has not, in time
    EXPIRED = "expired"  # the broker did not take it in time: it is not sent any more
    UNTOLD = "untold"  # it was sent, and this actuator never says anything


FAILED: Final = (Standing.EXPIRED, Standing.UNCONFIRMED)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command."""

    id: str
    actuator: str
    on: bool
    why: str  # alarm, person, test
    alarm_id: str = ""
    by: str = ""  # empty: by itself
    comment: str = ""
    attempt: int = 1
    severity: int = 0  # of the alarm that asked for it
    issued_us: int
    expires_us: int
    confirm_us: int  # how long after it was sent it must be confirmed
    tells: bool  # the actuator says how it stands
    sent_us: int | None = None
    confirmed_us: int | None = None

    def standing(self, now_us: int) -> Standing:
        """What became of it by `now_us`."""
        if self.confirmed_us is not None:
            return Standing.CONFIRMED
        if self.sent_us is None:
            return Standing.WAITING if now_us < self.expires_us else Standing.EXPIRED
        if not self.tells:
            return Standing.UNTOLD
        return Standing.SENT if now_us < self.sent_us + self.confirm_us else Standing.UNCONFIRMED

    @property
    def word(self) -> str:
        """`on` or `off`, as payloads have it."""
        return "on" if self.on else "off"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what of an actuator, and why."""

    on: bool
    why: str
    alarm_id: str = ""
    by: str = ""
    comment: str = ""
    attempt: int = 1
    severity: int = 0  # of the alarm


def command_of(actuator: Actuator, order: Order, number: int, now_us: int) -> Command:
    """The command that carries an order out; `number` tells it from all others."""
    return Command(
        id=f"{actuator.actuator}-{number}",
        actuator=actuator.actuator,
        on=order.on,
        why=order.why,
        alarm_id=order.alarm_id,
        by=order.by,
        comment=order.comment,
        attempt=order.attempt,
        severity=order.severity,
        issued_us=now_us,
        expires_us=now_us + round(actuator.expires_s * SECOND_US),
        confirm_us=round(actuator.confirm_s * SECOND_US),
        tells=actuator.tells,
    )


def payload_of(actuator: Actuator, command: Command) -> bytes:
    """The bytes to publish: the row's template with the command's words in it.

    `{id}` is the actuator's name, `{set}` on or off, `{issued_at}` and `{expires_at}` are RFC 3339 in UTC.
    """
    text = actuator.payload_on if command.on else actuator.payload_off
    words = {
        "{id}": actuator.actuator,
        "{set}": command.word,
        "{issued_at}": rfc3339(command.issued_us),
        "{expires_at}": rfc3339(command.expires_us),
    }
    for name, word in words.items():
        text = text.replace(name, word)
    return text.encode()


def state_in(actuator: Actuator, payload: bytes) -> bool | None:
    """Whether a message of an actuator says that it sounds; None where it says neither (another event, no text)."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    for on, wanted in ((True, actuator.state_on), (False, actuator.state_off)):
        path, equals, value = wanted.partition("=")
        said = _at(text, path) if equals else text
        if said is not None and said.strip().casefold() == (value if equals else wanted).strip().casefold():
            return on
    return None


def _at(text: str, path: str) -> str | None:
    """What stands at a dotted path of a JSON text, as JSON writes it (text without its quotes)."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    for name in path.strip().split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()
