"""Payloads as text, for every format that reads some."""

import re
from typing import Final

from gateway.readings import Refusal, Refused

# What devices write for a number although JSON has none; inside a word or next to a quotation mark it is a text's.
NOT_FINITE: Final = re.compile(rb"(?<![\w\"\x80-\xff])[+-]?(nan|inf|infinity)(?![\w\"\x80-\xff])", re.IGNORECASE)


def text_of(payload: bytes) -> str:
    """The text; Refused (NOT_UTF8) says where it is none."""
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise Refused(Refusal.NOT_UTF8, f"{error.reason} at byte {error.start}") from error
