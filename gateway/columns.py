"""Elements of messages as columns, on the way to becoming a batch: raw values, before unit, scale and zero."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NO_ELEMENT: Final = -1  # in the column `element`: the whole message is the reading


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Elements by ascending message; every column has shape (n,).

    message    intp     index of the message that it came in
    place      int32    `Target.place`
    value      float64  as sent; NaN = missing
    device_us  int64    the time as sent; `NEVER` where none was sent
    origin     uint8    `Origin`
    reasons    uint16   `Reason` bits
    unit       int16    `arithmetic.unit_code` of the unit as stated, `NOT_STATED` where none was
    element    int32    place within the message, `NO_ELEMENT` where the message is one reading
    """

    message: NDArray[np.intp]
    place: NDArray[np.int32]
    value: NDArray[np.float64]
    device_us: NDArray[np.int64]
    origin: NDArray[np.uint8]
    reasons: NDArray[np.uint16]
    unit: NDArray[np.int16]
    element: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.message)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Columns":
        """The elements that `index` picks, in that order."""
        return Columns(*[getattr(self, name)[index] for name in NAMES])


NAMES: Final = tuple(field.name for field in fields(Columns))
_DTYPES: tuple[Any, ...] = (np.intp, np.int32, np.float64, np.int64, np.uint8, np.uint16, np.int16, np.int32)


def from_rows(rows: Sequence[tuple[object, ...]]) -> Columns:
    """Columns of tuples in the order of their fields."""
    if not rows:
        return Columns(*[np.empty(0, dtype) for dtype in _DTYPES])
    return Columns(*[np.array(column, dtype) for column, dtype in zip(zip(*rows, strict=True), _DTYPES, strict=True)])


def joined(parts: Sequence[Columns]) -> Columns:
    """One of several, by message; elements of one message stand in one part and keep their order."""
    if len(parts) == 1:
        return parts[0]
    whole = Columns(*[np.concatenate([getattr(part, name) for part in parts]) for name in NAMES])
    return whole.take(np.argsort(whole.message, kind="stable"))
