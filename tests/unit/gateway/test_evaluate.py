"""`siaga evaluate` over small recordings: what stands in transitions.csv and in the report."""

from pathlib import Path

import pytest

from gateway.errors import GatewayError
from tests.unit.gateway.evaluated import HEADER, LEVELS, at, moves, run, series, thresholds, transitions, write

FLICKER = [100, 160, 148, 152, 146, 151, 100]  # around 150: 148 is within 3 cm of it, 146 is not


def recording(folder: Path, rows: str, limits: str | None = None) -> Path:
    return write(folder / "record", {"a.csv": HEADER + rows, "thresholds.csv": limits or thresholds(siaga3=150)})


def test_a_river_level_without_hysteresis_of_its_own_is_left_3_cm_below_its_limit(tmp_path: Path) -> None:
    run(recording(tmp_path, series(FLICKER)), tmp_path / "out")
    assert moves(tmp_path / "out", level="siaga3") == [
        ("raised", at(10)), ("returned", at(40)), ("raised", at(50)), ("returned", at(60)),
    ]  # fmt: skip


def test_plain_gives_exactly_the_excursions(tmp_path: Path) -> None:
    run(recording(tmp_path, series(FLICKER)), tmp_path / "out", plain=True)
    assert moves(tmp_path / "out", level="siaga3") == [
        ("raised", at(10)), ("returned", at(20)), ("raised", at(30)), ("returned", at(40)), ("raised", at(50)),
        ("returned", at(60)),
    ]  # fmt: skip


def test_a_crossing_that_hysteresis_swallows_is_merged_and_no_miss(tmp_path: Path) -> None:
    report = run(recording(tmp_path, series(FLICKER)), tmp_path / "out")
    (level,) = report.series[0].levels
    assert (level.crossings, level.hits, level.merged, level.misses, level.false_alarms) == (3, 2, 1, 0, 0)
    assert level.merged_at == [at(30)]
    assert (level.flaps, level.flaps_plain) == (1, 2)
    assert report.verdict.startswith("All 3 crossings found, each at its own observation (1 of them while")


@pytest.mark.parametrize(("unit", "one_cm"), [("cm", 1.0), ("m", 0.01), ("ft", 1 / 30.48)])
def test_the_default_hysteresis_is_3_cm_in_every_unit_of_length(tmp_path: Path, unit: str, one_cm: float) -> None:
    values = [100, 100 + 2 * one_cm, 100 - 2.9 * one_cm, 100 + one_cm, 100 - 3.1 * one_cm]
    limits = f"{LEVELS}G-1,siaga3,1,100,{unit}\n"
    run(recording(tmp_path, series(values, unit=unit), limits), tmp_path / "out")
    assert moves(tmp_path / "out", level="siaga3") == [("raised", at(0)), ("returned", at(40))]


def test_rain_in_mm_is_no_river_and_has_no_default_hysteresis(tmp_path: Path) -> None:
    limits = LEVELS + "G-1,lebat,1,20,mm\n"
    run(recording(tmp_path, series([10, 21, 19], variable="rain", unit="mm"), limits), tmp_path / "out")
    assert moves(tmp_path / "out", level="lebat") == [("raised", at(10)), ("returned", at(20))]


def test_a_hysteresis_of_its_own_counts_and_0_is_one(tmp_path: Path) -> None:
    limits = (
        "station,level,rank,value,unit,hysteresis\nG-1,wide,1,150,cm,20\nG-1,none,2,155,cm,0\nG-1,usual,3,158,cm,\n"
    )
    run(recording(tmp_path, series([100, 160, 154, 131, 129]), limits), tmp_path / "out")
    assert moves(tmp_path / "out", level="wide")[1] == ("returned", at(40))
    assert moves(tmp_path / "out", level="none")[1] == ("returned", at(20))
    assert moves(tmp_path / "out", level="usual")[1] == ("returned", at(20))


def test_transitions_stand_by_file_time_and_rank(tmp_path: Path) -> None:
    limits = thresholds(siaga3=150, siaga2=200)
    files = {"b.csv": HEADER + series([100, 250]), "a.csv": HEADER + series([100, 160]), "thresholds.csv": limits}
    run(write(tmp_path / "record", files), tmp_path / "out")
    text = (tmp_path / "out" / "transitions.csv").read_text(encoding="utf-8")
    assert text.splitlines() == [
        "file,station,level,kind,time,value,limit",
        f"a.csv,G-1,siaga3,raised,{at(10)},160.0,150.0",
        f"b.csv,G-1,siaga3,raised,{at(10)},250.0,150.0",
        f"b.csv,G-1,siaga2,raised,{at(10)},250.0,200.0",
    ]


def test_each_file_begins_from_a_fresh_state(tmp_path: Path) -> None:
    files = {name: HEADER + series([160]) for name in ("a.csv", "b.csv")} | {"thresholds.csv": thresholds(siaga3=150)}
    run(write(tmp_path / "record", files), tmp_path / "out")
    assert len(transitions(tmp_path / "out")) == 2


def test_thresholds_apply_to_series_of_their_unit_only_and_without_them_the_city_does(tmp_path: Path) -> None:
    rows = series([1, 2], unit="m") + series([400, 700], station="BRANTAS-BETRO")
    report = run(recording(tmp_path, rows), tmp_path / "out")
    names = ["hijau", "kuning", "merah"]
    assert [[level.level for level in one.levels] for one in report.series] == [[], names]
    assert transitions(tmp_path / "out") == [("BRANTAS-BETRO", name, "raised", at(10)) for name in names]


