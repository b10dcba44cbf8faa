"""Observations as the API shows them."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Final, Literal

import msgspec

from command_center.picture.series import Rows
from sensors.origin import Origin
from sensors.quality import Reason
from sensors.sharing import Sharing, Terms
from sensors.times import rfc3339

ORIGIN_WORDS: Final = tuple(origin.word for origin in sorted(Origin))
_AT_ONCE: Final = 4096


class Observation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One observation.  `reasons` is left out where there are none."""

    time: str  # RFC 3339 UTC
    value: float | None  # unit of the datastream; null = missing
    quality: int  # QARTOD
    origin: str
    reasons: list[str] = []


class ObservationList(msgspec.Struct, frozen=True, kw_only=True):
    """Observations of a span.  `held_from`: before it something that was stored may be missing; null: nothing is."""

    items: list[Observation]
    next: None
    held_from: str | None
    detail: Literal["observation", "minute"]  # what they are made of: observations, or the extremes of minutes
    producer: str  # whom to name beside them
    licence: str  # what may be done with them; empty: none is granted
    sharing: Sharing


def observations(rows: Rows) -> list[Observation]:
    """Rows of the history as the API shows them."""
    columns = (rows[name].tolist() for name in ("time_us", "value", "quality", "origin", "reasons", "spike"))
    return [
        Observation(
            time=rfc3339(time_us),
            value=known(value),
            quality=quality,
            origin=ORIGIN_WORDS[origin],
            reasons=reason_words(reasons, spike=spike) if reasons or spike else [],
        )
        for time_us, value, quality, origin, reasons, spike in zip(*columns, strict=True)
    ]


def reason_words(reasons: int, *, spike: bool) -> list[str]:
    """The words of reasons, `spike` where the observation after it says so."""
    return [*Reason(reasons).words, *(["spike"] if spike else [])]


async def encoded_list(
    pieces: AsyncIterator[Rows], held_from_us: int | None, terms: Terms, detail: str = "observation"
) -> AsyncIterator[bytes]:
    """Observations as one list of the API, piece by piece; `held_from_us`: what lies before it may be missing."""
    yield b'{"items":['
    is_first = True
    async for rows in pieces:
        for start in range(0, len(rows), _AT_ONCE):
            yield b"," * (not is_first) + msgspec.json.encode(observations(rows[start : start + _AT_ONCE]))[1:-1]
            is_first = False
            await asyncio.sleep(0)  # encoding holds the loop
    held_from = msgspec.json.encode(None if held_from_us is None else rfc3339(held_from_us))
    behind = msgspec.json.encode(detail) + b"," + msgspec.json.encode(terms)[1:]
    yield b'],"next":null,"held_from":' + held_from + b',"detail":' + behind


async def one_piece(rows: Rows) -> AsyncIterator[Rows]:
    """Rows that are there at once."""
    yield rows


def known(value: float) -> float | None:
    """None for a missing value (NaN)."""
    return None if math.isnan(value) else value
