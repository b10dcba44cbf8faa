"""Links and buttons that acknowledge, signed: who has the message may, under the name of its contact.

A link is good for one call of one alarm and one contact, until it expires, and once: what is acknowledged stays so.
It opens a page; only that page's button acknowledges, so that a preview of the link does not.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from command_center.errors import OperationsError
from command_center.notify.notice import Notice
from sensors.settings import NotifySettings
from sensors.times import HOUR_US, SECOND_US

KEY_FILE: Final = "notify.key"
KEY_BYTES: Final = 32
PATH: Final = "/a/"
MAX_TOKEN: Final = 400
_MAC_BYTES: Final = 16
_BUTTON_MAC: Final = 16  # hexadecimal digits; a button's text is at most 64 bytes (Bot API, callback_data)


class Refused(StrEnum):
    """Why a link is not followed."""

    DAMAGED = "damaged"  # or not signed by us
    EXPIRED = "expired"


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What a link says, once its signature is right."""

    alarm_id: str
    call: int
    contact: str
    expires_s: int


class Links:
    """Makes and reads them.  Raises OperationsError where the key can be neither read nor made."""

    def __init__(self, data_dir: Path, settings: NotifySettings) -> None:
        self._key = _key(data_dir / KEY_FILE)
        self._url = settings.public_url.rstrip("/")
        self._lasts_us = round(settings.link_hours * HOUR_US)
        self._buttons = settings.telegram_buttons

    def link(self, notice: Notice, now_us: int) -> str:
        """The whole link; empty where the wall cannot be reached from outside."""
        if not self._url:
            return ""
        expires_s = (now_us + self._lasts_us) // SECOND_US
        claim = msgspec.json.encode(Claim(notice.alarm_id, notice.call, notice.contact, expires_s))
        return f"{self._url}{PATH}{_text(claim)}.{_text(self._mac(b'link', claim)[:_MAC_BYTES])}"

    def read(self, token: str, now_us: int) -> Claim | Refused:
        """What a link claims, or why it is not followed."""
        body, _, mac = token.partition(".")
        try:
            claim, given = _bytes(body), _bytes(mac)
        except (binascii.Error, ValueError):
            return Refused.DAMAGED
        if len(token) > MAX_TOKEN or not hmac.compare_digest(self._mac(b"link", claim)[:_MAC_BYTES], given):
            return Refused.DAMAGED
        read = msgspec.json.decode(claim, type=Claim)
        return Refused.EXPIRED if read.expires_s * SECOND_US <= now_us else read

    def button(self, notice: Notice) -> str:
        """What a button sends back; empty where buttons are off."""
        return self._signed(f"{notice.alarm_id}/{notice.call}") if self._buttons else ""

    def read_button(self, text: str) -> tuple[str, int] | None:
        """Alarm and call of a button; None where it is not one of ours."""
        call, _, _ = text.rpartition(":")
        if not hmac.compare_digest(self._signed(call).encode(), text.encode()):
            return None
        alarm_id, _, number = call.rpartition("/")
        return alarm_id, int(number)

    def _signed(self, call: str) -> str:
        return f"{call}:{self._mac(b'button', call.encode()).hex()[:_BUTTON_MAC]}"

    def _mac(self, purpose: bytes, text: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + text, hashlib.sha256)


def _key(file: Path) -> bytes:
    """The key, made once, for the user who runs Siaga alone."""
    try:
        if not file.exists():
            made = file.with_suffix(".new")
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(secrets.token_bytes(KEY_BYTES))
                out.flush()
                os.fsync(out.fileno())
            made.rename(file)
        key = file.read_bytes()
    except OSError as error:
        raise OperationsError(f"{file}: cannot be read or made: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise OperationsError(f"{file}: expected {KEY_BYTES} bytes, got {len(key)}: remove it, and old links are void")
    return key


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
