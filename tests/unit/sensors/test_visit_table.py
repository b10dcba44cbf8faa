"""visits.csv and the units of health: faults by line, the rest runs."""

from pathlib import Path

from sensors.city import load_city
from tests.e2e.small_city import write_city


def test_visits_are_read_the_oldest_first_and_faults_are_named(tmp_path: Path) -> None:
    folder = write_city(tmp_path / "city")
    (folder / "visits.csv").write_text(
        "station,visited,by,work,calibration_due\n"
        "SUNGAI-UJI,2026-08-17,BPBD,aki diganti,2027-08-17\n"
        "SUNGAI-UJI,2026-01-05,BPBD,pemasangan,\n"
        "NOBODY,2026-01-05,,,\n"
        "HUJAN-UJI,17/08/2026,,,\n"
        "HUJAN-UJI,2026-08-17,,,2027-8-1\n"
    )
    catalogue, faults = load_city(str(folder))
    assert [(v.station, v.visited) for v in catalogue.visits] == [
        ("SUNGAI-UJI", "2026-01-05"),
        ("SUNGAI-UJI", "2026-08-17"),
    ]
    assert [(f.file, f.line, f.column) for f in faults] == [
        ("visits.csv", 4, "station"),
        ("visits.csv", 5, "visited"),
        ("visits.csv", 6, "calibration_due"),
    ]


def test_a_kind_of_health_has_its_units(tmp_path: Path) -> None:
    folder = write_city(tmp_path / "city")
    with (folder / "datastreams.csv").open("a") as table:
        table.write("SUNGAI-UJI,battery,battery,V,,,600,,public,for tests\n")
        table.write("SUNGAI-UJI,signal,signal,cm,,,600,,public,for tests\n")
    catalogue, faults = load_city(str(folder))
    assert "SUNGAI-UJI:battery" in catalogue.datastream_by_id
    assert [(f.line, f.column, f.reason) for f in faults] == [
        (6, "unit", "expected dBm or dB or % for kind signal, got cm")
    ]
