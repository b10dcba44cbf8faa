"""A catalogue of a few datastreams, for tests."""

from sensors.catalogue import Area, Catalogue, City, Datastream, Level, LevelStyle, MapView, Station, Text

STYLES = {name: LevelStyle(name=Text(name, name), colour="#cc0000") for name in ("waspada", "siaga", "awas")}


def level(name: str, rank: int, value: float, **more: object) -> Level:
    values = {"level": name, "rank": rank, "severity": rank, "direction": "rising", "value": value} | more
    return Level(**values)  # type: ignore[arg-type]


def small_catalogue() -> Catalogue:
    """Station S1 with a river level (0 to 1000 cm, three levels) and rain; station S2 with a level in UTC."""
    levels = (level("waspada", 1, 100.0), level("siaga", 2, 200.0, hysteresis=5.0), level("awas", 3, 300.0))
    datastreams = (
        Datastream(
            number=0, station="S1", property="level", kind="river_level", unit="cm", interval_calm_s=60,
            valid_min=0.0, valid_max=1000.0, levels=levels,
        ),
        Datastream(number=1, station="S1", property="rain", kind="rain", unit="mm/h", interval_calm_s=60),
        Datastream(
            number=2, station="S2", property="level", kind="river_level", unit="cm", interval_calm_s=60, zone="UTC",
            epoch_unit="s",
        ),
    )  # fmt: skip
    stations = tuple(
        Station(station=name, name=name, kind="river", lat=0, lon=0, area="35.76", agency="BPBD")
        for name in ("S1", "S2")
    )
    city = City(
        code="small", name=Text("Kota", "City"), time_zone="Asia/Jakarta", zone_label="WIB",
        map=MapView(lon=0, lat=0, zoom=9), levels=STYLES,
    )  # fmt: skip
    areas = (Area(code="35.76", name="Kota", kind="kota"),)
    return Catalogue(city=city, areas=areas, stations=stations, datastreams=datastreams)
