"""The console's modules that only think: which alarm comes first, which is wanted, what is typed."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.wall import NO_GPU, chromium
from tests.unit.module_page import runner
from tests.unit.test_display_modules import HERE, Run, serve

pytestmark = pytest.mark.browser
NOON_MS = 1_780_030_800_000  # 2026-05-29T05:00:00Z, 12:00 WIB


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium(NO_GPU) as browser:
        page = browser.new_page()
        page.route(HERE + "**", serve)
        page.goto(HERE)
        yield page


@pytest.fixture
def run(page: Page) -> Run:
    """Runs JavaScript with one module of the console as `m` and the arguments as `a`."""
    return runner(page, "console/")


def alarm(name: str, priority: str = "high", severity: int = 3, **more: Any) -> dict[str, Any]:
    station = more.get("station", "A")
    fixed = {
        "id": name, "datastream": f"{station}:level", "station": station, "property": "level", "level": "siaga",
        "severity": severity, "priority": priority, "state": "unacknowledged", "returned_at": None, "historical": False,
        "raised_at": "2026-05-29T04:00:00Z", "releases_at": None, "release": None, "shelf": None, "refutation": None,
        "verify": False, "doubt": None, "incident": "i",
    }  # fmt: skip
    return {**fixed, **more}


PLACE = {"name": "Rolak Songo", "kind": "river", "basin": "brantas", "road": "", "area_name": "Gedeg"}


def test_each_version_of_a_level_holds_until_its_next_one(run: Run) -> None:
    version = {"value": 1, "direction": "rising", "rank": 1, "author": "", "source": "", "in_force": False}
    since = [("siaga", ""), ("awas", ""), ("siaga", "2025-01-01T00:00:00Z"), ("siaga", "2026-01-01T00:00:00Z")]
    levels = [{**version, "name": name, "effective_from": text} for name, text in since]
    spans = run("range_chart.js", "return m.spansOf(a[0]).map(x => [x.level.name, `${x.from_s}`, `${x.to_s}`])", levels)
    assert spans == [
        ["siaga", "-Infinity", "1735689600"],
        ["awas", "-Infinity", "Infinity"],
        ["siaga", "1735689600", "1767225600"],
        ["siaga", "1767225600", "Infinity"],
    ]


def crossing(raised: str, returned: str | None) -> dict[str, str | None]:
    day = "2026-05-29T{}:00Z"
    return {"raised_at": day.format(raised), "returned_at": None if returned is None else day.format(returned)}


def test_crossings_of_both_sets_that_share_a_moment_stand_in_one_row_and_each_stands_once(run: Run) -> None:
    now = [crossing("01:00", "02:00"), crossing("05:00", "06:00"), crossing("09:00", None)]
    tried = [
        crossing("00:30", "01:10"),
        crossing("01:20", "01:40"),
        crossing("03:00", "04:00"),
        crossing("08:00", None),
    ]
    body = """const at = one => one && one.raised_at.slice(11, 16);
        return m.pairs(a[0], a[1]).map(([now, tried]) => [at(now), at(tried)])"""
    assert run("trial_answer.js", body, now, tried) == [
        ["01:00", "00:30"],
        [None, "01:20"],
        [None, "03:00"],
        ["05:00", None],
        ["09:00", "08:00"],
    ]
    assert run("trial_answer.js", body, [], tried[:1]) == [[None, "00:30"]]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({}, {"value": 1.262, "hysteresis": 0.05, "on_delay_s": 60, "off_delay_s": 0}),  # nobody touched it
        ({"value": "1,3", "off_delay_s": ""}, {"value": 1.3, "hysteresis": 0.05, "on_delay_s": 60}),
        ({"value": " "}, None),
        ({"value": "1.263"}, {"part": "value", "text": "1.263", "why": "ambiguous"}),
        ({"on_delay_s": "2 min"}, {"part": "on_delay_s", "text": "2 min", "why": "none"}),
    ],
)
def test_levels_to_try_are_those_typed_and_what_can_be_read_in_two_ways_is_not_read(
    run: Run, typed: dict[str, str], expected: dict[str, Any] | None
) -> None:
    offered = {
        "value": ("1,262", 1.262),
        "hysteresis": ("0,05", 0.05),
        "on_delay_s": ("60", 60),
        "off_delay_s": ("0", 0),
    }
    parts = {
        part: {"text": typed.get(part, text), "offered": text, "number": number}
        for part, (text, number) in offered.items()
    }
    found = run("trial_rows.js", "return m.levelsOf(a[0])", [{"name": "siaga", "parts": parts}])
    if expected is not None and "why" in expected:
        assert found == {"levels": [], "unread": {"name": "siaga", **expected}}
    else:
        assert found == {"levels": [] if expected is None else [{"name": "siaga", **expected}], "unread": None}


def test_why_levels_are_not_tried_is_said_in_both_languages(run: Run) -> None:
    body = """const [api, text] = await Promise.all(["api", "text"].map(name => import(`${a[0]}${name}.js`)));
        await text.loadTexts();
        return text.LANGUAGES.map(language => {
            text.setLanguage(language);
            return m.refusalOf(new api.ApiError(422, "too_many_raises", "the server's words", "body.from"), "");
        })"""
    words = run("trial_refusal.js", body, HERE)
    assert ["20.000" in words[0], "20,000" in words[1]] == [True, True]


def test_a_field_means_the_city_s_time_whatever_the_screen_s_clock(run: Run) -> None:
    body = "const f = m.toField(a[0], a[1]); return [f, m.fromField(f, a[1]), m.fromField('', a[1])]"
    assert run("city_time.js", body, NOON_MS, "Asia/Jakarta")[:2] == ["2026-05-29T12:00", NOON_MS]
    assert run("city_time.js", body, NOON_MS, "Asia/Makassar")[:2] == ["2026-05-29T13:00", NOON_MS]
    assert run("city_time.js", "return Number.isNaN(m.fromField('', 'UTC'))") is True


def test_the_worst_priority_comes_first_though_its_level_is_lower_then_the_newest(run: Run) -> None:
    alarms = [
        alarm("shelved", "highest", 4, state="shelved"),
        alarm("returned", "highest", 4, state="returned_unacknowledged", returned_at="2026-05-29T04:30:00Z"),
        alarm("old", since="2026-05-29T04:00:00Z"),
        alarm("new", since="2026-05-29T04:40:00Z"),
        alarm("seen", state="acknowledged"),
        alarm("short of time", "highest", 2),
    ]
    ordered = run("alarm.js", "return a[0].sort(m.byPriority).map(x => x.id)", alarms)
    assert ordered == ["short of time", "new", "old", "seen", "returned", "shelved"]


def test_what_sirens_wait_for_is_looked_at_first_and_what_is_refuted_no_more(run: Run) -> None:
    refutation = {"by": "siti", "until": "2026-05-29T06:00:00Z"}
    gone = {"how": "time", "who": "", "at": "2026-05-29T04:59:30Z"}
    alarms = [
        alarm("suspect", verify=True),
        alarm("suspect and seen", verify=True, state="acknowledged"),
        alarm("late", releases_at="2026-05-29T05:01:30Z"),
        alarm("soon", releases_at="2026-05-29T05:01:00Z"),
        alarm("just gone", severity=4, release=gone),
        alarm("gone", severity=4, release={**gone, "at": "2026-05-29T04:00:00Z"}),
        alarm("refuted", verify=True, refutation=refutation),
        alarm("plain"),
    ]
    found = run("alarm.js", "return m.toVerify(a[0], a[1]).map(x => x.id)", alarms, NOON_MS)
    assert found == ["soon", "late", "just gone", "suspect"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["calling", "seen"]),
        ({"state": "unacknowledged"}, ["calling"]),
        ({"state": "closed"}, ["closed"]),
        ({"severity": "4"}, ["calling"]),
        ({"aside": "any"}, ["shelved", "ticketed"]),
        ({"aside": "ticket"}, ["ticketed"]),
        ({"aside": "shelved"}, ["shelved"]),
        ({"where": "basin:brantas"}, ["calling", "seen"]),
        ({"where": "area:Kota: Utara"}, []),
        ({"kind": "road"}, []),
        ({"text": "songo gedeg"}, ["calling", "seen"]),
        ({"text": "songo betro"}, []),
    ],
)
def test_a_filter_lets_through_what_it_names_and_nothing_that_is_set_aside_unless_asked(
    run: Run, wanted: dict[str, str], found: list[str]
) -> None:
    alarms = [
        alarm("calling", severity=4),
        alarm("seen", state="acknowledged"),
        alarm("shelved", state="shelved"),
        alarm("ticketed", state="out_of_service"),
        alarm("closed", state="normal"),
    ]
    body = """const filter = {...m.NO_FILTER, ...a[2]}, tickets = new Set(["ticketed"]);
        return a[0].filter(x => m.isWanted(x, a[1], filter, tickets, "")).map(x => x.id)"""
    assert run("alarm_filter.js", body, alarms, PLACE, wanted) == found


def incident(*alarms: str) -> dict[str, Any]:
    return {"id": "i", "name": "Brantas", "alarms": list(alarms), "began_at": "2026-05-29T04:00:00Z"}


ROWS = """const rows = m.rowsOf(a[0], a[1], {grouped: a[2], flood: a[3], opened: new Map(Object.entries(a[4]))});
    return rows.map(row => [row.key, row.depth])"""


def test_an_incident_stands_where_its_worst_alarm_would_and_folds_in_a_flood_but_never_the_highest(run: Run) -> None:
    alarms = [
        alarm("low", "low", 1, incident="other"),
        alarm("mild", "medium", 2),
        alarm("worst", "highest", 4),
    ]
    groups = [incident("worst", "mild"), {**incident("low"), "id": "other"}]
    shown = [["incident i", 1], ["alarm worst", 2], ["alarm mild", 2], ["alarm low", 1]]
    assert run("alarm_rows.js", ROWS, alarms, groups, True, False, {}) == shown
    folded = [["incident i", 1], ["alarm worst", 2], ["alarm low", 1]]
    assert run("alarm_rows.js", ROWS, alarms, groups, True, True, {}) == folded
    assert run("alarm_rows.js", ROWS, alarms, groups, True, True, {"i": True}) == shown
    flat = [["alarm worst", 1], ["alarm mild", 1], ["alarm low", 1]]
    assert run("alarm_rows.js", ROWS, alarms, groups, False, True, {}) == flat


def test_an_act_on_the_head_of_an_incident_is_about_each_of_its_alarms_once(run: Run) -> None:
    body = """const rows = m.rowsOf(a[0], a[1], {grouped: true, flood: false, opened: new Map()});
        return [m.alarmsOf(rows).map(x => x.id), m.unacknowledgedOf(m.alarmsOf(rows)).map(x => x.id)]"""
    alarms = [alarm("one"), alarm("two", state="acknowledged")]
    assert run("alarm_rows.js", body, alarms, [incident("one", "two")]) == [["one", "two"], ["one"]]


@pytest.mark.parametrize(
    ("typed", "expected_ms"),
    [
        ("11:40", NOON_MS - 20 * 60_000),
        ("11.40", NOON_MS - 20 * 60_000),
        ("12:00:30", NOON_MS),  # the operator's clock runs ahead
        ("12:05", NOON_MS + 5 * 60_000 - 86_400_000),  # yet to come: yesterday's
        ("23:59", NOON_MS + 719 * 60_000 - 86_400_000),
        ("24:00", None),
        ("11:60", None),
        ("soon", None),
    ],
)
def test_a_typed_time_is_the_newest_moment_at_which_the_city_s_clocks_showed_it(
    run: Run, typed: str, expected_ms: int | None
) -> None:
    body = "const ms = m.momentOf(a[0], a[1], 'Asia/Jakarta'); return Number.isNaN(ms) ? null : ms"
    assert run("observe.js", body, typed, NOON_MS) == expected_ms


def test_a_typed_time_falls_into_the_city_s_day_not_the_browser_s(run: Run) -> None:
    body = "return m.momentOf('00:30', a[0], a[1])"
    after_midnight_ms = NOON_MS + 13 * 3_600_000  # 01:00 WIB, 18:00 UTC
    assert run("observe.js", body, after_midnight_ms, "Asia/Jakarta") == after_midnight_ms - 30 * 60_000
    assert run("observe.js", body, after_midnight_ms, "Asia/Makassar") == after_midnight_ms - 90 * 60_000


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("312", 312),
        ("312,5", 312.5),
        ("312.5", 312.5),
        ("-0,5", -0.5),
        ("1.262", "ambiguous"),
        ("1,262", "ambiguous"),
        ("0,125", 0.125),
        ("1.262,5", None),
        ("3 m", None),
        ("", None),
        ("1e3", None),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_is_not_read_at_all(run: Run, typed: str, expected: object) -> None:
    body = "const n = m.numberOf(a[0]); return Number.isNaN(n) ? null : n"
    assert run("observe.js", body, typed) == expected


@pytest.mark.parametrize(
    ("camera", "kind"),
    [
        ("", "none"),
        ("CCTV-GEDEG", "name"),
        ("javascript:alert(1)", "name"),
        ("rtsp://10.0.0.4/stream", "name"),
        ("file:///etc/passwd", "name"),
        ("https://user:secret@cctv.example/a.jpg", "name"),
        ("https://cctv.example/live", "link"),
        ("http://cctv.example/still.JPG?x=1", "still"),
    ],
)
def test_nothing_but_web_addresses_without_passwords_is_opened_or_loaded(run: Run, camera: str, kind: str) -> None:
    assert run("camera.js", "return m.cameraOf(a[0]).kind", camera) == kind


def test_gauges_beside_an_alarm_are_told_from_upstream_down_with_the_water_s_way(run: Run) -> None:
    reaches = [
        {"upstream": "UP", "downstream": "HERE", "travel_min": 50},
        {"upstream": "HERE", "downstream": "DOWN", "travel_min": 45},
    ]
    gauges = [{"id": f"{station}:level", "station": station} for station in ("DOWN", "TWIN", "UP")]
    placed = run("neighbours.js", "return m.placed(a[0], 'HERE', a[1])", reaches, gauges)
    assert [(one["id"], one["where"], one["travel_min"]) for one in placed] == [
        ("UP:level", "upstream", 50),
        ("TWIN:level", "beside", None),
        ("DOWN:level", "downstream", 45),
    ]


def test_an_address_names_a_page_and_what_stands_behind_it_whatever_was_typed(run: Run) -> None:
    body = "return [m.placeOf(a[0]), m.hashOf(m.placeOf(a[0]).id, m.placeOf(a[0]).rest)]"
    assert run("router.js", body, "#/alarms/a%2Fb") == [{"id": "alarms", "rest": ["a/b"]}, "#/alarms/a%2Fb"]
    assert run("router.js", body, "")[0] == {"id": "", "rest": []}
    assert run("router.js", body, "#/x/%zz")[0] == {"id": "x", "rest": ["%zz"]}


@pytest.mark.parametrize(
    ("chosen", "offered"),
    [
        ("A:level", "A:level"),
        ("A:speed", "A:speed"),
        ("A:rise", "A:level"),
        ("B:rise", "B:speed"),
        ("C:rise", ""),
        ("", ""),
    ],
)
def test_a_typed_reading_is_offered_the_gauge_of_the_alarm_and_never_a_strange_one(
    run: Run, chosen: str, offered: str
) -> None:
    measured = [
        {"id": "A:speed", "station": "A", "levels": []},
        {"id": "A:level", "station": "A", "levels": [{}]},
        {"id": "B:speed", "station": "B", "levels": []},
    ]
    assert run("observe.js", "return m.offeredFirst(a[0], a[1])", measured, chosen) == offered
