"""The little city with standing actions, for tests."""

from typing import Any

from msgspec.structs import replace

from sensors.catalogue import Catalogue, StandingAction
from tests.unit.command_center.little_city import little_city


def row(action: str, level: str, **fields: Any) -> StandingAction:
    """A row of actions.csv of `ROLAK:level`."""
    defaults: dict[str, Any] = {
        "station": "ROLAK",
        "property": "level",
        "what_id": "Tutup jalan",
        "what_en": "Close the road",
        "opd": "Dishub",
        "takes_min": 20.0,
        "undo_level": "kuning",
        "source": "SOP 3/2025",
    }
    return StandingAction(action=action, level=level, **(defaults | fields))


ROWS = (
    row("watch", "hijau", opd="BPBD", undo_level="", report_every_min=60),
    row("road", "kuning", report_every_min=30),
    row("pump", "kuning", opd="DPUPR", takes_min=45, undo_level="hijau"),
    row("leave", "merah", opd="BPBD", takes_min=90, undo_level="kuning", report_every_min=15),
)


def acting_city(*rows: StandingAction) -> Catalogue:
    """The little city with these actions, or with `ROWS`."""
    return replace(little_city(), actions=rows or ROWS)
