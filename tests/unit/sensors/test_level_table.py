"""levels.csv: units, versions, ranks."""

from tests.unit.sensors.small_city import LEVELS, CityFolder


def test_a_level_in_another_unit_is_converted(city: CityFolder) -> None:
    city.write("levels.csv", LEVELS.replace("300.5,cm,5", "2.3,m,0.05").replace("400,cm,5", "4,m,0.05"))
    levels = {level.level: level for level in city.catalogue().datastream_by_id["BRANGKAL:level"].levels}
    assert (levels["waspada"].value, levels["waspada"].hysteresis) == (230.0, 5.0)  # not 229.99999999999997
    assert (levels["siaga"].value, levels["siaga"].hysteresis) == (400.0, 5.0)


def test_versions_of_a_level_take_effect_in_the_citys_zone(city: CityFolder) -> None:
    city.append("levels.csv", "BRANGKAL,level,siaga,2,3,rising,420,cm,5,,,2026-02-01,pak Budi")
    city.append("levels.csv", "BRANGKAL,level,siaga,2,3,rising,440,cm,5,,,2026-03-01T06:00:00+00:00,pak Budi")
    levels = city.catalogue().datastream_by_id["BRANGKAL:level"].levels
    assert [(x.value, x.effective_from, x.author) for x in levels if x.level == "siaga"] == [
        (400.0, "", ""),
        (420.0, "2026-01-31T17:00:00Z", "pak Budi"),
        (440.0, "2026-03-01T06:00:00Z", "pak Budi"),
    ]


def test_one_moment_written_in_two_ways_is_one_version(city: CityFolder) -> None:
    city.append("levels.csv", "BRANGKAL,level,siaga,2,3,rising,420,cm,5,,,2026-02-01,")
    city.append("levels.csv", "BRANGKAL,level,siaga,2,3,rising,440,cm,5,,,2026-01-31T17:00:00Z,")
    (fault,) = city.faults()
    assert fault.startswith("levels.csv:6: level: 'BRANGKAL:level/siaga 2026-01-31T17:00:00Z' stands in line 5 already")


def test_a_version_that_overtakes_a_worse_level_is_a_fault_and_the_one_before_stands(city: CityFolder) -> None:
    city.append("levels.csv", "BRANGKAL,level,waspada,1,2,rising,450,cm,5,,,2026-02-01,")
    catalogue, faults = city.load()
    assert [str(f) for f in faults] == ["levels.csv:5: value: rank 1 at 450.0 contradicts siaga (rank 2, 400.0)"]
    assert len(catalogue.datastream_by_id["BRANGKAL:level"].levels) == 3


def test_all_levels_may_move_past_one_another_at_one_moment(city: CityFolder) -> None:
    city.append("levels.csv", "BRANGKAL,level,waspada,1,2,rising,450,cm,5,,,2026-02-01,")
    city.append("levels.csv", "BRANGKAL,level,siaga,2,3,rising,500,cm,5,,,2026-02-01,")
    assert len(city.catalogue().datastream_by_id["BRANGKAL:level"].levels) == 5
