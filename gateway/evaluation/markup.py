"""Texts, figures and tables as HTML; whatever comes from a file is escaped here."""

import html
from collections.abc import Iterable, Sequence

from gateway.evaluation.report import Lead, Spread

NOTHING = "–"


class Markup(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def safe(text: object) -> Markup:
    """The text for HTML; `Markup` stays as it is.

    >>> str(safe("<b>")), str(safe(Markup("<b>")))
    ('&lt;b&gt;', '<b>')
    """
    return text if isinstance(text, Markup) else Markup(html.escape(str(text)))


def element(name: str, *inner: object, of: str = "") -> Markup:
    """An element of a class, if `of` gives one, around texts and elements."""
    start = f'<{name} class="{of}">' if of else f"<{name}>"
    return Markup(f"{start}{''.join(safe(one) for one in inner)}</{name}>")


def table(heads: Sequence[object], rows: Iterable[Sequence[object]], caption: str = "") -> Markup:
    """A table whose first column names the row."""
    head = element("thead", element("tr", *(element("th", one) for one in heads)))
    body = element(
        "tbody", *(element("tr", element("th", row[0]), *(element("td", one) for one in row[1:])) for row in rows)
    )
    above = [element("caption", caption)] if caption else []
    return element("div", element("table", *above, head, body), of="scroll")


def number(value: float | None, digits: int = 0) -> str:
    """A figure with so many decimals at most.

    >>> number(2.50, 2), number(None), number(-0.2)
    ('2.5', '–', '0')
    """
    if value is None:
        return NOTHING
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def spread_text(spread: Spread) -> str:
    """Median and quartiles.

    >>> spread_text(Spread(n=2, min=1.0, q1=1.0, median=2.0, q3=3.0, max=3.0))
    '2 (1 to 3)'
    """
    if spread.median is None:
        return NOTHING
    if spread.n == 1:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.q1)} to {number(spread.q3)})"


def lead_text(lead: Lead) -> str:
    """Of how many it told, and how long before."""
    if not lead.crossings:
        return NOTHING
    return f"{lead.told} of {lead.crossings}" + (f": {spread_text(lead.min)} min" if lead.told else "")


def duration(seconds: float | None) -> str:
    """Seconds in the unit that people would use.

    >>> duration(300.0), duration(10800.0), duration(45.0)
    ('5 min', '3 h', '45 s')
    """
    if seconds is None:
        return NOTHING
    for name, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size or seconds == size:
            return f"{number(seconds / size, 1)} {name}"
    return f"{number(seconds, 1)} s"


def moment(rfc3339: str) -> str:
    """A time of a report for people: without seconds where they are 0; UTC.

    >>> moment("2025-03-04T08:00:00Z")
    '2025-03-04 08:00'
    """
    text = rfc3339.removesuffix("Z").replace("T", " ")
    return text.removesuffix(":00") if text.count(":") == 2 else text
