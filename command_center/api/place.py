"""A place in the log as the API's cursor: `{log_id}:{seq}:{n}`, everything before element n of row seq was given."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Place:
    """`n` elements (observations, transitions) of row `seq` were given, and every row before it."""

    log_id: str
    seq: int
    n: int

    def __str__(self) -> str:
        return f"{self.log_id}:{self.seq}:{self.n}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place of a cursor; the beginning for an empty one.  Raises ValueError.

        >>> Place.parse("00c0ffee00c0ffee:7:2")
        Place(log_id='00c0ffee00c0ffee', seq=7, n=2)
        """
        if not text:
            return cls("", 0, 0)
        log_id, seq, n = text.split(":")
        if not (seq.isascii() and n.isascii() and seq.isdigit() and n.isdigit() and len(seq) < 19 and len(n) < 19):
            raise ValueError(f"expected log:seq:n, got {text!r}")
        return cls(log_id, int(seq), int(n))
