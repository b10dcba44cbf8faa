"""The little city with what is derived in it: rate and time to the next level, ISPU, level of service, and a reach."""

from typing import Any

from msgspec.structs import replace

from sensors.catalogue import Catalogue, Datastream, Derivation, Level, Reach, Station
from tests.unit.command_center.little_city import LEVEL_ID, little_city

# Numbers.
RATE, RATE_LOW, RATE_HIGH, ETA, ETA_LOW, ETA_HIGH = 3, 4, 5, 6, 7, 8
PM25, O3, PM25_MEAN, PM25_INDEX, O3_INDEX, ISPU, DOMINANT = 9, 10, 11, 12, 13, 14, 15
BELOW = 16
BELOW_ID = "BAWAH:level"


def derived_city() -> Catalogue:
    """Besides the little city's: `ROLAK` has air as well, and `BAWAH` lies downstream of it."""
    city = little_city()
    made = [
        *(derived(f"level_rate_{bound}", "rate", LEVEL_ID, bound=bound, unit="cm/h") for bound in BOUNDS),
        *(derived(f"level_eta_{bound}", "eta", LEVEL_ID, bound=bound, unit="min") for bound in BOUNDS),
        *(
            Datastream(station="ROLAK", property=p, kind="air", unit="ug/m3", interval_calm_s=600)
            for p in ("pm25", "o3")
        ),
        derived("pm25_24h", "mean", "ROLAK:pm25", unit="ug/m3"),
        derived("ispu_pm25", "ispu", "ROLAK:pm25_24h"),
        derived("ispu_o3", "ispu", "ROLAK:o3"),
        derived("ispu", "ispu_max", "ROLAK:ispu_pm25", "ROLAK:ispu_o3", kind="ispu"),
        derived("ispu_dominant", "dominant", "ROLAK:ispu_pm25", "ROLAK:ispu_o3"),
        Datastream(station="BAWAH", property="level", kind="river_level", unit="cm", interval_calm_s=60),
    ]
    made[ETA - RATE] = replace(made[ETA - RATE], levels=(NEXT_WITHIN_AN_HOUR,))
    numbered = [replace(d, number=RATE + n) for n, d in enumerate(made)]
    rolak = city.stations[0]
    below = replace(rolak, station="BAWAH", name="Jembatan Bawah")
    stations: tuple[Station, ...] = (rolak, *city.stations[1:], below)
    reaches = (Reach(upstream="ROLAK", downstream="BAWAH", travel_min=40),)
    return replace(city, datastreams=(*city.datastreams, *numbered), stations=stations, reaches=reaches)


BOUNDS = ("middle", "low", "high")
NEXT_WITHIN_AN_HOUR = Level(
    level="hijau", rank=1, severity=2, direction="falling", value=60.0, on_delay_s=120.0, off_delay_s=300.0
)


def derived(name: str, method: str, *inputs: str, kind: str = "", unit: str = "1", **more: Any) -> Datastream:
    """A datastream of `ROLAK` that is computed."""
    kinds = {"rate": "river_rate", "eta": "river_eta"}
    derivation = Derivation(method=method, inputs=inputs, **more)
    return Datastream(
        station="ROLAK", property=name, kind=kind or kinds.get(method, "air"), unit=unit, interval_calm_s=60,
        derivation=derivation,
    )  # fmt: skip
