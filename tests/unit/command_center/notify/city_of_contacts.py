"""The little city with contacts, and annunciations of it, for tests."""

from typing import Any

from msgspec.structs import replace

from command_center.alarms.alarm import Event
from command_center.alarms.annunciation import Annunciation
from sensors.catalogue import Area, Catalogue
from sensors.contacts import Contact, Duty, NotifyRules, Step
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, little_city

RULES = NotifyRules(
    steps=(Step(group="posko", after_min=0.0), Step(group="chiefs", after_min=15.0)),
    repeat_every_min={"2": 30.0, "3": 10.0, "4": 5.0},
    canary_at="",
)


def contact(code: str, group: str = "posko", **fields: Any) -> Contact:
    """A contact for everything, everywhere, by `env:{code}`."""
    defaults: dict[str, Any] = {
        "name": f"{code} of the city",
        "urls": (f"env:{code}",),
        "areas": ("*",),
        "language": "en",
        "source": "for tests",
    }
    return Contact(contact=code, group=group, **(defaults | fields))


def city_of(*contacts: Contact, rules: NotifyRules = RULES, rosters: tuple[Duty, ...] = ()) -> Catalogue:
    """The little city; `ROLAK` stands in Gedongan and affects Magersari; its worst level, severity 4, is real."""
    city = little_city()
    level, *others = city.datastreams
    levels = tuple(replace(one, source="SK 1/2024") for one in level.levels)
    rolak, *stations = city.stations
    return replace(
        city,
        city=replace(city.city, notify=rules),
        areas=(*city.areas, Area(code="35.16.01.2001", name="Magersari", kind="desa")),
        stations=(replace(rolak, affects=("35.16.01.2001",)), *stations),
        datastreams=(replace(level, levels=levels), *others),
        contacts=contacts,
        rosters=rosters,
    )


def annunciation(severity: int = 3, call: int = 1, **fields: Any) -> Annunciation:
    """A call of `ROLAK:level`."""
    defaults: dict[str, Any] = {"alarm_id": "a", "at_us": NOW_US, "datastream": LEVEL_ID, "level": "kuning"}
    more: dict[str, Any] = {"rank": 2, "why": Event.RAISED, "muted": ""}
    return Annunciation(call=call, severity=severity, **(defaults | more | fields))
