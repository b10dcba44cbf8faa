"""The detector's state: arrays that are checkpointed, grown and re-mapped as a whole."""

from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from sensors.errors import SensorsError
from sensors.rules import NO_TIMER, Rules
from sensors.times import NEVER


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What the detector remembers of D datastreams (index = number) with up to K levels each.

    now_us     int              the newest `now` that was judged
    newest_us  (D,) int64       phenomenon time of the newest observation; `NEVER` = none
    newest     (D,) float64     its value
    quality    (D,) uint8       its quality
    newest_origin (D,) uint8    its origin
    origin     (D,) uint8       origin of the last observation heard, late or not
    heard_us   (D,) int64       receive time of the last observation, or when listening began
    ever_heard (D,) bool
    silent     (D,) bool        told as silent
    reached    (D, K) bool      the level is held
    announced  (D, K) bool      and has been told as news, not only as history
    since_us   (D, K) int64     phenomenon time at which it was reached
    """

    rules: Rules
    now_us: int
    newest_us: NDArray[np.int64]
    newest: NDArray[np.float64]
    quality: NDArray[np.uint8]
    newest_origin: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    heard_us: NDArray[np.int64]
    ever_heard: NDArray[np.bool_]
    silent: NDArray[np.bool_]
    reached: NDArray[np.bool_]
    announced: NDArray[np.bool_]
    since_us: NDArray[np.int64]

    def next_due_us(self) -> int:
        """When the next datastream falls silent if nothing more is heard; `NO_TIMER` where none can."""
        silence_us = self.rules.silence_us
        due_us = self.heard_us + np.minimum(silence_us, NO_TIMER // 2)
        return int(np.min(due_us, initial=NO_TIMER, where=~self.silent & (silence_us != NO_TIMER)))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name."""
        names = [field.name for field in fields(self) if field.name not in ("rules", "now_us")]
        return {name: getattr(self, name) for name in names}


def fresh_state(rules: Rules, now_us: int) -> State:
    """Nothing heard yet; listening begins at `now_us`."""
    size, width = rules.shape
    return State(
        rules=rules,
        now_us=now_us,
        newest_us=np.full(size, NEVER, np.int64),
        newest=np.full(size, np.nan),
        quality=np.full(size, 2, np.uint8),
        newest_origin=np.zeros(size, np.uint8),
        origin=np.zeros(size, np.uint8),
        heard_us=np.full(size, now_us, np.int64),
        ever_heard=np.zeros(size, np.bool_),
        silent=np.zeros(size, np.bool_),
        reached=np.zeros((size, width), np.bool_),
        announced=np.zeros((size, width), np.bool_),
        since_us=np.full((size, width), NEVER, np.int64),
    )


def resume(state: State, now_us: int) -> State:
    """The state after nobody listened from `state.now_us` to `now_us`: that time does not count as silence."""
    away_us = max(0, now_us - state.now_us)
    return replace(state, now_us=max(now_us, state.now_us), heard_us=state.heard_us + away_us)


def remap(state: State, rules: Rules, now_us: int) -> State:
    """The same memory under other rules: datastreams by number, levels by name; what is new is unheard."""
    fresh = fresh_state(rules, now_us)
    arrays = fresh.arrays()
    kept = min(state.rules.shape[0], rules.shape[0])
    stays = (state.rules.silence_us[:kept] != NO_TIMER) & (rules.silence_us[:kept] != NO_TIMER)
    for name, old in state.arrays().items():
        if old.ndim == 1:
            arrays[name][:kept][stays] = old[:kept][stays]
    for number in map(int, np.flatnonzero(stays)):
        places = {level: place for place, level in enumerate(state.rules.names[number])}
        for place, level in enumerate(rules.names[number]):
            if level in places:
                for name in ("reached", "announced", "since_us"):
                    arrays[name][number, place] = getattr(state, name)[number, places[level]]
    return fresh


class _Saved(msgspec.Struct, frozen=True):
    """A checkpoint's content."""

    now_us: int
    names: tuple[tuple[str, ...], ...]
    arrays: dict[str, tuple[str, tuple[int, ...], bytes]]


def dump_state(state: State) -> bytes:
    """The state as bytes, for a checkpoint; its rules are not in it, they come from the catalogue in the log."""
    arrays = {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in state.arrays().items()}
    saved = _Saved(state.now_us, state.rules.names, arrays)
    return zstandard.ZstdCompressor(level=1).compress(msgspec.msgpack.encode(saved))


def load_state(body: bytes, rules: Rules) -> State:
    """The state of `dump_state` under the same rules; SensorsError where the two do not fit together."""
    try:
        saved = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(body), type=_Saved)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise SensorsError(f"checkpoint cannot be read: {error}") from error
    if saved.names != rules.names:
        raise SensorsError("checkpoint: its levels are not those of the catalogue it stands with")
    expected = {name: (a.dtype.str, a.shape) for name, a in fresh_state(rules, saved.now_us).arrays().items()}
    if {name: (dtype, shape) for name, (dtype, shape, _) in saved.arrays.items()} != expected:
        raise SensorsError("checkpoint: its arrays are not those of this version")
    arrays: dict[str, Any] = {
        name: np.frombuffer(raw, np.dtype(dtype)).reshape(shape).copy()
        for name, (dtype, shape, raw) in saved.arrays.items()
    }
    return State(rules=rules, now_us=saved.now_us, **arrays)
