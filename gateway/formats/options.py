"""The options of an ingest rule, checked when its format is made."""

from typing import TypeVar

import msgspec

from sensors.catalogue import IngestRule
from sensors.errors import CatalogueError

T = TypeVar("T", bound=msgspec.Struct)


def read_options(rule: IngestRule, wanted: type[T]) -> T:
    """The rule's options as a `wanted`, which forbids unknown fields; CatalogueError says what is wrong with them."""
    try:
        return msgspec.convert(rule.options, wanted)
    except msgspec.ValidationError as error:
        known = ", ".join(wanted.__struct_fields__) or "none"
        raise CatalogueError(f"options of format {rule.format}: {error}; it takes {known}") from error
