"""Words of the public page in both languages, from the screen's own texts."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Final

from command_center.alarms.text import moment, number
from sensors.catalogue import Catalogue, Text

_TEXTS: Final = "command_center.display"
_ALWAYS_WITH_DAY: Final = 0  # "today" is 1970: every time is told with its day
_UNITS: Final = {"m3/s": "m³/s", "m3/s/h": "m³/s/h", "min": "menit"}
_HOUR: Final = "/h"


@lru_cache(1)
def _texts() -> tuple[dict[str, str], dict[str, str]]:
    folder = files(_TEXTS) / "static" / "text"
    indonesian, english = (json.loads((folder / f"{one}.json").read_text("utf-8")) for one in ("id", "en"))
    return indonesian, english


def say(key: str, **values: str | Text) -> Text:
    """A text of the screen with its values put in.  Raises KeyError where there is no such text.

    >>> say("warga.since", time="14:05 WIB").id
    'sejak 14:05 WIB'
    """
    indonesian, english = _texts()
    return Text(
        indonesian[key].format_map(
            {name: value if isinstance(value, str) else value.id for name, value in values.items()}
        ),
        english[key].format_map(
            {name: value if isinstance(value, str) else value.en for name, value in values.items()}
        ),
    )


def joined(parts: list[Text], between: str = " ") -> Text:
    """Texts one behind the other.

    >>> joined([Text("a", "b"), Text("c", "d")], ", ").en
    'b, d'
    """
    return Text(between.join(part.id for part in parts), between.join(part.en for part in parts))


def measured(value: float, unit: str) -> Text:
    """A value with its unit, as the public reads it.

    >>> measured(12.5, "cm/h").id.replace("\\N{NARROW NO-BREAK SPACE}", " ")
    '12,5 cm/jam'
    """
    shown = _UNITS.get(unit, unit)
    return Text(
        f"{number(value, 'id')} {shown.replace(_HOUR, '/jam')}".rstrip(), f"{number(value, 'en')} {shown}".rstrip()
    )


def clock(time_us: int, catalogue: Catalogue, now_us: int) -> Text:
    """A time as the city's clocks show it, with the day where that is not today."""
    return moment(time_us, catalogue, now_us)


def dated_clock(time_us: int, catalogue: Catalogue) -> Text:
    """The same with its day always, behind it: a page is saved and forwarded."""
    alone, dated = moment(time_us, catalogue, time_us), moment(time_us, catalogue, _ALWAYS_WITH_DAY)
    return Text(_day_behind(alone.id, dated.id), _day_behind(alone.en, dated.en))


def _day_behind(alone: str, dated: str) -> str:
    day = dated.removesuffix(alone).strip()
    return f"{alone}, {day}" if day else alone
