"""Levels held, as a byte: bit k is the level in column k."""

import numpy as np
from numpy.typing import NDArray


def packed(held: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Marks, shape (n, K), K at most 8, as bytes, shape (n,).

    >>> packed(np.array([[True, False, True]])).tolist()
    [5]
    """
    if not held.shape[1]:
        return np.zeros(len(held), np.uint8)
    return np.packbits(held, axis=1, bitorder="little")[:, 0]


def unpacked(bits: NDArray[np.uint8], width: int) -> NDArray[np.bool_]:
    """Bytes, shape (n,), as marks, shape (n, width).

    >>> unpacked(np.array([5], np.uint8), 3).tolist()
    [[True, False, True]]
    """
    return np.unpackbits(bits[:, None], axis=1, count=width, bitorder="little").astype(np.bool_)
