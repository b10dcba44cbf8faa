"""city.toml: what cannot be used is an error with file and key; layers and ingest rules are left out."""

from pathlib import Path

import pytest

from sensors.errors import CatalogueError
from tests.unit.sensors.small_city import CITY_TOML, CityFolder


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('zone_label = "WIB"', 'zone_label = "WIB"\nzona = "WIB"', "Object contains unknown field `zona`"),
        ("zoom = 11", "zoom = 11\ntilt = 3", r"Object contains unknown field `tilt` - at `\$.map`"),
        ("zoom = 11", 'zoom = "dekat"', r"Expected `float`, got `str` - at `\$.map.zoom`"),
        ("zoom = 11", "zoom = 99", "map: expected lon -180 to 180, lat -90 to 90, zoom 0 to 24"),
        ('"Asia/Jakarta"', '"WIB"', "time_zone: expected an IANA zone such as Asia/Jakarta, got 'WIB'"),
        ('code = "kota"', 'code = "../kota"', "code: expected letters, digits"),
        ("#f28c1e", "orange", "levels.siaga.colour: expected #rrggbb, got 'orange'"),
        ("[basins]", "[silence]\nintervals = 0.5\n[basins]", "silence.intervals: expected 1 to 1000, got 0.5"),
        ("[basins]", "[silence]\nseverity = 5\n[basins]", "silence.severity: expected 1 to 4, got 5"),
        ("[[sources]]", '[[sources]]\nname="PJT"\nurl="x"\n[[sources]]', "sources: the name 'pjt' stands twice"),
        (
            "[basins]",
            '[properties.level]\nid = ""\nen = "x"\n[basins]',
            "properties.level.id: expected 1 to 40 letters",
        ),
        ("[basins]", '[properties."a b"]\nid = "x"\nen = "x"\n[basins]', "properties: expected a property's letters"),
        ("[basins]", '[properties.level]\nid = "x"\n[basins]', "Object missing required field `en`"),
        ("[map]", "[map", "not TOML"),
        (
            '#f28c1e"',
            '#f28c1e"\nadvice = { id = "Naik.", en = " " }',
            "levels.siaga.advice: expected 1 to 600 letters in id and in en",
        ),
        ("[basins]", "[public]\nvalid_min = 1\n[basins]", r"Expected `int` >= 5 - at `\$.public.valid_min`"),
        (
            "[basins]",
            '[public]\ncontact = { id = "a", en = "b", phone = "javascript:1" }\n[basins]',
            "Expected `str` matching regex",
        ),
        ('zone_label = "WIB"', f'zone_label = "WIB"\nlicence = "{"x" * 201}"', "licence: expected at most 200 letters"),
    ],
)
def test_a_city_toml_that_cannot_be_used_is_an_error_with_file_and_key(
    city: CityFolder, old: str, new: str, message: str
) -> None:
    with pytest.raises(CatalogueError, match=rf"kota/city\.toml: {message}"):
        city.replace("city.toml", old, new).load()


def test_a_layer_that_is_not_there_or_lies_elsewhere_is_left_out(city: CityFolder, tmp_path: Path) -> None:
    (tmp_path / "rahasia.geojson").write_text("{}")
    (city.folder / "sungai.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    layer = '[[layers]]\nfile = "{}"\nkind = "river"\nname = {{ id = "Sungai", en = "Rivers" }}\n'
    files = ("sungai.geojson", "jalan.geojson", "../rahasia.geojson", "city.toml")
    city.write("city.toml", CITY_TOML + "".join(layer.format(file) for file in files))
    catalogue, faults = city.load()
    assert [layer.file for layer in catalogue.city.layers] == ["sungai.geojson"]
    assert [str(fault) for fault in faults] == [
        "city.toml: layers: no file jalan.geojson in the city's folder",
        "city.toml: layers: expected NAME.geojson or NAME.pmtiles, got '../rahasia.geojson'",
        "city.toml: layers: expected NAME.geojson or NAME.pmtiles, got 'city.toml'",
    ]


def test_a_city_names_its_properties_and_a_name_for_none_is_a_fault(city: CityFolder) -> None:
    names = '[properties.level]\nid = "muka air"\nen = "stage"\n[properties.levle]\nid = "x"\nen = "x"\n'
    catalogue, faults = city.replace("city.toml", "[basins]", f"{names}[basins]").load()
    assert catalogue.city.properties["level"].id == "muka air"
    assert [str(fault) for fault in faults] == ["city.toml: properties: no property 'levle'"]


def test_an_ingest_rule_for_an_unknown_source_is_left_out(city: CityFolder) -> None:
    city.append("city.toml", "[[ingest]]", 'source = "bbws"', 'filter = "up/#"', 'format = "ttn"')
    catalogue, faults = city.load()
    assert [rule.source for rule in catalogue.city.ingest] == ["*"]
    assert [str(fault) for fault in faults] == ["city.toml: ingest: no source 'bbws'"]


def test_a_login_in_a_sources_address_is_left_out_because_the_city_is_stored(city: CityFolder) -> None:
    city.append("city.toml", "[[sources]]", 'name = "bbws"', 'url = "mqtt://petugas:r%40hasia@10.0.0.5:1884"')
    catalogue, faults = city.load()
    assert [source.url for source in catalogue.city.sources if source.name == "bbws"] == ["mqtt://10.0.0.5:1884"]
    assert [str(fault) for fault in faults if fault.column == "sources"] == [
        (
            "city.toml: sources: bbws: a login in url would be stored with the city and is left out:"
            " use user and password_env or password_file"
        )
    ]
    assert b"rahasia" not in catalogue.canonical()
    assert b"r%40hasia" not in catalogue.canonical()
