"""Where a target's address is, read when it is used: an environment variable, or a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from command_center.notify.by_apprise import ByApprise
from command_center.notify.modem import Modem, modem_address
from command_center.notify.telegram import Telegram, telegram_address
from command_center.notify.way import Way

MAX_CHARACTERS: Final = 2_000


class NoAddress(Exception):
    """An address cannot be read, or nothing can be sent to it; the text names where it should be, never what it is."""


def read_address(target: str, folder: Path, environ: Mapping[str, str]) -> str:
    """The address of `env:NAME` or `file:PATH` (relative to the city's folder).  Raises NoAddress."""
    kind, _, name = target.partition(":")
    if kind == "env":
        text = environ.get(name, "").strip()
    else:
        try:
            text = (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NoAddress(f"{target}: cannot be read: {type(error).__name__}") from error
    if not text:
        raise NoAddress(f"{target}: is not set")
    if len(text) > MAX_CHARACTERS:
        raise NoAddress(f"{target}: expected at most {MAX_CHARACTERS} characters, got {len(text)}")
    return text


def way_to(target: str, address: str) -> Way:
    """The way out to an address.  Raises NoAddress."""
    try:
        if address.startswith("tgram://"):
            return Telegram(telegram_address(address))
        if address.startswith("modem:"):
            return Modem(modem_address(address))
        return ByApprise(address)
    except ValueError as error:
        raise NoAddress(f"{target}: {error}") from error