def test_thresholds_win_over_the_city_and_its_other_settings_stay(tmp_path: Path) -> None:
    limits = LEVELS + "BRANTAS-BETRO,own,1,650,cm\n"
    rows = series([600, 700, 2000, 600], station="BRANTAS-BETRO", step_min=1)
    report = run(recording(tmp_path, rows, limits), tmp_path / "out")
    assert [level.level for level in report.series[0].levels] == ["own"]
    assert report.series[0].failed == {"gross_range": 1}  # valid_max 1000
    assert report.series[0].silent_after_s == 360.0  # three intervals of 120 s


def test_a_record_coarser_than_its_gauge_is_no_outage_and_the_report_says_so(tmp_path: Path) -> None:
    river = [600, 700, 800, 700, 600, 590]  # 10 min apart; the city: 2 min, in storm 1
    report = run(recording(tmp_path, series(river, station="BRANTAS-BETRO")), tmp_path / "out")
    one = report.series[0]
    assert (one.silences, one.verify, one.suspect, one.silent_after_s) == (0, 0, {}, 1800.0)
    assert (one.city_interval_s, one.interval_s) == (120.0, 600.0)
    assert moves(tmp_path / "out", level="merah") == [("raised", at(10)), ("returned", at(40))]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The city expects a value every 2 min, the record has one every 10 min" in page


def test_an_unknown_series_is_expected_at_its_own_median_step(tmp_path: Path) -> None:
    gap = series([100] * 6) + "".join(f"{at(minute)},G-1,level,100,cm\n" for minute in (90, 100, 110))
    report = run(recording(tmp_path, gap), tmp_path / "out")
    one = report.series[0]
    assert (one.step_s, one.silent_after_s, one.silences) == (600.0, 1800.0, 1)


def test_a_fall_that_no_river_makes_is_to_be_verified_and_ends_no_level_at_once(tmp_path: Path) -> None:
    gone = "".join(f"{at(minute)},G-1,level,{100 - minute / 100},cm\n" for minute in range(120, 190, 10))
    report = run(recording(tmp_path, series([100, 160, 170]) + gone), tmp_path / "out")
    one = report.series[0]
    assert (one.verify, one.silences, one.levels[0].hits, one.levels[0].false_alarms) == (1, 1, 1, 0)
    assert one.suspect["implausible_fall"] >= 1
    assert moves(tmp_path / "out", level="siaga3") == [("raised", at(10)), ("returned", at(150))]
    assert one.levels[0].held_longer_s.max == 1800.0
    run(tmp_path / "record", tmp_path / "plain", plain=True)
    assert moves(tmp_path / "plain", level="siaga3") == [("raised", at(10)), ("returned", at(120))]


def test_what_is_no_recording_is_named_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = recording(tmp_path, series([160]))
    write(folder, {"notes.csv": "a,b\n1,2\n", "empty.csv": HEADER, "readme.txt": "x"})
    (folder / "folder.csv").mkdir()
    report = run(folder, tmp_path / "out")
    assert len(report.series) == 1
    assert [text.split(":")[0] for text in report.skipped] == ["empty.csv", "folder.csv", "notes.csv"]
    assert str(tmp_path) not in (tmp_path / "out" / "report.json").read_text(encoding="utf-8")
    assert f"skipped: {folder / 'notes.csv'}: expected the columns" in capsys.readouterr().err


def test_a_single_file_and_a_folder_that_is_there_already(tmp_path: Path) -> None:
    folder = recording(tmp_path, series([160]))
    for _ in range(2):
        assert len(run(folder / "a.csv", tmp_path / "out").series) == 1


def test_nothing_to_evaluate_fails(tmp_path: Path) -> None:
    run(write(tmp_path / "record", {"a.csv": "a,b\n"}), tmp_path / "out", code=1)
    with pytest.raises(GatewayError, match="no such file or folder"):
        run(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(GatewayError, match="expected CSV files, found none"):
        run(write(tmp_path / "void", {}), tmp_path / "out")
    with pytest.raises(GatewayError, match="--out"):
        run(recording(tmp_path, series([160])), tmp_path / "record" / "a.csv")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("G-1,siaga3,1,nan,cm", "thresholds.csv:2: value: expected a finite number"),
        ("G-1,siaga3,one,150,cm", "thresholds.csv:2: .*rank"),
        ("G-1,siaga3,1,,cm", "thresholds.csv:2: .*value"),
        ("G-1,,1,150,cm", "thresholds.csv:2: .*level"),
        ("G-1,siaga3,1,150,cm\nG-1,siaga3,2,160,cm", "G-1 has the level siaga3 in cm 2 times"),
        ("\n".join(f"G-1,l{n},{n},{n},cm" for n in range(1, 10)), "G-1: expected 8 levels in cm at most, got 9"),
    ],
)
def test_a_faulty_threshold_is_named_and_nothing_is_judged_without_it(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(GatewayError, match=complaint):
        run(recording(tmp_path, series([160]), f"{LEVELS}{row}\n"), tmp_path / "out")


def test_the_page_stands_alone_and_takes_no_markup_from_a_file(tmp_path: Path) -> None:
    limits = LEVELS + "<b>G</b>,<i>$x_1$,1,150,cm\n"
    run(recording(tmp_path, series([100, 160, 100], station="<b>G</b>"), limits), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>G" not in page
    assert "<i>$x" not in page
    assert "&lt;b&gt;G&lt;/b&gt;" in page
    assert page.count("<svg") == 2
    assert not [word for word in ("<script", 'src="', "@import", "url(http") if word in page]


def test_a_report_is_the_same_in_every_run(tmp_path: Path) -> None:
    folder = recording(tmp_path, series([100, 160, 100, 120, 140, 160]))
    for name in ("one", "two"):
        run(folder, tmp_path / name)
    for file in ("transitions.csv", "report.json", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
