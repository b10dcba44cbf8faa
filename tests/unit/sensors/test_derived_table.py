"""derived.csv and curves.csv: cross-checked, each fault named, the rest loads, the last good version is kept."""

import pytest

from sensors.catalogue import Catalogue, Derivation
from sensors.keeping import keep_last_good
from tests.unit.sensors.small_city import DATASTREAMS, CityFolder

DERIVED = """\
station,property,kind,unit,method,inputs,window_s,weights,constant,curve,bound,severity,completeness,valid_max,sharing
BRANGKAL,level-rate,river_rate,cm/h,rate,level,,,,,,,,,public
BRANGKAL,level-eta,river_eta,min,eta,level,,,,,low,,,,public
BRANGKAL,discharge,discharge,m3/s,curve,level,,,,brangkal,,,,150.5,agency
BRANGKAL,discharge-rate,river_rate,m3/s/h,rate,discharge,,,,,,,,,
BRANGKAL,rain-1h,rain_sum,mm,accumulation,rain,3600,,,,,,,,
UDARA-1,pm25-24h,air_mean,ug/m3,mean,pm25,86400,,,,,,0.75,,
UDARA-1,ispu-pm25,ispu_part,1,ispu,pm25-24h,,,,,,,,,
UDARA-1,ispu,ispu,1,ispu_max,ispu-pm25,,,,,,,,,
BRANGKAL,held,basin_count,1,holding,level UDARA-1:ispu,,,,,,2,,,
"""
CURVES = """name,x,x_unit,y,y_unit,source
brangkal,0 150.5 300,cm,1 10.25 80,m3/s,made for tests
"""


@pytest.fixture
def derived(city: CityFolder) -> CityFolder:
    """The sound city, with datastreams that are computed."""
    return city.write("derived.csv", DERIVED).write("curves.csv", CURVES)


def derivation(catalogue: Catalogue, name: str) -> Derivation:
    found = catalogue.datastream_by_id[name].derivation
    assert found is not None
    return found


def test_a_derived_datastream_stands_beside_the_observed_ones(derived: CityFolder) -> None:
    catalogue = derived.catalogue()
    discharge = catalogue.datastream_by_id["BRANGKAL:discharge"]
    assert discharge.derivation == Derivation(method="curve", inputs=("BRANGKAL:level",), curve="brangkal")
    assert (discharge.unit, discharge.valid_max, discharge.sharing) == ("m3/s", 150.5, "agency")
    assert discharge.interval_calm_s == 60.0
    (curve,) = catalogue.curves
    assert (curve.x, curve.y) == ((0.0, 150.5, 300.0), (1.0, 10.25, 80.0))


def test_inputs_may_stand_below_and_at_another_station_and_the_slowest_gives_the_interval(derived: CityFolder) -> None:
    lines = DERIVED.splitlines()
    derived.write("derived.csv", "\n".join([lines[0], *lines[:0:-1]]))
    catalogue = derived.catalogue()
    assert derivation(catalogue, "BRANGKAL:held").inputs == ("BRANGKAL:level", "UDARA-1:ispu")
    assert catalogue.datastream_by_id["BRANGKAL:held"].interval_calm_s == 3600.0
    assert catalogue.datastream_by_id["UDARA-1:ispu"].interval_calm_s == 3600.0


def test_semicolons_and_decimal_commas_read_the_same(derived: CityFolder) -> None:
    whole = derived.catalogue()
    derived.write("curves.csv", CURVES.replace(",", ";").replace(".", ","))
    derived.write("derived.csv", DERIVED.replace(",", ";").replace("0.75", "0,75").replace("150.5", "150,5"))
    assert derived.catalogue() == whole


def test_a_mixed_decimal_mark_within_a_cell_is_a_fault(derived: CityFolder) -> None:
    derived.write("curves.csv", CURVES.replace("1 10.25 80", '"1 10,25 80"').replace("300", "300.5"))
    assert derived.faults()[0].startswith("curves.csv:2: y: mixed decimal marks: got '10,25'")


