"""What everything that a city declares has in common."""

import msgspec


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the two languages of the screen."""

    id: str
    en: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Common to everything a city declares: where the fact is from.  "illustrative …" means: made up, to show."""

    source: str = "illustrative"

    @property
    def is_illustrative(self) -> bool:
        """True where the city itself says that the row is made up; its alarms reach test contacts only."""
        return self.source.casefold().startswith(("illustrative", "ilustrasi"))
