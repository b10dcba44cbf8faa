"""Tables as spreadsheets in Indonesia leave them: another separator, mark or encoding reads the same."""

from tests.unit.sensors.small_city import DATASTREAMS, LEVELS, CityFolder


def test_empty_columns_and_lines_that_a_spreadsheet_leaves_are_nothing(city: CityFolder) -> None:
    whole = city.catalogue()
    city.write("levels.csv", "".join(f"{line},,\n,,,,,,,,,,,,,,\n" for line in LEVELS.splitlines()))
    assert city.catalogue() == whole


def test_semicolons_and_decimal_commas_read_the_same(city: CityFolder) -> None:
    whole = city.catalogue()
    for file in ("levels.csv", "datastreams.csv", "stations.csv"):
        text = (city.folder / file).read_text()
        lines = [";".join(_with_decimal_commas(cell) for cell in line.split(",")) for line in text.splitlines()]
        city.write(file, "\r\n".join(lines))
    assert "300,5;cm" in (city.folder / "levels.csv").read_text()
    assert city.catalogue() == whole


def _with_decimal_commas(cell: str) -> str:
    try:
        float(cell)
    except ValueError:
        return cell
    return cell.replace(".", ",")


def test_quoted_decimal_commas_between_commas_read_the_same(city: CityFolder) -> None:
    whole = city.catalogue()
    city.write("levels.csv", LEVELS.replace("300.5", '"300,5"').replace("2.5", '"2,5"'))
    assert city.catalogue() == whole


def test_a_thousands_point_among_decimal_commas_is_no_decimal_point(city: CityFolder) -> None:
    city.write("levels.csv", LEVELS.replace("300.5", '"300,5"').replace("2.5", '"2,5"').replace(",400,", ",4.000,"))
    catalogue, faults = city.load()
    assert [str(fault) for fault in faults] == [
        "levels.csv:3: value: mixed decimal marks: got '4.000', but most numbers here have a decimal ','"
    ]
    assert {level.level for level in catalogue.datastream_by_id["BRANGKAL:level"].levels} == {"waspada", "kering"}


def test_a_byte_order_mark_is_nothing(city: CityFolder) -> None:
    whole = city.catalogue()
    for file in ("city.toml", "levels.csv", "stations.csv"):
        city.write(file, b"\xef\xbb\xbf" + (city.folder / file).read_bytes())
    assert city.catalogue() == whole


def test_cp1252_is_read(city: CityFolder) -> None:
    text = DATASTREAMS.replace("ug/m3", "µg/m³").replace("station,property", "station,property", 1)
    city.write("datastreams.csv", text.encode("cp1252"))
    assert city.catalogue().datastream_by_id["UDARA-1:pm25"].unit == "ug/m3"


def test_a_spreadsheet_that_stripped_leading_zeros_is_told(city: CityFolder) -> None:
    city.append("stations.csv", "007,Pos 7,rain,-7.4,112.4,35.76.01.1003,,BPBD,,")
    city.append("datastreams.csv", "7,rain,rain,mm,,,,,,60")
    (fault,) = city.faults()
    assert fault.startswith("datastreams.csv:5: station: no station '7', but '007': did a spreadsheet strip leading")


def test_a_quote_that_nobody_closed_costs_its_own_line(city: CityFolder) -> None:
    city.write("reaches.csv", b'upstream,downstream,travel_min\nUDARA-1,"BRANGKAL,3\nBRANGKAL,UDARA-1,30\n')
    catalogue, faults = city.load()
    assert [(r.upstream, r.travel_min) for r in catalogue.reaches] == [("BRANGKAL", 30)]
    assert [(f.file, f.line) for f in faults] == [("reaches.csv", 2)]
    assert "is a quote not closed?" in faults[0].reason


def test_reaches_in_a_circle_are_named_and_left_out(city: CityFolder) -> None:
    city.write("reaches.csv", b"upstream,downstream,travel_min\nUDARA-1,BRANGKAL,3\nBRANGKAL,UDARA-1,30\n")
    catalogue, faults = city.load()
    assert catalogue.reaches == ()
    assert "UDARA-1 to BRANGKAL, BRANGKAL to UDARA-1" in faults[0].reason


def test_what_is_no_csv_is_told_and_what_stands_before_counts(city: CityFolder) -> None:
    city.write("reaches.csv", b"upstream,downstream,travel_min\nBRANGKAL,UDARA-1,30\nUDARA-1,BRANG\x00KAL,3\n")
    catalogue, faults = city.load()
    assert len(catalogue.reaches) == 1
    assert [(f.file, f.line) for f in faults] == [("reaches.csv", 3)]
