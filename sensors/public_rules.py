"""How a city tells its people (`[public]` of city.toml, `docs/public-page.md`)."""

from typing import Annotated

import msgspec

from sensors.row import Text

Minutes = Annotated[int, msgspec.Meta(ge=5, le=180)]
Line = Annotated[str, msgspec.Meta(max_length=200)]


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom people call: a name in both languages, and a number."""

    id: Line
    en: Line
    phone: Annotated[str, msgspec.Meta(pattern=r"^(?:[+0-9][0-9 ()-]{2,29})?\Z")] = ""  # none; read back from the log

    @property
    def name(self) -> Text:
        """The name."""
        return Text(self.id, self.en)


class PublicRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public page."""

    valid_min: Minutes = 30  # so long what a page says may be used
    contact: Contact | None = None  # None = that of `[cap]`
