"""An SMS by the AT commands of a modem: sans-I/O, bytes in, bytes out (3GPP TS 27.005).

PDU mode with UCS-2 (3GPP TS 23.040): text mode takes other letters than ASCII on some modems only, and joins no parts.
"""

import re
from collections.abc import Generator
from enum import StrEnum
from typing import Final

ONE_PART: Final = 70  # characters of UCS-2: 140 bytes (TS 23.040, 9.2.3.24)
JOINED_PART: Final = 67  # less the 6 bytes of the header that joins parts
MAX_PARTS: Final = 4
MOST: Final = JOINED_PART * MAX_PARTS  # characters of a message
NUMBER: Final = re.compile(r"\+?\d{3,15}")
MAX_LINE: Final = 1_024  # bytes without an end of line; whoever sends more is no modem
CTRL_Z: Final = b"\x1a"
ESCAPE: Final = b"\x1b"

_SUBMIT: Final = 0x11  # SMS-SUBMIT with a relative validity
_HAS_HEADER: Final = 0x40
_UCS2: Final = 0x08
_ONE_DAY: Final = 0xA7
_INTERNATIONAL, _UNKNOWN_KIND = 0x91, 0x81
_FAILURES: Final = (b"ERROR", b"+CMS ERROR", b"+CME ERROR", b"NO CARRIER")


class Ended(StrEnum):
    """How a dialogue ended."""

    SENT = "sent"
    REFUSED = "refused"  # nothing was handed over
    UNKNOWN = "unknown"  # some of it was


class SmsDialogue:
    """One message to one number: write what `start` and `receive` give, until `ended` is not None.

    Raises ValueError for what is no number.  `reference` (0 to 255) joins the parts of one message.
    """

    def __init__(self, number: str, text: str, reference: int) -> None:
        if not NUMBER.fullmatch(number):
            raise ValueError("expected a number such as +628123456789")
        self.ended: Ended | None = None
        self.detail = ""  # what the modem said
        self._handed_over = False
        self._buffer = b""
        self._steps = self._talk(pdus(number, text, reference))

    def start(self) -> bytes:
        """The first command."""
        return next(self._steps)

    def receive(self, data: bytes) -> bytes:
        """What to write after these bytes; empty while an answer is not whole."""
        self._buffer += data
        written = b""
        while self.ended is None and (answer := self._answer()) is not None:
            if answer.startswith(_FAILURES):
                self._end(answer.decode("ascii", "replace"))
            else:
                try:
                    written += self._steps.send(answer)
                except StopIteration:
                    self.ended = Ended.SENT
        if self.ended is None and len(self._buffer) > MAX_LINE:
            self._end("what answers is no modem")
        return written

    def give_up(self) -> bytes:
        """It does not answer; what makes it forget a message that is half handed over."""
        if self.ended is None:
            self._end("no answer")
        return ESCAPE

    def _end(self, detail: str) -> None:
        self.ended, self.detail = Ended.UNKNOWN if self._handed_over else Ended.REFUSED, detail[:200]

    def _talk(self, parts: list[tuple[int, str]]) -> Generator[bytes, bytes, None]:
        """Commands out, final answers in."""
        yield ESCAPE + b"\rATE0\r"  # what an earlier dialogue may have left open is dropped
        yield b"AT+CMGF=0\r"
        for length, pdu in parts:
            yield b"AT+CMGS=%d\r" % length  # answered by a prompt
            self._handed_over = True
            yield pdu.encode() + CTRL_Z

    def _answer(self) -> bytes | None:
        """The next final answer or prompt; None while there is none.  Echoes and the network's news are passed over."""
        while True:
            if self._buffer.lstrip(b"\r\n").startswith(b">"):
                self._buffer = b""
                return b">"
            line, end, rest = self._buffer.partition(b"\n")
            if not end:
                return None
            self._buffer, line = rest, line.strip()
            if line == b"OK" or line.startswith(_FAILURES):
                return line


def pdus(number: str, text: str, reference: int) -> list[tuple[int, str]]:
    """(length for AT+CMGS, PDU in hexadecimal) of each part; beyond `MOST` characters the text is cut.

    >>> pdus("+628123", "Hai", 0)
    [(17, '00110006912618320008A706004800610069')]
    """
    text = "".join(c if ord(c) < 0x10000 else "?" for c in text)[:MOST]
    if len(text) <= ONE_PART:
        return [_pdu(number, b"", text)]
    parts = [text[at : at + JOINED_PART] for at in range(0, len(text), JOINED_PART)]
    header = (0x05, 0x00, 0x03, reference % 256, len(parts))  # TS 23.040, 9.2.3.24.1
    return [_pdu(number, bytes((*header, n)), part) for n, part in enumerate(parts, start=1)]


def _pdu(number: str, header: bytes, text: str) -> tuple[int, str]:
    digits = number.removeprefix("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = bytes.fromhex("".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2)))
    body = header + text.encode("utf-16-be")
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN_KIND
    first = _SUBMIT | (_HAS_HEADER if header else 0)
    told = bytes((first, 0, len(digits), kind)) + swapped + bytes((0, _UCS2, _ONE_DAY, len(body))) + body
    return len(told), f"00{told.hex().upper()}"  # 00: the service center that the card knows
