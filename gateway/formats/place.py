"""Where an option says that a device's id or a field's name stands: a level of the topic, or inside the payload."""

import re
from dataclasses import dataclass
from typing import Any, Final

from gateway.formats.json_tree import ABSENT, id_in, look_up
from gateway.readings import Refusal, Refused
from sensors.errors import CatalogueError

MAX_LEVEL: Final = 32
_TOPIC: Final = re.compile(r"topic:(-?\d{1,2})")


@dataclass(frozen=True, slots=True)
class Place:
    """A level of the topic (1 is the first, -1 the last), or a field path inside the payload."""

    level: int = 0  # 0 = not in the topic
    path: str = ""

    def in_topic(self, topic: bytes) -> str:
        """That level of the topic; Refused (BAD_TOPIC) where it has no such level."""
        levels = levels_of(topic)
        place = self.level - 1 if self.level > 0 else len(levels) + self.level
        if not 0 <= place < len(levels) or not levels[place]:
            raise Refused(Refusal.BAD_TOPIC, f"expected a level {self.level} in the topic, it has {len(levels)}")
        return levels[place]

    def find(self, topic: bytes, *trees: Any) -> str:
        """The id in the topic, or at the path in the first of `trees` that has one; Refused where it is nowhere."""
        if self.level:
            return self.in_topic(topic)
        for tree in trees:
            found = look_up(tree, self.path)
            if found is not ABSENT and id_in(found):
                return id_in(found)
        raise Refused(Refusal.UNKNOWN_DEVICE, f"no id of a device at {self.path!r}")


def place(option: str) -> Place:
    """The place of an option's text: `topic:2` or a field path.  Raises CatalogueError.

    >>> place("topic:-2"), place("meta.id").path
    (Place(level=-2, path=''), 'meta.id')
    """
    written = _TOPIC.fullmatch(option)
    if written is None:
        if not option or option.startswith("topic:"):
            raise CatalogueError(f"expected topic:N or a field path, got {option!r}")
        return Place(path=option)
    level = int(written[1])
    if not 1 <= abs(level) <= MAX_LEVEL:
        raise CatalogueError(
            f"expected a level of the topic from 1 to {MAX_LEVEL}, or from the end -1 on, got {option!r}"
        )
    return Place(level=level)


def topic_place(option: str) -> Place:
    """As `place`, for formats whose payload has no field for it."""
    found = place(option)
    if not found.level:
        raise CatalogueError(f"expected topic:N, got {option!r}")
    return found


def levels_of(topic: bytes) -> list[str]:
    """The levels of a topic; Refused (BAD_TOPIC) where it is not UTF-8."""
    try:
        return topic.decode().split("/")
    except UnicodeDecodeError as error:
        raise Refused(Refusal.BAD_TOPIC, f"topic is not UTF-8: {error.reason} at byte {error.start}") from error
