"""What a delta of the live view says of observations: columns, made of columns.

Five thousand readings a second come by here: none of them is handled by itself.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from command_center.observation_view import ORIGIN_WORDS
from command_center.picture.directory import Directory
from command_center.picture.latest import Latest
from sensors.quality import Reason

_WORDS: Final = np.array(ORIGIN_WORDS, object)
_INCOMPLETE: Final = int(Reason.INCOMPLETE)


class NewestColumns(msgspec.Struct, frozen=True):
    """Sensors whose newest observation changed, as columns; `i` is the sensor's place in the snapshot."""

    i: list[int]
    time_ms: list[int]
    value: list[float]  # NaN is encoded as null: missing
    quality: list[int]
    origin: list[str]
    incomplete: list[int]  # places of those that are derived of less than their window asks for


class SoundColumns(msgspec.Struct, frozen=True):
    """Of those sensors the newest observation that did not fail, where that is not the newest one."""

    i: list[int]
    time_ms: list[int]
    value: list[float]


def columns(changed: Sequence[int], directory: Directory | None, latest: Latest) -> tuple[NewestColumns, SoundColumns]:
    """The newest observations, and the newest sound ones, of those of `changed` (numbers) that the wall shows."""
    if directory is None or not changed:
        return NewestColumns([], [], [], [], [], []), SoundColumns([], [], [])
    numbers, place = directory.on_wall(np.array(changed, np.int64))
    incomplete = (latest.reasons[numbers] & _INCOMPLETE) != 0
    newest = NewestColumns(
        i=place.tolist(),
        time_ms=_ms(latest.time_us[numbers]),
        value=latest.value[numbers].tolist(),
        quality=latest.quality[numbers].tolist(),
        origin=_WORDS[latest.origin[numbers]].tolist(),
        incomplete=place[incomplete].tolist(),
    )
    apart = ~latest.are_sound(numbers)
    apart[apart] = latest.sound.are_heard(numbers[apart])
    numbers, place, sound = numbers[apart], place[apart], latest.sound
    return newest, SoundColumns(place.tolist(), _ms(sound.time_us[numbers]), sound.value[numbers].tolist())


def _ms(time_us: NDArray[np.int64]) -> list[int]:
    times: list[int] = (time_us // 1000).tolist()
    return times
