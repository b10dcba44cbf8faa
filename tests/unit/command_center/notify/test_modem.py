"""SMS by a modem: a pseudo-terminal plays it, and reads the PDUs by the standard, not by our code."""

import asyncio
import contextlib
import os
import pty
import re
import select
import threading
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_center.notify import modem
from command_center.notify.message import Message
from command_center.notify.modem import Modem, modem_address
from command_center.notify.notice import Result
from command_center.notify.sms import MOST, Ended, SmsDialogue, pdus

NUMBER = "+6281234567890"


def decoded(pdu: str) -> tuple[str, bytes, str]:
    """Number, joining header and text of an SMS-SUBMIT (3GPP TS 23.040, 9.2.2.2)."""
    raw = bytes.fromhex(pdu)
    assert raw[0] == 0
    assert raw[1] & 0x03 == 1  # SMS-SUBMIT
    digits = raw[3]
    assert raw[4] == 0x91
    end = 5 + (digits + 1) // 2
    number = "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in raw[5:end])[:digits]
    assert raw[end + 1] == 0x08
    body = raw[end + 4 :]
    assert raw[end + 3] == len(body) <= 140
    header = body[: body[0] + 1] if raw[1] & 0x40 else b""
    return f"+{number}", header, body[len(header) :].decode("utf-16-be")


@given(st.text(st.characters(max_codepoint=0xD7FF), max_size=MOST))
def test_the_parts_of_a_text_are_the_text(text: str) -> None:
    parts = [decoded(pdu) for _, pdu in pdus(NUMBER, text, 7)]
    assert "".join(said for _, _, said in parts) == text
    assert {number for number, _, _ in parts} == {NUMBER}
    if len(parts) > 1:
        assert [header for _, header, _ in parts] == [bytes((5, 0, 3, 7, len(parts), n + 1)) for n in range(len(parts))]
    assert [length for length, _ in pdus(NUMBER, text, 7)] == [len(pdu) // 2 - 1 for _, pdu in pdus(NUMBER, text, 7)]


@given(st.binary(max_size=2_000))
def test_whatever_answers_the_dialogue_ends_or_waits(noise: bytes) -> None:
    dialogue = SmsDialogue(NUMBER, "Awas", 1)
    dialogue.start()
    dialogue.receive(noise)
    dialogue.give_up()
    assert dialogue.ended is not None


def test_what_is_not_handed_over_is_surely_not_received() -> None:
    early, late = SmsDialogue(NUMBER, "Awas", 1), SmsDialogue(NUMBER, "Awas", 1)
    early.start()
    early.receive(b"\r\nOK\r\n\r\n+CME ERROR: 10\r\n")
    assert (early.ended, early.detail) == (Ended.REFUSED, "+CME ERROR: 10")
    late.start()
    late.receive(b"\r\nOK\r\n")
    late.receive(b"\r\nOK\r\n")
    assert late.receive(b"\r\n> ").endswith(b"\x1a")
    late.receive(b"\r\n+CMS ERROR: 500\r\n")
    assert late.ended is Ended.UNKNOWN


@dataclass(slots=True)
class Played:
    """What a played modem was told."""

    device: str
    sent: list[str] = field(default_factory=list)
    answer: bytes = b"\r\n+CMGS: 12\r\n\r\nOK\r\n"


@contextlib.contextmanager
def played_modem() -> Iterator[Played]:
    """A modem on a pseudo-terminal; it echoes until it is told not to, and reports signal in between."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    played, over = Played(os.ttyname(slave)), threading.Event()
    thread = threading.Thread(target=_play, args=(master, played, over))
    thread.start()
    try:
        yield played
    finally:
        over.set()
        thread.join()
        os.close(master)
        os.close(slave)


def _play(master: int, played: Played, over: threading.Event) -> None:
    buffer = b""
    while not over.is_set():
        if not select.select([master], [], [], 0.02)[0]:
            continue
        buffer += os.read(master, 1_024)
        while found := re.match(rb"[\x1b\r]*([^\r\x1a\x1b]+)([\r\x1a])", buffer):
            buffer = buffer[found.end() :]
            os.write(master, _said(found[1], found[2], played))


def _said(command: bytes, end: bytes, played: Played) -> bytes:
    if end == b"\x1a":
        played.sent.append(command.decode())
        return b"\r\n+CSQ: 17,99\r\n" + played.answer
    if command.startswith(b"AT+CMGS="):
        return b"\r\n> "
    return (command + b"\r" if command == b"ATE0" else b"") + b"\r\nOK\r\n"


def test_a_message_goes_out_by_a_modem_in_joined_parts_with_its_id() -> None:
    message = Message("Awas: Rolak Songo", "Rolak Songo muka air 700 cm, Awas sejak 22:00 WIB " * 2, 4, ("a/1/x/0",))
    with played_modem() as played:
        way = Modem(modem_address(f"modem://{played.device}?to={NUMBER}"))
        delivery = asyncio.run(way.send(message))
        assert delivery.result is Result.SENT
        assert "".join(decoded(pdu)[2] for pdu in played.sent) == message.text(MOST)
        assert message.text(MOST).endswith("id: a/1/x/0")
        played.answer = b"\r\n+CMS ERROR: 500\r\n"
        assert asyncio.run(way.send(message)).result is Result.UNKNOWN


def test_a_modem_that_is_gone_or_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    message = Message("Awas", "Rolak Songo", 4, ("a/1/x/0",))
    gone = asyncio.run(Modem(modem_address(f"modem:///dev/not-there?to={NUMBER}")).send(message))
    assert (gone.result, "/dev/not-there" in gone.detail) == (Result.REFUSED, True)
    monkeypatch.setattr(modem, "ANSWER_S", 0.05)
    master, slave = pty.openpty()
    silent = asyncio.run(Modem(modem_address(f"modem://{os.ttyname(slave)}?to={NUMBER}")).send(message))
    os.close(master)
    os.close(slave)
    assert (silent.result, silent.detail) == (Result.REFUSED, "no answer")


@pytest.mark.parametrize("url", ["modem:///etc/passwd?to=+62812", "modem:///dev/ttyUSB0?to=me", "modem://host/dev/x"])
def test_what_is_no_modem_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="expected modem:///dev/") as refused:
        modem_address(url)
    assert url not in str(refused.value)