def test_levels_stand_on_derived_datastreams_in_their_unit(derived: CityFolder) -> None:
    derived.append("levels.csv", "BRANGKAL,level-rate,waspada,1,2,rising,0.5,m/h,0.1,,,,")
    (level,) = derived.catalogue().datastream_by_id["BRANGKAL:level-rate"].levels
    assert (level.value, level.hysteresis) == (50.0, 10.0)
    derived.append("levels.csv", "BRANGKAL,discharge,waspada,1,2,rising,151,m3/s,0,,,,")
    assert derived.faults() == ["levels.csv:6: value: 151.0 m3/s is never reached: the valid range ends at 150.5"]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("UDARA-2,x,k,1,linear,pm25,,1,,,,,,,", "station: no station 'UDARA-2'"),
        ("UDARA-1,x y,k,1,linear,pm25,,1,,,,,,,", "property: expected letters, digits, _ and -, at most 64, got 'x y'"),
        ("UDARA-1,PM25,k,1,linear,pm25,,1,,,,,,,", "property: UDARA-1:pm25 stands in datastreams.csv: it is observed"),
        ("UDARA-1,ISPU,k,1,linear,pm25,,1,,,,,,,", "property: 'UDARA-1:ISPU' stands in line 9 already"),
        ("UDARA-1,x,battery,%,linear,pm25,,1,,,,,,,", "kind: battery is what a device tells of itself"),
        ("UDARA-1,x,k,furlong,linear,pm25,,1,,,,,,,", "unit: expected one of mm, cm"),
        ("UDARA-1,x,k,1,median,pm25,,1,,,,,,,", "method: expected one of rate, eta, curve, gate"),
        ("UDARA-1,x,k,%,speed_ratio,pm25 ispu,60,,,,,,,,", "inputs: speed_ratio takes 1, got 2"),
        ("UDARA-1,x,k,1,linear,pm25 UDARA-1:pm25,,1 1,,,,,,,", "inputs: UDARA-1:pm25 stands twice"),
        ("UDARA-1,x,k,1,linear,pm2.5,,1,,,,,,,", "inputs: no datastream 'UDARA-1:pm2.5' in datastreams.csv or derived"),
        ("UDARA-1,x,k,1,linear,PM25,,1,,,,,,,", "inputs: no datastream 'UDARA-1:PM25'; did you mean 'UDARA-1:pm25'?"),
        ("UDARA-1,x,k,1,linear,,,1,,,,,,,", "inputs: is empty"),
        ("UDARA-1,x,k,ug/m3,mean,pm25,,,,,,,,,", "window_s: is empty, and mean needs it"),
        ("UDARA-1,x,k,ug/m3,mean,pm25,-5,,,,,,,,", "window_s: expected more than 0, at most 31622400 (a year), got -5"),
        ("UDARA-1,x,k,ug/m3,mean,pm25,600,,,,,,,,", "window_s: expected 3600 (the interval of UDARA-1:pm25) or more"),
        ("UDARA-1,x,k,mg/m3,mean,pm25,3600,,,,,,,,", "unit: expected ug/m3 (the unit of UDARA-1:pm25), got mg/m3"),
        ("UDARA-1,x,k,ug/m3,mean,pm25,3600,2,,,,,,,", "weights: mean takes none, got (2.0,)"),
        ("UDARA-1,x,k,ug/m3,mean,pm25,3600,,,,,,75,,", "completeness: expected 0 to 1, got 75"),
        ("UDARA-1,x,k,1,holding,pm25,,,,,,5,,,", "severity: expected 1 to 4, got 5"),
        ("UDARA-1,x,k,%,holding,pm25,,,,,,1,,,", "unit: expected 1 (a number of datastreams), got %"),
        ("UDARA-1,x,k,1,linear,BRANGKAL:held,,2,,,,,,,", "inputs: BRANGKAL:held counts what is held: nothing can be"),
        ("BRANGKAL,x,k,m/h,rate,level,,,,,,,,,", "unit: expected cm/h (the unit of BRANGKAL:level an hour), got m/h"),
        ("UDARA-1,x,k,1,rate,pm25,,,,,,,,,", "inputs: expected one in mm, cm, m, ft, m3/s, got UDARA-1:pm25 in ug/m3"),
        ("BRANGKAL,x,k,min,eta,rain,,,,,,,,,", "inputs: BRANGKAL:rain has no trend"),
        ("BRANGKAL,x,k,h,eta,level,,,,,,,,,", "unit: expected min (minutes), got h"),
        ("BRANGKAL,x,k,min,eta,level,,,,,least,,,,", "bound: expected one of middle, low, high, got 'least'"),
        ("BRANGKAL,x,k,m3/s,curve,level,,,,sooko,,,,,", "curve: no curve 'sooko' in curves.csv"),
        ("BRANGKAL,x,k,m3/s,curve,level,,,,,,,,,", "curve: is empty, and curve needs it"),
        (
            "BRANGKAL,x,k,l/s,curve,level,,,,brangkal,,,,,",
            "curve: brangkal has its y in m3/s: expected l/s for BRANGKAL",
        ),
        (
            "BRANGKAL,x,k,m3/s,curve,rain,,,,brangkal,,,,,",
            "curve: brangkal has its x in cm: expected mm/h for BRANGKAL",
        ),
        (
            "BRANGKAL,x,k,m3/s,gate,level rain,,2,0.6,,,,,,",
            "inputs: expected head and openings in a length, got BRANGKAL:r",
        ),
        ("BRANGKAL,x,k,cm,linear,level rain,,,,,,,,,", "unit: a sum without weights is in the unit of its inputs"),
        ("BRANGKAL,x,k,cm,linear,level rain,,1,,,,,,,", "weights: expected one for each of 2 inputs, or none, got 1"),
        (
            "BRANGKAL,x,k,mm/h,accumulation,rain,3600,,,,,,,,",
            "unit: expected mm (what BRANGKAL:rain in mm/h adds up to",
        ),
        (
            "UDARA-1,x,k,1,ispu,BRANGKAL:rain,,,,,,,,,",
            "curve: expected a pollutant (pm25, pm10, so2, co, o3, no2, hc) or",
        ),
        ("UDARA-1,x,k,1,ispu,BRANGKAL:rain,,,,pm25,,,,,", "inputs: expected one in a unit that converts to ug/m3"),
        ("UDARA-1,x,k,1,ispu_max,pm25,,,,,,,,,", "inputs: expected sub-indices of ISPU, got UDARA-1:pm25, in ug/m3"),
        ("UDARA-1,x,k,1,dominant,ispu,,,,,,,,,", "inputs: expected sub-indices of ISPU, got UDARA-1:ispu, ispu_max"),
        ("UDARA-1,x,k,1,los,pm25,,,,,,,,,", "inputs: expected volume over capacity first, unit 1, got UDARA-1:pm25"),
        ("UDARA-1,x,k,1,los,ispu pm25,,,,,,,,,", "inputs: expected at most one speed and one depth of water after"),
        (
            "UDARA-1,x,k,1,los,ispu BRANGKAL:level,,,,,,,,,",
            "constant: expected the depth, over 0, from which the road is",
        ),
        ("UDARA-1,x,k,1,los,ispu,,,25,,,,,,", "constant: expected none without water, got 25"),
        ("UDARA-1,x,k,1,los,ispu,,0.2 0.4,,,,,,,", "weights: expected 5 ascending bounds, where B to F begin, or none"),
        ("UDARA-1,x,k,1,linear,x,,1,,,,,,,", "inputs: leads into a circle: left out are UDARA-1:x"),
    ],
)
def test_a_fault_is_named_and_the_rest_loads(derived: CityFolder, row: str, fault: str) -> None:
    whole = derived.catalogue()
    derived.append("derived.csv", row)
    catalogue, faults = derived.load()
    assert [str(found)[: len(fault) + 16] for found in faults] == [f"derived.csv:11: {fault}"]
    assert catalogue == whole


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("0 150.5 300", "0 300 150.5", "x: expected ascending numbers, got 300 and then 150.5"),
        ("0 150.5 300", "0 0 300", "x: expected ascending numbers, got 0 and then 0"),
        ("0 150.5 300", "0", "x: expected 2 points or more, got 1"),
        ("1 10.25 80", "1 10.25", "y: expected as many as x, 3, got 2"),
        ("1 10.25 80", "1 banyak 80", "y: expected a number without thousands separators, got 'banyak'"),
        (",cm,", ",lengan,", "x_unit: expected one of mm, cm"),
        ("brangkal,0", "kali brangkal,0", "name: expected letters, digits, _ and -, at most 64, got 'kali brangkal'"),
    ],
)
def test_a_curve_with_a_fault_costs_what_is_computed_with_it(
    derived: CityFolder, old: str, new: str, fault: str
) -> None:
    catalogue, faults = derived.replace("curves.csv", old, new).load()
    first, second, third = map(str, faults)
    assert first.startswith(f"curves.csv:2: {fault}")
    assert second == "derived.csv:4: curve: no curve 'brangkal' in curves.csv"
    assert third == "derived.csv:5: inputs: BRANGKAL:discharge has a fault itself and is left out"
    assert "BRANGKAL:level-rate" in catalogue.datastream_by_id


