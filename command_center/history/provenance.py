"""What a Parquet file says of how it came about, in its metadata: enough to make a manifest anew of the files.

Under the key `siaga`, JSON.  `place`: when the file was written, everything up to that row of that log was in files
that counted; its own rows may be newer.  `raw_from_us`, `minutes_from_us`: what was known then to have gone.
`replaces`: the numbers of all files that were merged into it, and into those.  Files that an older Siaga wrote have
nothing under that key.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from command_center.history.manifest import Place

KEY: Final = "siaga"
# The value under the key, NULL where there is none; for a statement about one file, its path bound as ?.
SQL: Final = f"(SELECT first(decode(value)) FROM parquet_kv_metadata(?) WHERE decode(key) = '{KEY}')"  # noqa: S608

_log = logging.getLogger("command_center.history")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Of one file."""

    place: Place
    raw_from_us: int
    minutes_from_us: int
    replaces: tuple[int, ...] = ()  # sorted

    @property
    def is_merged(self) -> bool:
        """Whether it was made of other files, not of the log."""
        return bool(self.replaces)

    def text(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self), separators=(",", ":"))


def parsed(text: str | None) -> Provenance | None:
    """What a file says; None where it says nothing, or (that is logged) nothing that we would write."""
    if text is None:
        return None
    try:
        found: dict[str, Any] = json.loads(text)
        place = Place(**found["place"])
        numbers = (place.generation, place.seq, place.at_us, found["raw_from_us"], found["minutes_from_us"])
        if not all(type(n) is int for n in (*numbers, *found["replaces"])) or not isinstance(place.log_id, str):
            raise TypeError("a number or a text is of another type")
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("history: a file's metadata is not as Siaga writes it: %s: %s", error, text[:200])
        return None
    return Provenance(place, found["raw_from_us"], found["minutes_from_us"], tuple(found["replaces"]))


def merged(present: Provenance, parts: Sequence[tuple[int, str | None]]) -> Provenance:
    """Of a file that is made now of `parts`: their numbers, and what they say."""
    replaces = {number for number, _ in parts}
    for _, text in parts:
        said = parsed(text)
        replaces |= set(() if said is None else said.replaces)
    return Provenance(present.place, present.raw_from_us, present.minutes_from_us, tuple(sorted(replaces)))
