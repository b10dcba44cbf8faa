"""Dead letters as the API, `--json` and the terminal show them.  All of it is strangers' text: nothing is obeyed."""

import base64
from typing import Final

import msgspec

from gateway.log.rows import DeadLetter, DeadLetterCount, DeadLetterGroup
from sensors.times import rfc3339

_HEX_PER_LINE: Final = 32


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter.  `length` is that of the whole payload, of which 64 KiB are kept."""

    id: int
    received_at: str
    source: str
    topic: str
    reason: str
    detail: str
    element: int | None
    retained: bool
    payload: str
    payload_base64: str
    length: int
    sha256: str
    group: int
    retries: int


class LetterGroupView(msgspec.Struct, frozen=True, kw_only=True):
    """What one device does wrong in one way.

    `detail` is what its letters share; `newest` is the id of the newest kept one, `example` its own detail, and
    `payload` how what it sent begins, as text.
    """

    id: int
    source: str
    reason: str
    topic: str
    detail: str
    count: int
    kept: int
    first_at: str
    last_at: str
    retried: int
    retried_at: str | None
    retried_by: str
    newest: int | None
    example: str
    payload: str


class LetterCountView(msgspec.Struct, frozen=True, kw_only=True):
    """How many dead letters one source had for one reason, ever."""

    source: str
    reason: str
    count: int
    kept: int
    first_at: str
    last_at: str


def letter_view(letter: DeadLetter) -> LetterView:
    """A dead letter as JSON."""
    return LetterView(
        id=letter.id,
        received_at=rfc3339(letter.received_us),
        source=letter.source,
        topic=letter.topic,
        reason=letter.reason,
        detail=letter.detail,
        element=letter.element,
        retained=letter.retained,
        payload=letter.payload.decode("utf-8", "replace"),
        payload_base64=base64.b64encode(letter.payload).decode(),
        length=letter.length,
        sha256=letter.sha256,
        group=letter.group,
        retries=letter.retries,
    )


def group_view(group: DeadLetterGroup) -> LetterGroupView:
    """A group as JSON."""
    return LetterGroupView(
        id=group.id,
        source=group.source,
        reason=group.reason,
        topic=group.topic,
        detail=group.shape,
        count=group.count,
        kept=group.kept,
        first_at=rfc3339(group.first_us),
        last_at=rfc3339(group.last_us),
        retried=group.retried,
        retried_at=None if group.retried_us is None else rfc3339(group.retried_us),
        retried_by=group.retried_by,
        newest=group.newest,
        example=group.example,
        payload=group.payload.decode("utf-8", "replace"),
    )


def count_view(count: DeadLetterCount) -> LetterCountView:
    """A cause's count as JSON."""
    return LetterCountView(
        source=count.source,
        reason=count.reason,
        count=count.count,
        kept=count.kept,
        first_at=rfc3339(count.first_us),
        last_at=rfc3339(count.last_us),
    )


def printable(text: str) -> str:
    r"""The text with everything that a terminal might obey written out.

    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def payload_lines(payload: bytes) -> list[str]:
    """The payload as text where it is text, else as hexadecimal with its offsets."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return [f"{at:6d}  {payload[at : at + _HEX_PER_LINE].hex(' ')}" for at in range(0, len(payload), _HEX_PER_LINE)]
    return [printable(line) for line in text.splitlines()]