def test_a_curve_of_a_name_that_stands_already_is_a_fault(derived: CityFolder) -> None:
    derived.append("curves.csv", "BRANGKAL,0 1,cm,0 1,m3/s,")
    assert derived.faults() == [
        "curves.csv:3: name: 'BRANGKAL' stands in line 2 already (names are unique ignoring case)"
    ]


def test_an_observed_input_with_a_fault_costs_all_that_is_computed_from_it(derived: CityFolder) -> None:
    catalogue, faults = derived.replace("datastreams.csv", "120.5", "-1").load()
    told = [str(fault) for fault in faults if fault.file == "derived.csv"]
    hint = "in datastreams.csv or derived.csv; a row with a fault is left out"
    assert told[0] == f"derived.csv:2: inputs: no datastream 'BRANGKAL:level' {hint}"
    assert "derived.csv:5: inputs: BRANGKAL:discharge has a fault itself and is left out" in told
    assert {name for name in catalogue.datastream_by_id if name.startswith("BRANGKAL:")} == {
        "BRANGKAL:rain",
        "BRANGKAL:rain-1h",
    }


def test_circles_are_left_out_whole(derived: CityFolder) -> None:
    whole = derived.catalogue()
    derived.append("derived.csv", "BRANGKAL,a,k,1,linear,b,,1,,,,,,,", "BRANGKAL,b,k,1,linear,a,,1,,,,,,,")
    catalogue, faults = derived.load()
    told = "inputs: leads into a circle: left out are BRANGKAL:a, BRANGKAL:b"
    assert [str(fault) for fault in faults] == [f"derived.csv:{line}: {told}" for line in (11, 12)]
    assert catalogue == whole


