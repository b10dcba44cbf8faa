"""Calls of the detectors as the pipeline makes them: what went into each function while a city lived."""

import copy
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from tests.contract.discovery import Function, arrays_of, parameters

MOST: Final = 40  # kept of one function; the first half as they come, of the rest every fiftieth
Arguments = dict[str, Any]


@dataclass
class Calls:
    """Of one function: how many there were, and copies of what some of them were given."""

    count: int = 0
    given: list[Arguments] = field(default_factory=list)


@contextmanager
def recording(functions: Mapping[str, Function]) -> Iterator[dict[str, Calls]]:
    """The calls of each function, by its name, until the block ends."""
    calls = {name: Calls() for name in functions}
    names = {function.__code__: name for name, function in functions.items()}

    def seen(frame: FrameType, event: str, _: object) -> None:
        name = names.get(frame.f_code) if event == "call" else None
        if name is None:
            return
        its = calls[name]
        its.count += 1
        given = {p: frame.f_locals[p] for p in parameters(functions[name])}
        can_be_repeated = not any(isinstance(argument, Iterator) for argument in given.values())
        if can_be_repeated and len(its.given) < MOST and (its.count <= MOST // 2 or its.count % 50 == 0):
            its.given.append(copy.deepcopy(given))

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def frozen(arguments: Arguments) -> Arguments:
    """The same with every array read-only: numpy raises at the first write."""
    arguments = copy.deepcopy(arguments)
    for _, array in arrays_of(arguments):
        array.flags.writeable = False
    return arguments


def in_bytes(value: object) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Every array within, bit for bit."""
    return {path: (str(array.dtype), array.shape, array.tobytes()) for path, array in arrays_of(value)}
