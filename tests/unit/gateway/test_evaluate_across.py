"""`siaga evaluate` with a city: what it derives of the series, its waves and its k of n are judged and reported too."""

from pathlib import Path

from tests.unit.gateway.evaluated import HEADER, at, moves, run, series, thresholds, transitions, write

ABOVE, MIDDLE, BELOW = "BRANGKAL-KUMITIR", "BRANGKAL-SOOKO", "BRANGKAL-SURODINAWAN"  # siaga: 170, 270, 290 cm


def flood(station: str, low: float, high: float, rises_at: int) -> str:
    """2½ hours, a value a minute: from one to the other all at once."""
    return series([low] * rises_at + [high] * (150 - rises_at), station=station, step_min=1)


BASIN = flood(ABOVE, 100, 180, 10) + flood(MIDDLE, 100, 280, 70) + flood(BELOW, 100, 100, 0)


def recording(folder: Path, rows: str) -> Path:
    return write(folder / "record", {"a.csv": HEADER + rows})


def test_what_the_city_derives_is_judged_with_its_levels(tmp_path: Path) -> None:
    report = run(recording(tmp_path, BASIN), tmp_path / "out")
    assert (BELOW, "serempak", "raised", at(70)) in transitions(tmp_path / "out")  # two of three hold siaga
    assert [one.station for one in report.derived if one.property == "level-rate"] == [ABOVE, MIDDLE, BELOW]
    [count] = [one for one in report.derived if one.property == "brangkal-holding"]
    assert [(level.level, level.raised, level.raised_at) for level in count.levels] == [("serempak", 1, [at(70)])]
    assert "Derived by the city" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_transitions_of_all_stand_by_time_and_rank(tmp_path: Path) -> None:
    run(recording(tmp_path, BASIN), tmp_path / "out")
    found = transitions(tmp_path / "out")
    assert [time for *_, time in found] == sorted(time for *_, time in found)


def test_waves_along_the_reaches_are_counted_by_what_came_of_them(tmp_path: Path) -> None:
    report = run(recording(tmp_path, BASIN), tmp_path / "out")
    found = [(one.upstream, one.downstream, one.expected, one.on_time, one.absent, one.is_open) for one in report.waves]
    assert found == [
        (f"{ABOVE}:level", f"{MIDDLE}:level", 1, 1, 0, False),  # 30 to 90 min after minute 10
        (f"{MIDDLE}:level", f"{BELOW}:level", 1, 0, 1, False),  # 22.5 to 67.5 min after minute 70
    ]
    assert "<h2>Waves</h2>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_window_that_is_told_again_is_one_and_may_outlast_the_record(tmp_path: Path) -> None:
    above = series([100] * 10 + [180] * 30 + [230] * 30, station=ABOVE, step_min=1)
    [wave] = run(recording(tmp_path, above + series([100] * 70, station=MIDDLE, step_min=1)), tmp_path / "out").waves
    assert (wave.expected, wave.is_open) == (1, True)


def test_what_lacks_an_input_is_said_and_not_derived(tmp_path: Path) -> None:
    metres = series([1.0, 1.9], station=BELOW, unit="m", step_min=1)
    report = run(recording(tmp_path, flood(ABOVE, 100, 180, 10) + flood(MIDDLE, 100, 280, 70) + metres), tmp_path / "o")
    assert moves(tmp_path / "o", level="serempak") == []
    assert f"a.csv: {BELOW}:brangkal-holding has no {BELOW}:level in the unit of the city" in report.not_derived
    assert "not derived: a.csv" in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")


def test_what_the_file_itself_holds_is_not_derived_and_can_be_an_input(tmp_path: Path) -> None:
    rows = flood(ABOVE, 100, 180, 10) + series([3.0] * 150, station=ABOVE, variable="discharge", unit="m3/s")
    report = run(recording(tmp_path, rows), tmp_path / "out")
    assert [one.variable for one in report.series] == ["level", "discharge"]
    assert [one.property for one in report.derived] == ["level-rate"]


def test_plain_leaves_out_what_the_city_says_across_series(tmp_path: Path) -> None:
    report = run(recording(tmp_path, BASIN), tmp_path / "out", plain=True)
    assert (report.derived, report.waves, report.not_derived) == ([], [], [])
    assert {level for _, level, *_ in transitions(tmp_path / "out")} == {"waspada", "siaga"}


def test_other_levels_are_held_against_the_series_alone(tmp_path: Path) -> None:
    folder = recording(tmp_path, BASIN)
    other = tmp_path / "other.csv"
    other.write_text(thresholds(siaga=160).replace("G-1", ABOVE), encoding="utf-8")
    report = run(folder, tmp_path / "out", levels=other)
    assert {(c.station, c.variable) for c in report.counterfactual} == {(ABOVE, "level")}
    assert report.waves != []