def test_an_hourly_figure_is_never_ispu(derived: CityFolder) -> None:
    derived.append("derived.csv", "UDARA-1,pm25-1h,air_mean,ug/m3,mean,pm25,3600,,,,,,,,")
    derived.append("derived.csv", "UDARA-1,ispu-1h,ispu_part,1,ispu,pm25-1h,,,,,,,,,")
    (fault,) = derived.faults()
    assert fault == (
        "derived.csv:12: inputs: ISPU is of 24-hour means: expected a mean over 86400 s, got UDARA-1:pm25-1h,"
        " mean over 3600 s"
    )


def reloaded(old: Catalogue, city: CityFolder, *retired: str) -> tuple[Catalogue, list[str]]:
    catalogue, faults = keep_last_good(old, city.load()[0], frozenset(retired))
    return catalogue, [str(fault) for fault in faults]


GONE = "is no longer in derived.csv; its last good version is kept: mend the row or name it in retired.csv"


def test_a_vanished_derived_datastream_is_kept_with_its_curve(derived: CityFolder) -> None:
    old = derived.catalogue()
    derived.replace("curves.csv", "0 150.5 300", "0 300 150.5")
    catalogue, faults = reloaded(old, derived)
    assert catalogue.datastream_by_id["BRANGKAL:discharge"] == old.datastream_by_id["BRANGKAL:discharge"]
    assert catalogue.curves == old.curves
    assert faults == [f"derived.csv: BRANGKAL:{name} {GONE}" for name in ("discharge", "discharge-rate")]


