"""The reading to try, and the words when everything is up."""

from msgspec.structs import replace

from command_center.launcher.greeting import example, greeting, unused_brokers
from sensors.catalogue import Catalogue, City, Datastream, Level, MapView, Source, Station, Text
from sensors.settings import HttpSettings, MqttSettings, Settings

CITY = City(
    code="test",
    name=Text("Uji", "Test"),
    time_zone="Asia/Jakarta",
    zone_label="WIB",
    map=MapView(lon=112.4, lat=-7.5, zoom=12),
)
STATION = Station(station="s1", name="Satu", kind="river", lat=-7.5, lon=112.4, area="35.76.01.1001", agency="BPBD")


def level(name: str, value: float, **more: object) -> Level:
    given = {"rank": 1, "severity": 1, "direction": "rising", "source": "BBWS"} | more
    return Level(level=name, value=value, **given)  # type: ignore[arg-type]


def catalogue(*levels: Level, valid_max: float | None = None) -> Catalogue:
    datastream = Datastream(
        station="s1",
        property="level",
        kind="river_level",
        unit="cm",
        interval_calm_s=60,
        levels=levels,
        valid_max=valid_max,
    )
    return Catalogue(city=CITY, stations=(STATION,), datastreams=(datastream,))


def test_the_worst_rising_level_in_force_is_tried_a_little_above_its_limit() -> None:
    found = example(
        catalogue(
            level("kuning", 200, severity=2),
            level("merah", 300, severity=4, rank=3),
            level("merah lama", 250, severity=4, rank=4, effective_from="2999-01-01"),
            level("surut", 10, severity=4, rank=4, direction="falling"),
            level("contoh", 400, severity=4, rank=4, source="illustrative: made up"),
        ),
        "2026-01-01",
    )
    assert found is not None
    assert (found.level.level, found.value) == ("merah", 306.0)


def test_the_valid_range_is_kept() -> None:
    found = example(catalogue(level("merah", 300), valid_max=301), "2026-01-01")
    assert found is not None
    assert found.value == 300


def test_a_city_without_rising_levels_has_nothing_to_try() -> None:
    assert example(catalogue(), "2026-01-01") is None


TRIED = example(catalogue(level("merah", 300)), "2026-01-01")


def test_the_greeting_names_wall_broker_login_reading_and_the_way_to_stop() -> None:
    settings = Settings(http=HttpSettings(host="::", port=8123))
    text = "\n".join(greeting(settings, "mqtt://127.0.0.1:1883", "as shown", TRIED, 1.25))
    for expected in (
        "http://[::1]:8123/",
        "mqtt://127.0.0.1:1883",
        "user admin, password as shown",
        "siaga publish s1 level 306   (merah is reached at 300 cm)",
        "Ctrl-C",
    ):
        assert expected in text


def test_another_port_stands_in_the_line_to_try() -> None:
    text = "\n".join(greeting(Settings(), "mqtt://127.0.0.1:1884", "as shown", TRIED, 1.0))
    assert "siaga publish s1 level 306 --mqtt-url mqtt://127.0.0.1:1884   (" in text


def test_a_brokers_password_is_not_shown() -> None:
    url = "mqtt://siaga:rahasia@broker.example:1883"
    text = "\n".join(greeting(Settings(mqtt=MqttSettings(url=url)), url, "as shown", TRIED, 1.0))
    assert "rahasia" not in text
    assert "mqtt://siaga:***@broker.example:1883" in text


def test_the_line_to_try_names_another_broker_and_another_data_directory() -> None:
    url = "mqtt://broker.example:1883"
    settings = Settings(data_dir="data-live", mqtt=MqttSettings(url=url))
    text = "\n".join(greeting(settings, url, "as shown", TRIED, 1.0))
    assert f"siaga publish s1 level 306 --data-dir data-live --mqtt-url {url}   (" in text


def test_a_city_with_brokers_of_its_own_is_told_that_they_are_not_used() -> None:
    own = tuple(Source(name=f"b{n}", url=f"mqtt://10.0.0.{n}:1883") for n in (1, 2))
    assert unused_brokers(replace(catalogue(), city=replace(CITY, sources=own))) == [
        "the city names 2 brokers, siaga run uses its own embedded one; `siaga gateway` or SIAGA_MQTT_URL for theirs"
    ]
    assert unused_brokers(catalogue()) == []


def test_without_the_simulator_the_line_to_try_says_that_it_is_simulated() -> None:
    def said(*, simulate: bool) -> str:
        return "\n".join(greeting(Settings(), "mqtt://127.0.0.1:1883", "as shown", TRIED, 1.0, simulate=simulate))

    assert "marked as simulated; a real reading: --origin live" in said(simulate=False)
    assert "--origin live" not in said(simulate=True)
