"""A detector's state as bytes: what a checkpoint of the log holds."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from sensors.errors import SensorsError
from sensors.rules import Rules
from sensors.state import State, fresh_state


class _Saved(msgspec.Struct, frozen=True):
    """A checkpoint's content."""

    now_us: int
    floor_us: int
    names: tuple[tuple[str, ...], ...]
    arrays: dict[str, tuple[str, tuple[int, ...], bytes]]


_VARIABLE: Final = "late."  # arrays whose length is not that of the rules


def dump_state(state: State) -> bytes:
    """The state as bytes, for a checkpoint; its rules are not in it, they come from the catalogue in the log."""
    arrays = {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in state.arrays().items()}
    saved = _Saved(state.now_us, state.floor_us, state.rules.levels.names, arrays)
    return zstandard.ZstdCompressor(level=1).compress(msgspec.msgpack.encode(saved))


def load_state(body: bytes, rules: Rules) -> State:
    """The state of `dump_state` under the same rules; SensorsError where the two do not fit together."""
    try:
        saved = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(body), type=_Saved)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise SensorsError(f"checkpoint cannot be read: {error}") from error
    if saved.names != rules.levels.names:
        raise SensorsError("checkpoint: its levels are not those of the catalogue it stands with")
    fresh = fresh_state(rules, saved.now_us)
    if _shapes(fresh) != {name: (dtype, _fixed(name, shape)) for name, (dtype, shape, _) in saved.arrays.items()}:
        raise SensorsError("checkpoint: its arrays are not those of this version")
    arrays = {
        name: np.frombuffer(raw, np.dtype(dtype)).reshape(shape).copy()
        for name, (dtype, shape, raw) in saved.arrays.items()
    }
    return replace(_filled(fresh, "", arrays), floor_us=saved.floor_us)


def _shapes(state: State) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (a.dtype.str, _fixed(name, a.shape)) for name, a in state.arrays().items()}


def _fixed(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    return (0,) if name.startswith(_VARIABLE) else shape


P = TypeVar("P")


def _filled(part: P, prefix: str, arrays: dict[str, NDArray[Any]]) -> P:
    """A copy of `part` with the arrays of these names."""
    changed: dict[str, Any] = {}
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            changed[field.name] = arrays[prefix + field.name]
        elif is_dataclass(value) and not isinstance(value, Rules):
            changed[field.name] = _filled(value, f"{prefix}{field.name}.", arrays)
    return replace(part, **changed)  # type: ignore[type-var]
