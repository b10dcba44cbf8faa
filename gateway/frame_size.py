"""A status frame within what its readers take as one line: what does not fit is left out, and said to be.

Whoever reads a longer line cuts the connection, and that would be when most is wrong.
"""

from dataclasses import dataclass
from typing import Any, Final

from msgspec import structs

from gateway.status import MAX_FRAME_BYTES, StatusFrame, encode

SPARE: Final = 1_024  # bytes, for `left_out` itself


def fitting(frame: StatusFrame) -> StatusFrame:
    """The frame, without its last faults, then filters, then what else may be long, until it fits."""
    left_out: dict[str, int] = {}
    for part in _PARTS:
        if _fits(frame):
            break
        count, shorter = part.longest(frame), frame
        while count and not _fits(shorter):
            count //= 2
            shorter = part.cut(frame, count)
        if gone := part.total(frame) - part.total(shorter):
            frame, left_out[part.name] = shorter, gone
    return structs.replace(frame, left_out=left_out) if left_out else frame


def _fits(frame: StatusFrame) -> bool:
    return len(encode(frame)) <= MAX_FRAME_BYTES - SPARE


@dataclass(frozen=True, slots=True)
class _Part:
    """What may be shortened: a list of the frame's, or one that each item of such a list has."""

    field: str
    inner: str = ""

    @property
    def name(self) -> str:
        return f"{self.field}.{self.inner}" if self.inner else self.field

    def longest(self, frame: StatusFrame) -> int:
        return max(self._sizes(frame), default=0)

    def total(self, frame: StatusFrame) -> int:
        return sum(self._sizes(frame))

    def cut(self, frame: StatusFrame, count: int) -> StatusFrame:
        items = getattr(frame, self.field)
        if self.inner:
            cut = tuple(structs.replace(one, **{self.inner: _first(getattr(one, self.inner), count)}) for one in items)
        else:
            cut = _first(items, count)
        return structs.replace(frame, **{self.field: cut})

    def _sizes(self, frame: StatusFrame) -> list[int]:
        items = getattr(frame, self.field)
        return [len(getattr(item, self.inner)) for item in items] if self.inner else [len(items)]


def _first(items: Any, count: int) -> Any:
    return dict(list(items.items())[:count]) if isinstance(items, dict) else items[:count]


_PARTS: Final = (
    _Part("city_faults"),
    _Part("sources", "filters"),
    _Part("pulls", "unknown_devices"),
    _Part("readers", "counters"),
    _Part("readers", "error"),  # characters, as of the next two
    _Part("sources", "error"),
    _Part("sources", "session_note"),
    _Part("refused"),
    _Part("log_set_aside"),
    _Part("readers"),
    _Part("pulls"),
    _Part("sources"),
)