def test_what_is_computed_from_a_kept_datastream_is_kept_with_it(derived: CityFolder) -> None:
    old = derived.catalogue()
    catalogue, faults = reloaded(old, derived.replace("datastreams.csv", "120.5", "-1"))
    assert set(catalogue.datastream_by_id) == set(old.datastream_by_id)
    assert faults[0].startswith("datastreams.csv: BRANGKAL:level is no longer in datastreams.csv")
    assert len(faults) == 6
    again, _ = reloaded(catalogue, derived)
    assert again == catalogue


def test_a_kept_one_keeps_the_table_that_it_had(derived: CityFolder) -> None:
    old = derived.catalogue()
    derived.replace("derived.csv", "m3/s,curve,level", "m3/s,curve,tinggi").replace("curves.csv", "10.25", "20")
    catalogue, _ = reloaded(old, derived)
    name = derivation(catalogue, "BRANGKAL:discharge").curve
    curves = {curve.name: curve.y for curve in catalogue.curves}
    assert curves == {"brangkal": (1.0, 20.0, 80.0), "brangkal (kept)": (1.0, 10.25, 80.0)}
    assert name == "brangkal (kept)"


def test_one_whose_input_is_in_another_unit_now_is_not_kept(derived: CityFolder) -> None:
    old = derived.catalogue()
    derived.write("datastreams.csv", DATASTREAMS.replace("river_level,cm", "river_level,m").replace(",0,600", ",0,6"))
    derived.write("levels.csv", (derived.folder / "levels.csv").read_text().splitlines()[0])
    catalogue, faults = reloaded(old, derived)
    assert "BRANGKAL:level-rate" not in catalogue.datastream_by_id
    assert "BRANGKAL:discharge-rate" not in catalogue.datastream_by_id
    reason = "is no longer in derived.csv, and cannot be kept: its input BRANGKAL:level is another now; mend the row"
    assert f"derived.csv: BRANGKAL:level-rate {reason}" in faults


def test_a_retired_one_goes(derived: CityFolder) -> None:
    old = derived.catalogue()
    derived.write("derived.csv", DERIVED.replace("BRANGKAL,level-eta,river_eta,min,eta,level,,,,,low,,,,public\n", ""))
    catalogue, faults = reloaded(old, derived, "BRANGKAL:level-eta")
    assert "BRANGKAL:level-eta" not in catalogue.datastream_by_id
    assert faults == []


def test_a_pollutants_own_breakpoints_are_kept_until_they_are_retired(derived: CityFolder) -> None:
    derived.append("curves.csv", "pm25,0 20 500,ug/m3,0 50 500,1,")
    old = derived.catalogue()
    derived.write("curves.csv", CURVES)
    catalogue, faults = reloaded(old, derived)
    assert "pm25" in {curve.name for curve in catalogue.curves}
    gone = "pm25 is no longer in curves.csv; its last good version is kept"
    assert faults == [f"curves.csv: {gone}: mend the row or name curve:pm25 in retired.csv"]
    assert reloaded(old, derived, "curve:pm25") == (derived.catalogue(), [])


def test_inputs_in_another_case_are_found_again(derived: CityFolder) -> None:
    old = derived.catalogue()
    derived.write("datastreams.csv", DATASTREAMS.replace("UDARA-1,pm25", "UDARA-1,PM25"))
    catalogue, _ = reloaded(old, derived)
    assert derivation(catalogue, "UDARA-1:pm25-24h").inputs == ("UDARA-1:PM25",)
