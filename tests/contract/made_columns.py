"""Columns for a kernel, made from what its docstring says of them: shape, dtype, order, what may be missing."""

import re
from typing import Any, Final

import numpy as np

from tests.contract.discovery import Array, Function, described, dtypes, is_array, kernels, parameters

Columns = dict[str, Array]

WIDTHS: Final = {"J": 3, "G": 2, "K": 4, "P": 8}  # of what is not a row
EXTREME: Final = np.array([0.0, -0.0, -9999.0, 1e-300, 1e6, -1e6])
FLAGS: Final = np.array([1, 2, 3, 4, 9], np.uint8)  # `Quality`
_SHAPE: Final = re.compile(r"shape \(([^)]*)\)")


def pure_kernels() -> dict[str, Function]:
    """Those that take nothing but columns of one length, and say of each what it is."""
    return {name: kernel for name, kernel in kernels().items() if _is_pure(kernel)}


def _is_pure(kernel: Function) -> bool:
    told = described(kernel)
    if not all(is_array(hint) and name in told for name, hint in parameters(kernel).items()):
        return False
    shapes = [_SHAPE.search(told[name]) for name in parameters(kernel)]
    return len({shape[1].split(",")[0] for shape in shapes if shape}) == 1


def may_be_missing(kernel: Function) -> list[str]:
    """The columns in which NaN may stand."""
    return [name for name, told in described(kernel).items() if "float64" in told and "NaN" in told]


def columns(kernel: Function, seed: int, rows: int) -> Columns:
    """One of each, read-only; the first axis has so many rows."""
    rng = np.random.default_rng(seed)
    made = {}
    for name, hint in parameters(kernel).items():
        column = _column(rng, described(kernel)[name], dtypes(hint)[0], rows)
        column.flags.writeable = False
        made[name] = column
    return made


def cut(some: Columns, part: slice) -> Columns:
    """Those rows of all."""
    return {name: column[part] for name, column in some.items()}


def _column(rng: np.random.Generator, told: str, dtype: str, rows: int) -> Array:
    shape = _shape(told, rows)
    column: Array
    if dtype == "bool":
        column = rng.random(shape) < 0.5
    elif dtype == "uint8":
        column = rng.choice(FLAGS, shape)
    elif dtype == "float64":
        column = _floats(rng, told, shape)
    else:
        column = rng.integers(0, 10**9, shape).astype(dtype)
    return np.sort(column, axis=-1) if re.search(r"ascending|increasing", told) else column


def _shape(told: str, rows: int) -> tuple[int, ...]:
    found = _SHAPE.search(told)
    assert found, told
    first, *rest = [part.strip() for part in found[1].split(",")]
    assert first in ("n", "m", "..."), f"the first axis: expected n, m or ..., got {first}"  # a row is one of these
    return (rows, *(WIDTHS[part] if part in WIDTHS else int(part) for part in rest if part))


def _floats(rng: np.random.Generator, told: str, shape: tuple[int, ...]) -> Array:
    if "+1" in told:
        return rng.choice(np.array([1.0, -1.0]), shape)
    column: np.ndarray[Any, np.dtype[np.float64]] = np.where(
        rng.random(shape) < 0.8, rng.integers(-20, 20, shape) / 2, rng.choice(EXTREME, shape)
    )
    if "NaN" in told:
        column[rng.random(shape) < 0.1] = np.nan
    return column
