"""Copies of arrays with other rows: what a step is handed stays as it was."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

P = TypeVar("P")


def changed(part: P, at: NDArray[np.integer[Any]], rows: Mapping[str, Any]) -> P:
    """A copy of a dataclass of arrays in which the named arrays have other rows at `at`, shape (m,).

    An array that stays the same is not copied; of floats nobody asks: two zeros are equal, and not the same.
    """
    at, arrays = at.astype(np.intp, copy=False), {}
    for name, values in rows.items():
        array = getattr(part, name)
        if array.dtype.kind == "f" or not np.array_equal(array.take(at, axis=0), values):
            arrays[name] = array = array.copy()
            array[at] = values
    return replace(part, **arrays) if arrays else part  # type: ignore[type-var]
