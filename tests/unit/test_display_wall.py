"""What the wall decides for itself: which panel stands there, when it calls, what it says of a river."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.test_display_modules import HERE, alarm, snapshot
from tests.unit.test_display_words import AT, RISING, TREND, page, run

__all__ = ["page", "run"]  # the fixtures: a page with the texts loaded, and how to run a module in it
pytestmark = pytest.mark.browser

Run = Callable[..., Any]
PANELS = ["rivers", "sky", "roads", "stations"]
TURN = """const turn = new m.Turn(a[0]);
    return a[1].map(([at_s, key, panel, chosen]) => {
        if (chosen) turn.choose(chosen, at_s * 1000);
        const trouble = key ? { key, panel, station: "" } : null;
        const { panel: shown, why } = turn.at(["rivers", "sky", "roads", "stations"], trouble, at_s * 1000);
        return `${shown} ${why}`;
    })"""


def test_panels_take_turns_while_nothing_is_wrong_and_stand_still_where_something_is(run: Run) -> None:
    steps = [
        (0, "", "", ""), (29, "", "", ""), (30, "", "", ""), (61, "", "", ""),
        (62, "a", "sky", ""), (600, "a", "sky", ""), (601, "b", "rivers", ""),
        (602, "", "", ""), (631, "", "", ""), (632, "", "", ""),
    ]  # fmt: skip
    assert run("turn.js", TURN, 30, steps) == [
        "rivers turning", "rivers turning", "sky turning", "roads turning",
        "sky held", "sky held", "rivers held",
        "rivers turning", "rivers turning", "sky turning",
    ]  # fmt: skip


def test_a_lost_picture_stops_the_wall_where_it_is(run: Run) -> None:
    steps = [(0, "", "", ""), (30, "", "", ""), (31, "lost", "", ""), (300, "lost", "", "")]
    assert run("turn.js", TURN, 30, steps)[2:] == ["sky held", "sky held"]


def test_a_panel_that_somebody_chose_stays_a_while_and_makes_way_for_new_trouble(run: Run) -> None:
    steps = [(0, "a", "sky", ""), (1, "a", "sky", "roads"), (120, "a", "sky", ""), (122, "a", "sky", ""),
             (123, "a", "sky", "stations"), (124, "b", "rivers", "")]  # fmt: skip
    assert run("turn.js", TURN, 30, steps) == [
        "sky held", "roads chosen", "roads chosen", "sky held", "stations chosen", "rivers held",
    ]  # fmt: skip


def test_a_wall_that_may_not_move_stays(run: Run) -> None:
    assert run("turn.js", TURN, 0, [(0, "", "", ""), (9_000, "", "", "")]) == ["rivers still", "rivers still"]


CITY = {
    "stations": [{"station": "R", "kind": "river"}, {"station": "A", "kind": "air"}, {"station": "J", "kind": "road"}]
}


@pytest.mark.parametrize(
    ("alarms", "lost", "expected"),
    [
        ([], False, None),
        ([], True, ""),
        ([alarm("a", 2, "08:00", station="A")], False, "sky"),
        ([alarm("a", 2, "08:00", station="A"), alarm("r", 3, "08:00", "acknowledged", station="R")], False, "rivers"),
        ([alarm("s", 4, "08:00", level="silent", station="R"), alarm("a", 1, "08:00", station="A")], False, "sky"),
        ([alarm("s", 4, "08:00", level="silent", station="J")], False, "roads"),
        ([alarm("s", 4, "08:00", "acknowledged", level="silent", station="J")], False, None),
        ([alarm("r", 4, "08:00", "shelved", station="R", returned_at=None)], False, None),
        ([alarm("r", 4, "08:00", "returned_unacknowledged", station="R")], False, "rivers"),
        ([alarm("r", 4, "08:00", station="R", historical=True), alarm("c", 4, "07:00", "normal")], False, None),
        ([alarm("x", 4, "08:00", station="gone")], False, "stations"),
    ],
)
def test_what_is_wrong_is_a_level_that_holds_or_what_nobody_has_seen(
    run: Run, alarms: list[dict[str, object]], lost: bool, expected: str | None
) -> None:
    found = run("trouble.js", "return m.troubleNow(a[0], a[1], a[2])?.panel ?? null", CITY, alarms, lost)
    assert found == expected


CALLS = """const plan = new m.SoundPlan();
    return a[0].map(([at_s, alarms, act, lost]) => {
        if (act === "mute") plan.mute(at_s * 1000);
        const { severity, speak } = plan.call(alarms, lost ?? false, at_s * 1000);
        return [severity, speak?.id ?? "", Math.round(plan.muted_ms(alarms, at_s * 1000) / 1000)];
    })"""
LOW, MILD, HIGH = (alarm(name, rank, "08:00", calls=1) for name, rank in (("low", 1), ("mild", 2), ("high", 4)))


def test_a_new_alarm_calls_at_once_and_again_until_it_is_acknowledged(run: Run) -> None:
    seen = {**MILD, "state": "acknowledged"}
    steps = [
        (0, []),
        (1, [LOW]),
        (500, [LOW]),
        (501, [LOW, MILD]),
        (502, [LOW, MILD]),
        (561, [LOW, MILD]),
        (700, [LOW, seen]),
    ]
    assert [call[:2] for call in run("sound_plan.js", CALLS, steps)] == [
        [0, ""], [1, "low"], [0, ""], [2, "mild"], [0, ""], [2, ""], [0, ""],
    ]  # fmt: skip


def test_an_alarm_that_grew_worse_calls_anew(run: Run) -> None:
    worse = {**MILD, "calls": 2, "severity": 3}
    assert run("sound_plan.js", CALLS, [(0, [MILD]), (1, [worse])])[1][:2] == [3, "mild"]


def test_a_mute_ends_by_itself_after_five_minutes(run: Run) -> None:
    steps = [(0, [MILD]), (10, [MILD], "mute"), (200, [MILD, LOW]), (309, [MILD, LOW]), (311, [MILD, LOW])]
    calls = run("sound_plan.js", CALLS, steps)
    assert [call[0] for call in calls] == [2, 0, 0, 0, 2]
    assert [call[2] for call in calls] == [0, 300, 110, 1, 0]


def test_the_highest_level_is_quiet_for_a_minute_at_most_and_a_new_one_ends_every_mute(run: Run) -> None:
    steps = [(0, [HIGH]), (1, [HIGH], "mute"), (60, [HIGH]), (62, [HIGH])]
    assert [call[0] for call in run("sound_plan.js", CALLS, steps)] == [4, 0, 0, 4]
    steps = [(0, [MILD]), (1, [MILD], "mute"), (2, [MILD, HIGH])]
    assert run("sound_plan.js", CALLS, steps)[2] == [4, "high", 0]


def test_what_was_set_aside_or_is_past_is_quiet_and_a_lost_picture_is_not(run: Run) -> None:
    quiet = [
        alarm("s", 4, "08:00", "shelved"),
        alarm("h", 4, "08:00", historical=True),
        alarm("n", 4, "08:00", "normal"),
    ]
    steps = [(0, quiet), (1, quiet, "", True), (2, quiet, "", True), (22, quiet, "", True), (23, quiet)]
    assert [call[0] for call in run("sound_plan.js", CALLS, steps)] == [0, 3, 0, 3, 0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"screen": "", "theme": "", "language": "", "rotate_s": 30}),
        ("?screen=ruang%20utama&theme=light&lang=en&rotate=60",
         {"screen": "ruang utama", "theme": "light", "language": "en", "rotate_s": 60}),
        ("?theme=pink&lang=xx&rotate=-1", {"screen": "", "theme": "", "language": "", "rotate_s": 30}),
        ("?rotate=0", {"screen": "", "theme": "", "language": "", "rotate_s": 0}),
        ("?rotate=0.01", {"screen": "", "theme": "", "language": "", "rotate_s": 1}),
        ("?rotate=x", {"screen": "", "theme": "", "language": "", "rotate_s": 30}),
    ],
)  # fmt: skip
def test_a_wall_is_opened_as_its_address_says(run: Run, query: str, expected: dict[str, object]) -> None:
    assert run("options.js", "return m.readOptions(a[0])", query) == expected


def test_a_river_s_strip_runs_down_and_tells_where_its_water_comes_from_and_goes(run: Run) -> None:
    def gauge(name: str, basin: str = "b") -> dict[str, str]:
        return {"station": name, "name": name, "kind": "river", "basin": basin}

    city = {
        "basins": {"b": "Brantas", "n": "Ngotok"},
        "stations": [gauge("mouth"), gauge("fork"), gauge("side"), gauge("top"), gauge("end", "n"),
                     {"station": "rain", "name": "rain", "kind": "rain", "basin": "b"}],
        "reaches": [
            {"upstream": "top", "downstream": "fork", "travel_min": 60},
            {"upstream": "fork", "downstream": "side", "travel_min": 10},
            {"upstream": "fork", "downstream": "mouth", "travel_min": 30},
            {"upstream": "end", "downstream": "mouth", "travel_min": 45},
            {"upstream": "side", "downstream": "end", "travel_min": 5},
        ],
    }  # fmt: skip
    body = """return m.riverStrips(a[0]).map((s) => [s.title, s.into?.station ?? "",
        s.gauges.map((g) => [g.station.station, g.from?.station ?? "", g.next])])"""
    assert run("river_layout.js", body, city) == [
        [
            "Brantas",
            "end",
            [["top", "", False], ["fork", "top", True], ["side", "fork", True], ["mouth", "fork", False]],
        ],
        ["Ngotok", "mouth", [["end", "", False]]],
    ]


@pytest.mark.parametrize(
    ("name", "shown"), [("Brantas di Betro", "Betro"), ("Brantas Hulu", "Hulu"), ("Rolak Songo", "Rolak Songo")]
)
def test_a_gauge_does_not_repeat_its_river_s_name(run: Run, name: str, shown: str) -> None:
    assert run("river_layout.js", "return m.nameOnRiver(a[0], 'Brantas')", name) == shown


@pytest.mark.parametrize(
    ("limits", "holds"),
    [([200.0, 270.0, 330.0], 5.0), ([1250.0, 1400.0, 1600.0], 725.0), ([78.1, 78.4], 77.65), ([5.0], -2.5), ([], None)],
)
def test_a_cross_section_has_room_for_its_levels_whatever_the_gauge_counts_from(
    run: Run, limits: list[float], holds: float | None
) -> None:
    levels = [{"value": value, "direction": "rising"} for value in limits]
    scale = run("cross_section.js", "return m.scaleOf(a[0])", levels)
    if holds is None:
        assert scale is None
    else:
        assert scale[0] == pytest.approx(max(holds, 0.0))
        assert scale[1] > max(limits)


def test_water_stands_as_high_as_the_value_and_what_is_not_known_has_none(run: Run) -> None:
    body = """const s = new m.CrossSection([{ value: 100, direction: "rising", rank: 1 }]);
        const heights = a.map((value) => {
            s.draw(value ?? NaN, value >= 100 ? 1 : 0);
            return Number(s.node.querySelector(".section-surface").getAttribute("d").match(/,([\\d.]+)/)?.[1] ?? -1);
        });
        return [heights, s.node.dataset.unknown ?? "", s.node.querySelectorAll("[data-reached]").length]"""
    (low, mid, top, nothing), unknown, reached = run("cross_section.js", body, 1, 50, 500, None)
    assert low > mid > top
    assert (nothing, unknown, reached) == (-1, "true", 0)


@pytest.mark.parametrize(
    ("value", "name"),
    [(0, "good"), (50.4, "good"), (51, "moderate"), (100.4, "moderate"), (100.5, "unhealthy"), (200, "unhealthy"),
     (201, "very"), (300, "very"), (301, "hazardous"), (500, "hazardous")],
)  # fmt: skip
def test_the_air_is_called_by_its_index(run: Run, value: float, name: str) -> None:
    assert run("ispu.js", "return m.ispuBand(a[0]).name", value) == name


def test_beside_a_gauge_stands_the_gravest_of_the_waves_to_it(run: Run) -> None:
    window = {"from": AT, "until": "2026-01-01T00:40:00Z", "downstream_station": "B", "arrived": None, "found": AT}
    came = {**window, "state": "on_time", "arrived": AT}
    body = """const at = m.waveAt({ stations: [], pace: 1 }, a[0], a[1], Date.parse(a[2]));
        return at && [at.state, at.text]"""
    soon = "2026-01-01T00:20:00Z"
    assert run("waves.js", body, [came, {**window, "state": "expected"}], "B", soon) == ["expected", "≈ 00:00–00:40"]
    assert run("waves.js", body, [came, {**window, "state": "absent"}], "B", soon)[0] == "absent"
    assert run("waves.js", body, [came], "B", soon) == ["on_time", "≈ tiba 00:00"]
    assert run("waves.js", body, [came], "B", "2026-01-01T00:31:00Z") is None
    assert run("waves.js", body, [came], "C", soon) is None


@pytest.mark.parametrize(
    ("eta", "minutes_later", "expected"),
    [
        ({}, 0, {"how": "within", "time": "25–40 mnt", "margin_min": None}),
        ({"needed_min": 45.0}, 5, {"how": "within", "time": "20–35 mnt", "margin_min": -25}),
        ({"needed_min": 10.0, "latest_min": None}, 0, {"how": "earliest", "time": "25 mnt", "margin_min": 15}),
        ({"needed_min": 0.0, "earliest_min": None}, 0, {"how": "about", "time": "30 mnt", "margin_min": 30}),
    ],
)
def test_the_minutes_that_are_left_are_held_against_those_that_are_needed(
    run: Run, eta: dict[str, object], minutes_later: int, expected: dict[str, object]
) -> None:
    coming = {"level": "siaga", "earliest_min": 25.0, "middle_min": 30.0, "latest_min": 40.0, "time": AT, **eta}
    ahead = run("trend.js", TREND, {"rate": RISING, "eta": coming}, f"2026-01-01T00:{minutes_later:02}:00Z")["ahead"]
    assert {key: ahead[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("names", "start"), [([], ""), (["Udara Utara"], ""), (["Udara Utara", "Udara Selatan"], "Udara ")]
)
def test_names_are_shortened_by_what_all_of_them_begin_with(run: Run, names: list[str], start: str) -> None:
    assert run("station_name.js", "return m.commonStart(a[0])", names) == start


@pytest.mark.parametrize(
    ("left_s", "told"),
    [(61, "dalam 1 mnt"), (0, "SEKARANG"), (-59, "SEKARANG"), (-60, "LEWAT 1 mnt")],
)
def test_a_report_is_late_only_once_somebody_could_have_written_it(run: Run, left_s: int, told: str) -> None:
    assert run("duties.js", "return m.reportWhen(a[0])", 1000 * left_s) == told


def test_the_band_says_how_much_faster_than_life_the_water_moves(run: Run) -> None:
    body = """document.body.innerHTML = '<div id="bands"></div>';
    const gateway = { connected: true, log_writable: true, sources: [] };
    const words = a.map((pace) => {
      m.drawBands({ gateway, exercise: true }, { state: "live", since_ms: 0 }, 1780000000000, ["simulated"], [], pace);
      return document.getElementById("bands").textContent;
    });
    return words.map((text) => text.includes("60 kali lebih cepat"));"""
    assert run("bands.js", body, 1, 60) == [False, True]


@pytest.mark.parametrize(
    ("rate", "coming"),
    [
        ({}, "siaga dalam25–40 mnt"),
        ({"low": -50.0, "high": -20.0, "value": -34.0}, "Sedang turun"),
        ({"turned": True}, "Waktu ke tingkat berikutnya belum diketahui"),
    ],
)
def test_of_a_rate_that_is_too_fast_the_headline_says_when_its_river_reaches_a_level(
    run: Run, rate: dict[str, object], coming: str
) -> None:
    frame = snapshot()
    [level] = frame["sensors"]
    level |= {"rate": {**RISING, "time": level["latest"]["time"], **rate}}
    level |= {"eta": {"level": "siaga", "earliest_min": 25.0, "middle_min": 30.0, "latest_min": 40.0, "time": AT}}
    fast = {**level, "id": "A:rate", "property": "rate", "unit": "cm/h", "method": "rate", "derived_from": ["A:level"]}
    fast |= {"rate": None, "eta": None, "levels": [{**level["levels"][0], "name": "cepat"}]}
    raised = alarm("x", 3, "00:00", level="cepat", station="A", property="rate", unit="cm/h", value=90, limit=60)
    frame |= {"sensors": [level, fast], "alarms": [raised]}
    body = f"""document.body.innerHTML = '<div id="headline"></div>';
    const {{ Store }} = await import('{HERE}store.js');
    const store = new Store(() => {{}});
    store.apply(a[0]);
    const city = {{ levels: {{}}, stations: [{{ station: "A", name: "A", kind: "river", basin: "" }}] }};
    m.drawHeadline(city, store, Date.parse("2026-01-01T00:00:12Z"));
    return document.querySelector(".headline-coming").textContent;"""
    assert run("headline.js", body, frame) == coming
