"""Gauges, alarms and cities for tests of the public page."""

from typing import Any

from msgspec.structs import replace

from command_center.alarms.alarm import Alarm, Held, Position
from command_center.beside import Beside, Eta, Rate
from command_center.public.facts import AreaFacts, CityFacts, GaugeFacts, WarningFacts
from command_center.public.gauge import Reading, Seen, gauge_facts
from sensors.catalogue import Text
from sensors.origin import Origin
from sensors.rules import levels_in_force
from sensors.times import MINUTE_US, rfc3339
from tests.unit.command_center.little_city import LEVEL_ID, NOW_US, little_city, minutes

VILLAGE_OFFICE = Text("posko uji, 0321-1", "test post, 0321-1")
AT_NOW = Reading(NOW_US - MINUTE_US, 612.0, Origin.LIVE)


def real_city() -> Any:
    """The little city, with no level that is made up."""
    city = little_city()
    datastream = city.datastreams[0]
    levels = tuple(replace(level, source="SK 1/2024") for level in datastream.levels)
    return replace(city, datastreams=(replace(datastream, levels=levels), *city.datastreams[1:]))


def held(level: str = "kuning", **fields: Any) -> Held:
    """A level that is held since an hour ago."""
    ranks = {"hijau": (1, 500.0), "kuning": (2, 600.0), "merah": (3, 700.0)}
    rank, limit = ranks.get(level, (0, None))
    defaults: dict[str, Any] = {
        "severity": rank + 1 if rank else 1,
        "limit": limit,
        "time_us": minutes(-60),
        "value": limit,
        "quality": 1,
        "origin": Origin.LIVE,
    }
    return Held(level=level, rank=rank, **(defaults | fields))


def alarm(*levels: Held, **fields: Any) -> Alarm:
    """An open alarm of the river."""
    worst = max(levels or (held("hijau"),), key=lambda one: one.rank)
    defaults: dict[str, Any] = {"silence": None, "unacknowledged": True, "historical": False}
    place = Position(1, 0)
    return Alarm(
        log_id="log",
        born=place,
        last_log_id="log",
        last=place,
        datastream=LEVEL_ID,
        unit="cm",
        held=levels,
        worst=worst,
        raised_us=NOW_US,
        detected_us=NOW_US,
        changed_us=NOW_US,
        **(defaults | fields),
    )


def rising(low: float | None = 20.0, high: float | None = 50.0, value: float = 34.0, minute: float = 0) -> Beside:
    """How fast it rises, and the next level in 25 to 40 minutes."""
    at = rfc3339(minutes(minute))
    return Beside(
        rate=Rate(value=value, unit="cm/h", low=low, high=high, time=at, lasts_s=360.0),
        eta=Eta(level="merah", earliest_min=25.0, middle_min=30.0, latest_min=40.0, time=at),
    )


def told(alarm: Alarm | None = None, reading: Reading | None = AT_NOW, city: Any = None, **fields: Any) -> GaugeFacts:
    """What is told of the river."""
    catalogue = city or real_city()
    datastream = catalogue.datastreams[0]
    defaults: dict[str, Any] = {"levels": levels_in_force(datastream, NOW_US), "beside": Beside(), "waves": ()}
    seen = Seen(datastream=datastream, alarm=alarm, reading=reading, **(defaults | fields))
    return gauge_facts(seen, catalogue, VILLAGE_OFFICE, NOW_US)


def facts(*areas: AreaFacts, warnings: tuple[WarningFacts, ...] = (), **fields: Any) -> CityFacts:
    """A city as of now."""
    defaults: dict[str, Any] = {"exercise": False, "as_of_us": NOW_US, "valid_min": 30}
    return CityFacts(
        name=Text("Kota Kecil", "Little City"),
        areas=areas,
        warnings=warnings,
        whom_to_ask=VILLAGE_OFFICE,
        **(defaults | fields),
    )


def area(*gauges: GaugeFacts, name: str = "Gedongan", code: str = "35.76.01.1001") -> AreaFacts:
    """A village."""
    return AreaFacts(code=code, name=name, around="Kec. Magersari, Kota Kecil", gauges=gauges)
