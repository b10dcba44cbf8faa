"""Which number a topic has, for many topics at once and at a cost that hardly grows with the number of topics known.

A dict costs four dependent reads of scattered memory for each topic: half a microsecond where there are 100,000.  Here
topics are rows of 64-bit words, hashed and compared in columns; what is found in neither of two tables is asked of a
dict.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = -1
_ODD: Final = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)  # one for each table
_WORD: Final = 8
_ROOM: Final = 4  # cells for each topic: one in eight shares its cell with another, and is looked for elsewhere


class TopicTable:
    """Topics and their numbers, 0 or more."""

    def __init__(self, numbers: Mapping[bytes, int]) -> None:
        self._numbers = dict(numbers)
        topics = list(self._numbers)
        self._number = np.array([*self._numbers.values(), UNKNOWN], np.int32)  # the last stands for an empty cell
        longest = max(map(len, topics), default=0)
        self._width = longest // _WORD + 1  # at least one byte more than any topic: a longer one is none of them
        self._words = [np.append(word, np.uint64(0)) for word in self._rows(topics)]
        self._shift = np.uint64(64 - max(8, (len(topics) * _ROOM).bit_length()))
        self._cells: list[NDArray[np.int32]] = []
        rest = np.arange(len(topics))
        for odd in _ODD:
            cells = np.full(1 << (64 - int(self._shift)), len(topics), np.int32)
            cell = self._cell([word[rest] for word in self._words], odd)
            cells[cell] = rest  # of several topics in one cell the last stays
            rest = rest[cells[cell] != rest]
            self._cells.append(cells)

    def numbers(self, topics: list[bytes]) -> NDArray[np.int32]:
        """The number of each topic, shape (n,); `UNKNOWN` for those that are not in the table."""
        if b"\0" in b"".join(topics):  # no topic may hold it, and words are filled with it
            return np.array([self._numbers.get(topic, UNKNOWN) for topic in topics], np.int32)
        words = self._rows(topics)
        numbers, is_found = self._look_up(words, 0)
        missing = np.flatnonzero(~is_found)
        if len(missing):
            second, is_second = self._look_up([word[missing] for word in words], 1)
            numbers[missing] = np.where(is_second, second, UNKNOWN)
            for place in missing[~is_second].tolist():
                numbers[place] = self._numbers.get(topics[place], UNKNOWN)
        return numbers

    def _look_up(self, words: list[NDArray[np.uint64]], which: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        at = self._cells[which][self._cell(words, _ODD[which])]
        numbers = self._number[at]
        is_found = numbers != UNKNOWN
        for known, word in zip(self._words, words, strict=True):
            is_found &= known[at] == word
        return numbers, is_found

    def _rows(self, topics: list[bytes]) -> list[NDArray[np.uint64]]:
        """Topics as columns of words, cut or filled with zeros to the width."""
        rows = np.array(topics, dtype=f"S{self._width * _WORD}").view(np.uint64).reshape(-1, self._width)
        return [np.ascontiguousarray(rows[:, place]) for place in range(self._width)]

    def _cell(self, words: list[NDArray[np.uint64]], odd: int) -> NDArray[np.intp]:
        key = np.zeros(len(words[0]), np.uint64)
        for word in words:
            key = (key ^ word) * np.uint64(odd)
            key ^= key >> np.uint64(29)
        return ((key * np.uint64(odd)) >> self._shift).astype(np.intp)
