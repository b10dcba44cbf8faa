"""SMS by a modem on a serial line: the way out that needs no internet.

Address: `modem:///dev/ttyUSB0?to=+628123456789`, with `&baud=115200` where it is another.  Several numbers may share a
modem: one message at a time.
"""

import contextlib
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from command_center.notify.by_apprise import in_own_thread
from command_center.notify.message import Message
from command_center.notify.notice import Result
from command_center.notify.pace import Budget
from command_center.notify.sms import MOST, NUMBER, Ended, SmsDialogue
from command_center.notify.way import Delivery

PER_MINUTE: Final = 6  # a modem takes three to six seconds a part
LINES: Final = 2
ANSWER_S: Final = (
    60.0  # the network may take so long for one part (3GPP TS 27.005 names no limit; modems give up at 60)
)
READ_BYTES: Final = 512
_RESULTS: Final = {Ended.SENT: Result.SENT, Ended.REFUSED: Result.REFUSED, Ended.UNKNOWN: Result.UNKNOWN}


class ModemAddress(msgspec.Struct, frozen=True):
    """A device and a number."""

    device: str
    number: str
    baud: int = 115_200


def modem_address(url: str) -> ModemAddress:
    """The address of `modem:///dev/…?to=NUMBER`.  Raises ValueError, which does not repeat it."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    number = query.get("to", [""])[0].replace(" ", "+")  # a plus that was not escaped
    baud = query.get("baud", ["115200"])[0]
    if (
        parts.netloc
        or not parts.path.startswith("/dev/")
        or not NUMBER.fullmatch(number)
        or f"B{baud}" not in dir(termios)
    ):
        raise ValueError("expected modem:///dev/…?to=NUMBER, with &baud=… as serial lines have it")
    return ModemAddress(parts.path, number, int(baud))


class Modem:
    """One number."""

    kind = "sms"
    budget = Budget(per_minute=PER_MINUTE, lines=LINES)

    def __init__(self, address: ModemAddress) -> None:
        self._address = address

    async def close(self) -> None:
        """Nothing is held between messages."""

    async def send(self, message: Message) -> Delivery:
        """Hand it to the modem and wait until the network has taken it."""
        return await in_own_thread(lambda: self._send(message.text(MOST)))

    def _send(self, text: str) -> Delivery:
        dialogue = SmsDialogue(self._address.number, text, time.time_ns() // 1_000_000_000)
        with _line_of(self._address.device):
            try:
                with _opened(self._address) as line:
                    _converse(line, dialogue)
            except (OSError, termios.error) as error:
                detail = f"{self._address.device}: {error.args[-1] if error.args else type(error).__name__}"
                dialogue.give_up()
                return Delivery(_RESULTS[dialogue.ended or Ended.UNKNOWN], detail)
        return Delivery(_RESULTS[dialogue.ended or Ended.UNKNOWN], dialogue.detail)


def _converse(line: int, dialogue: SmsDialogue) -> None:
    _write(line, dialogue.start())
    while dialogue.ended is None:
        readable, _, _ = select.select([line], [], [], ANSWER_S)
        data = os.read(line, READ_BYTES) if readable else b""
        if not data:
            _write(line, dialogue.give_up())
            return
        _write(line, dialogue.receive(data))


def _write(line: int, data: bytes) -> None:
    while data:
        _, writable, _ = select.select([], [line], [], ANSWER_S)
        if not writable:
            raise TimeoutError("the modem takes no bytes")
        data = data[os.write(line, data) :]


@contextlib.contextmanager
def _opened(address: ModemAddress) -> Iterator[int]:
    line = os.open(address.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        tty.setraw(line)
        settings = termios.tcgetattr(line)
        settings[4] = settings[5] = getattr(termios, f"B{address.baud}")
        termios.tcsetattr(line, termios.TCSANOW, settings)
        termios.tcflush(line, termios.TCIOFLUSH)
        yield line
    finally:
        os.close(line)


_LINES: Final[dict[str, threading.Lock]] = {}  # by device; as many as contacts name
_NAMING: Final = threading.Lock()


def _line_of(device: str) -> threading.Lock:
    with _NAMING:
        return _LINES.setdefault(device, threading.Lock())
