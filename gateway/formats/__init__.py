"""Payload formats: each a small module behind `Format`, found by the entry point group `siaga.formats`.

A city adds its own by installing a package with such an entry point: a callable that takes the address book and the
ingest rule and returns the format.  It is called anew whenever the catalogue changes, and raises CatalogueError where
the rule's options make no sense.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gateway.address_book import AddressBook
from gateway.readings import Readings
from sensors.catalogue import IngestRule
from sensors.errors import CatalogueError

GROUP: Final = "siaga.formats"


class Format(Protocol):
    """Reads the messages that fall under one ingest rule."""

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index` into `out`; a message partly good gives its good elements, the others by `out.refuse`.

        Raises Refused for the whole message: what it added is then forgotten.
        """


@runtime_checkable
class LastingFormat(Format, Protocol):
    """A format that remembers something of its devices, such as names that they told once."""

    def inherit(self, previous: Format) -> None:
        """Take over what `previous`, the format of the same rule before the catalogue changed, remembers."""


@runtime_checkable
class BulkFormat(Format, Protocol):
    """A format that reads the common shapes of many messages at once."""

    def read_many(
        self, indices: NDArray[np.intp], topics: list[bytes], payloads: list[bytes], out: Readings
    ) -> Sequence[int]:
        """Read messages of ascending `indices` into `out`; the places of those left for `read`, one by one.

        What is read is as `read` would give it; whatever it cannot do at once, and all that is wrong, it leaves.
        """


FormatFactory = Callable[[AddressBook, IngestRule], Format]


def known_formats() -> tuple[str, ...]:
    """The names that an ingest rule may use, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def make_format(rule: IngestRule, book: AddressBook) -> Format:
    """The format of an ingest rule; CatalogueError, saying why, where it cannot be had."""
    found = next(iter(entry_points(group=GROUP, name=rule.format)), None)
    if found is None:
        raise CatalogueError(f"expected a format of {', '.join(known_formats())}, got {rule.format!r}")
    try:
        factory: FormatFactory = found.load()
        return factory(book, rule)
    except CatalogueError:
        raise
    except Exception as error:  # a package of somebody else's: its fault costs its rule, and is shown
        raise CatalogueError(f"format {rule.format!r} cannot be used: {type(error).__name__}: {error}") from error
