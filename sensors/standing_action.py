"""A standing action (SOP): what a level asks people to do."""

import builtins

from sensors.row import Row, Text


class StandingAction(Row, frozen=True, kw_only=True):
    """What somebody does when a level is reached, and when it may be taken back (actions.csv)."""

    action: str  # its name, unique within the datastream
    station: str
    property: str
    level: str  # opens it when it is reached
    what_id: str  # in Indonesian
    what_en: str  # in English
    opd: str  # who does it
    takes_min: float  # minutes from the order until it is done
    undo_level: str = ""  # it may be taken back once this level is left; empty = by hand at any time
    report_every_min: float | None = None  # so often the level is reported while it is held; None = by no clock

    @builtins.property  # the field `property` stands in the way
    def datastream(self) -> str:
        """`{station}:{property}`."""
        return f"{self.station}:{self.property}"

    @builtins.property
    def key(self) -> str:
        """`{station}:{property}!{action}`: names it in the whole city, and in retired.csv."""
        return f"{self.datastream}!{self.action}"

    @builtins.property
    def what(self) -> Text:
        """What is done, in both languages."""
        return Text(id=self.what_id, en=self.what_en)
