"""A sheet of paper as a value, in one language: who writes it as HTML or PDF knows nothing of incidents or shifts."""

from typing import Final

import msgspec

from command_center.alarms.text import Language
from command_center.paper.plot import Drawing

MAX_CELL: Final = 4_000  # characters; longer ones are cut and say so
CUT: Final = " […]"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under a heading.  `widths`: shares of the page's width, one a column."""

    title: str
    head: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""  # below: what is left out, or that there is nothing


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing under a heading."""

    title: str
    drawing: Drawing
    note: str = ""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.  `band`: a line that must not be overlooked (an exercise); empty: none."""

    language: Language
    title: str
    band: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Table | Figure, ...]
    foot: str


def cell(text: str) -> str:
    """A text as it may stand in a cell: control characters out, cut at `MAX_CELL`.

    >>> cell("a\\x00b\\nc")
    'a b c'
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in text[: MAX_CELL + 1]).split())
    return clean if len(text) <= MAX_CELL else clean[:MAX_CELL] + CUT
