"""The wall's modules that only think: which alarm comes first, how a river runs, when a picture is old."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

import command_center
from tests.e2e.wall import NO_GPU, chromium

STATIC = Path(command_center.__file__).parent / "display" / "static"
HERE = "http://wall.invalid/static/"
TYPES = {".js": "text/javascript", ".json": "application/json"}
pytestmark = pytest.mark.browser

Run = Callable[..., Any]


def serve(route: Route) -> None:
    path = STATIC / route.request.url.removeprefix(HERE)
    if path.is_file():
        route.fulfill(body=path.read_bytes(), content_type=TYPES.get(path.suffix, "text/html"))
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium(NO_GPU) as browser:
        page = browser.new_page()
        page.route(HERE + "**", serve)
        page.goto(HERE)
        yield page


@pytest.fixture
def run(page: Page) -> Run:
    """Runs JavaScript with one module as `m` and the arguments as `a`."""

    def run_in_page(module: str, body: str, *arguments: object) -> Any:
        script = f"async a => {{ const m = await import('{HERE}{module}'); {body} }}"
        return page.evaluate(script, list(arguments))

    return run_in_page


def alarm(name: str, severity: int, raised: str, state: str = "unacknowledged", **more: object) -> dict[str, object]:
    returned = None if state in ("unacknowledged", "acknowledged") else "2026-01-01T12:00:00Z"
    fixed = {"id": name, "level": "merah", "severity": severity, "historical": False, "returned_at": returned}
    return {**fixed, "raised_at": f"2026-01-01T{raised}:00Z", "state": state, **more}


def test_alarms_stand_held_first_then_worst_then_unacknowledged_then_newest_and_what_is_past_last(run: Run) -> None:
    alarms = [
        alarm("closed", 4, "09:00", "normal"),
        alarm("mild", 1, "10:00"),
        alarm("seen", 4, "11:00", "acknowledged"),
        alarm("old", 4, "08:00"),
        alarm("new", 4, "09:30"),
        alarm("history", 4, "11:30", historical=True),
        alarm("returned", 4, "11:45", "returned_unacknowledged"),
        alarm("risen", 4, "07:00", since="2026-01-01T11:50:00Z"),
    ]
    ordered = run("alarm_order.js", "return a[0].sort(m.compareAlarms).map(x => x.id)", alarms)
    assert ordered == ["risen", "new", "old", "seen", "mild", "returned", "history", "closed"]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], None),
        ([alarm("silence", 4, "10:00", level="silent")], None),
        ([alarm("history", 4, "10:00", historical=True)], None),
        ([alarm("returned", 4, "10:00", "returned_unacknowledged")], None),
        ([alarm("mild", 1, "10:00"), alarm("bad", 3, "09:00", "acknowledged")], "bad"),
    ],
)
def test_the_headline_speaks_of_the_worst_level_held_now(
    run: Run, others: list[dict[str, object]], expected: str | None
) -> None:
    assert run("alarm_order.js", "return m.worstActive(a[0])?.id ?? null", others) == expected


def test_a_river_runs_from_its_farthest_station_to_its_mouth_even_where_the_reaches_close_a_loop(run: Run) -> None:
    reaches = [
        {"upstream": "spring", "downstream": "fork", "travel_min": 60},
        {"upstream": "side", "downstream": "fork", "travel_min": 20},
        {"upstream": "fork", "downstream": "mouth", "travel_min": 30},
    ]
    stations = ["mouth", "side", "fork", "spring"]
    order = "const f = m.minutesToMouth(a[0]); return a[1].sort((x, y) => f(y) - f(x))"
    assert run("basins.js", order, reaches, stations) == ["spring", "side", "fork", "mouth"]
    looped = [*reaches, {"upstream": "mouth", "downstream": "spring", "travel_min": 1}]
    assert sorted(run("basins.js", order, looped, stations)) == sorted(stations)


@pytest.mark.parametrize(
    ("value", "direction", "shown"),
    [(279.7, "rising", "279,7"), (279.2, "rising", "279"), (280.0, "rising", "280"), (280.3, "falling", "280,3")],
)
def test_a_value_short_of_a_limit_is_never_rounded_onto_it(run: Run, value: float, direction: str, shown: str) -> None:
    levels = [{"value": 280, "direction": direction}]
    assert run("format.js", "return m.number(a[0], 'cm', a[1])", value, levels) == shown


def test_a_temperature_is_shown_in_degrees(run: Run) -> None:
    assert run("format.js", "return [m.unitText('Cel'), m.number(31.46, 'Cel')]") == ["°C", "31,5"]
    assert run("format.js", "return [m.number(-0.3, 'cm'), m.whole(-0.2), m.number(-0.6, 'cm')]") == ["0", "0", "-1"]


def test_a_time_is_shown_in_the_zone_of_the_city(run: Run) -> None:
    evening = 1763824445000  # 2025-11-22 15:14:05 UTC
    body = "m.setZone('Asia/Jakarta', 'WIB'); return [m.moment(a[0], a[0], true), m.moment(a[0], a[0] + 864e5)]"
    assert run("format.js", body, evening) == ["22:14:05 WIB", "22 Nov 22:14 WIB"]


def test_late_observations_find_their_place_and_the_first_of_a_time_stays(run: Run) -> None:
    body = """
        const s = new m.Series();
        for (const [t, v] of [[1e3, 1], [3e3, 3], [2e3, 2], [3e3, 9]]) s.add(t, v, 1);
        return s.columns(1)"""
    assert run("series.js", body) == [[1, 2, 3], [1, 2, 3], [None, None, None], [None, None, None]]


def test_a_gap_in_the_data_is_a_gap_in_the_line_and_a_doubtful_value_has_its_mark(run: Run) -> None:
    body = """
        const s = new m.Series();
        for (const t of [0, 10, 20, 30, 40, 50, 60, 600, 610]) s.add(t * 1e3, t, t === 610 ? 3 : 1);
        return s.columns(10)"""
    x, y, doubtful, _ = run("series.js", body)
    assert y == [0, 10, 20, 30, 40, 50, 60, None, 600, 610]
    assert x == sorted(x)
    assert doubtful == [None] * 9 + [610]


def test_what_failed_is_no_point_of_the_line_and_hides_no_gap(run: Run) -> None:
    body = """
        const s = new m.Series();
        const sound = [0, 10, 30, 100];
        for (let t = 0; t <= 100; t += 10) s.add(t * 1e3, sound.includes(t) ? t : -9999, sound.includes(t) ? 1 : 4);
        const [x, y, , failed] = s.columns(10);
        return { x, y: y.map((v) => v === undefined ? "past" : v), failed }"""
    found = run("series.js", body)
    assert found["x"] == sorted(found["x"])
    assert found["y"] == [0, 10, "past", 30, "past", "past", "past", "past", None, "past", "past", 100]
    assert [v for v in found["failed"] if v is not None] == [-9999] * 7


STATUS = {"gateway": {"connected": True, "last_frame_ms": 99_500}}
FRESH = {"silent_ms": 300, "page_ms": 60_000, "frame_ms": 100_000, "status_ms": 100_000, "status": STATUS}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"state": "fresh", "since_ms": 100_000}),
        ({"silent_ms": 2_300}, {"state": "server", "since_ms": 100_000}),
        (
            {"status": {"gateway": {"connected": False, "last_frame_ms": 96_000}}},
            {"state": "gateway", "since_ms": 96_000},
        ),
        (
            {"status": {"gateway": {"connected": True, "last_frame_ms": 96_000}}},
            {"state": "gateway", "since_ms": 96_000},
        ),
    ],
)
def test_a_picture_is_old_when_server_or_gateway_fall_silent(
    run: Run, change: dict[str, object], expected: dict[str, object]
) -> None:
    assert run("freshness.js", "return m.judge(a[0])", {**FRESH, **change}) == expected


def test_before_the_first_picture_the_wall_waits_then_says_that_there_is_none(run: Run) -> None:
    body = "return a.map(page_ms => m.judge({silent_ms: Infinity, page_ms, frame_ms: NaN, status: null}).state)"
    assert run("freshness.js", body, 500, 3_000) == ["waiting", "server"]


def test_names_on_the_map_never_cover_one_another(run: Run) -> None:
    label = {"x": 100, "y": 100, "reach": 8, "width": 80, "height": 16, "must": False}
    labels = [label, {**label, "x": 110}, {**label, "x": 120}, {**label, "y": 900}]
    frame = {"left": 0, "top": 0, "right": 400, "bottom": 300}
    places = run("map_labels.js", "return m.placeLabels(a[0], a[1])", labels, frame)
    assert places[3] is None
    shown = [place for place in places if place is not None]
    assert shown
    for k, one in enumerate(shown):
        for other in shown[k + 1 :]:
            assert abs(one["left"] - other["left"]) >= 80 or abs(one["top"] - other["top"]) >= 16


@pytest.mark.parametrize("key", ["name", "nama", "NAME"])
def test_an_area_is_named_by_whichever_property_its_layer_has(run: Run, key: str) -> None:
    square = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
    feature = {
        "properties": {key: "Gedeg", "kode": "35.16.14"},
        "geometry": {"type": "Polygon", "coordinates": [square]},
    }
    assert run("map_labels.js", "return m.nameOf(a[0])", feature) == {"name": "Gedeg", "lon": 1, "lat": 1, "size": 2}


def snapshot(**latest: object) -> dict[str, Any]:
    level = {"name": "siaga", "value": 250, "direction": "rising", "rank": 2, "severity": 3}
    sensor = {"id": "A:level", "station": "A", "property": "level", "unit": "cm", "levels": [level]}
    newest = {"time": "2026-01-01T00:00:10Z", "value": 100, "quality": 1, "origin": "live", **latest}
    rest = {"silent": False, "levels_reached": [], "interval_s": 60, "latest": newest, "latest_sound": newest}
    return {"type": "snapshot", "now_ms": 1767225610000, "sensors": [{**sensor, **rest}], "alarms": []}


def delta(time_ms: int, value: float | None, *alarms: dict[str, object], quality: int = 1) -> dict[str, object]:
    columns = {"i": [0], "time_ms": [time_ms], "value": [value], "quality": [quality], "origin": ["live"]}
    return {"type": "delta", "now_ms": time_ms, "observations": columns, "alarms": list(alarms)}


TAKE = "const s = new m.Store(() => {}); for (const f of a) s.apply(f);"


def test_a_late_observation_does_not_move_what_is_shown_now(run: Run) -> None:
    late, fresh = delta(1767225605000, 50), delta(1767225620000, 120)
    assert run("store.js", TAKE + "return s.value[0]", snapshot(), late) == 100
    assert run("store.js", TAKE + "return s.value[0]", snapshot(), late, fresh) == 120


def test_the_open_alarm_says_which_level_is_held_and_whether_the_sensor_is_silent(run: Run) -> None:
    place = {"station": "A", "property": "level"}
    raised = alarm("x", 3, "00:01", level="siaga", **place)
    closed = {**raised, "state": "normal", "returned_at": "2026-01-01T00:02:00Z"}
    silent = alarm("y", 1, "00:03", level="silent", silent=True, **place)
    history = alarm("z", 3, "00:00", level="siaga", historical=True, **place)
    body = TAKE + "return [s.level[0], s.standing(0)]"
    frames = [snapshot(), delta(1767225620000, 260, raised)]
    assert run("store.js", body, *frames) == ["siaga", "level"]
    assert run("store.js", body, *frames, delta(1767225630000, 90, closed)) == ["", "normal"]
    assert run("store.js", body, snapshot(), delta(1767225600000, 90, silent)) == ["", "silent"]
    assert run("store.js", body, snapshot(), delta(1767225620000, 90, history)) == ["", "normal"]


def test_a_value_that_failed_or_is_missing_is_never_normal_and_ends_no_silence(run: Run) -> None:
    body = TAKE + "return s.standing(0)"
    lost = alarm("y", 1, "00:03", level="silent", silent=True, station="A", property="level")
    for quality, value in ((4, -9999), (9, None)):
        said = delta(1767225620000, value, quality=quality)
        assert run("store.js", body, snapshot(), delta(1767225610000, 90, lost), said) == "silent"
        assert run("store.js", body, snapshot(), said, delta(1767225640000, 90)) == "normal"
    assert run("store.js", body, snapshot(), delta(1767225620000, -9999, quality=4)) == "silent"


def test_what_is_derived_is_as_silent_as_what_it_is_computed_from(run: Run) -> None:
    first = snapshot()
    [level] = first["sensors"]
    rate = {**level, "id": "A:rate", "property": "rate", "derived_from": ["A:level"], "silent": False}
    twice = {**rate, "id": "A:twice", "derived_from": ["A:rate"]}
    frame = {**first, "sensors": [level, rate, twice]}
    place = {"station": "A", "property": "level"}
    lost = alarm("y", 1, "00:03", level="silent", silent=True, possible=[{"level": "siaga"}], **place)
    body = TAKE + "return [s.isSilent(0), s.isSilent(2), s.standing(2), s.could_be[0]]"
    assert run("store.js", body, frame) == [False, False, "normal", ""]
    assert run("store.js", body, frame, delta(1767225600000, 90, lost)) == [True, True, "silent", "siaga"]
    heard = delta(1767225700000, 90)
    assert run("store.js", body, frame, delta(1767225600000, 90, lost), heard) == [False, False, "normal", ""]


def test_a_derived_datastream_that_was_never_heard_makes_no_station_a_silent_one(run: Run) -> None:
    first = snapshot()
    [level] = first["sensors"]
    index = {**level, "id": "A:ispu", "property": "ispu", "derived_from": ["A:level"], "latest": None}
    helper = {**index, "id": "A:rate", "property": "rate", "helper": True, "latest": {**level["latest"]}}
    held = {**helper, "levels_reached": ["siaga"]}
    body = """const { Store } = await import(a[0]); const s = new Store(() => {}); s.apply(a[1]);
        return [m.worstByStation(s).get("A").standing, m.datastreamsByStation(s).get("A")]"""
    store = f"{HERE}store.js"
    assert run("standing.js", body, store, {**first, "sensors": [helper, index, level]}) == ["normal", [1, 2, 0]]
    assert run("standing.js", body, store, {**first, "sensors": [held, index, level]})[0] == "level"


@pytest.mark.parametrize(("value", "shown"), [(1, "A"), (6, "F"), (None, "–")])
def test_a_level_of_service_is_a_letter(run: Run, value: int | None, shown: str) -> None:
    assert run("properties.js", "return m.valueText({kind: 'los', unit: '1', levels: []}, a[0] ?? NaN)", value) == shown


@pytest.mark.parametrize(
    ("exercise", "origins", "expected"),
    [
        (True, ["simulated", ""], ["[band.exercise]"]),
        (True, ["simulated", "live"], ["[band.mixed]"]),
        (True, ["manual"], ["[band.mixed]"]),  # the simulated one is no longer the newest of its datastream
        (False, ["live", "replayed"], ["[band.mixed]"]),
        (False, ["live", "pulled", ""], []),
        (False, [], []),
    ],
)
def test_the_band_says_what_is_played_and_where_it_is_mixed_with_the_field(
    run: Run, exercise: bool, origins: list[str], expected: list[str]
) -> None:
    body = """document.body.innerHTML = '<div id="bands"></div>';
    const gateway = { connected: true, log_writable: true, sources: [] };
    m.drawBands({ gateway, exercise: a[0] }, { state: "live", since_ms: 0 }, 1780000000000, a[1]);
    return [...document.querySelectorAll("#bands strong")].map((title) => title.textContent);"""
    assert run("bands.js", body, exercise, origins) == expected


def test_each_trouble_around_the_log_has_a_band(run: Run) -> None:
    body = """document.body.innerHTML = '<div id="bands"></div>';
    const gateway = { connected: true, log_writable: true, sources: [], log_troubles: a[0] };
    m.drawBands({ gateway }, { state: "live", since_ms: 0 }, 1780000000000);
    return [...document.querySelectorAll("#bands strong")].map((title) => title.textContent);"""
    kinds = ("unread_lost", "reserve", "wal_held", "reader")
    troubles = [{"kind": kind, "reader": "", "detail": "", "at_us": 1_779_999_999_000_000} for kind in kinds]
    titles = run("bands.js", body, troubles)  # without texts, a text is its key
    assert titles == ["[band.unreadLost]", "[band.reserve]", "[band.walHeld]", "[band.reader]"]


def test_in_an_alarm_flood_the_list_shows_incidents_and_the_highest_level_alone(run: Run) -> None:
    def of(name: str, severity: int, incident: str, state: str = "unacknowledged") -> dict[str, object]:
        return alarm(name, severity, "00:01", state, incident=incident, returned_at=None)

    alarms = [of("top", 4, "i"), of("a", 2, "i"), of("b", 3, "i"), of("c", 1, "j"), of("mute", 4, "i", state="shelved")]
    incidents = [{"id": "i", "severity": 4}, {"id": "j", "severity": 1}, {"id": "k", "severity": 1}]
    body = """const { alone, folded } = m.fold(a[0], a[1], a[2]);
        return [alone.map((one) => one.id), folded.map((f) => [f.incident.id, f.alarms.map((one) => one.id)])]"""
    assert run("incident_order.js", body, alarms, incidents, True) == [
        ["top", "mute"], [["i", ["a", "b"]], ["j", ["c"]]],
    ]  # fmt: skip
    assert run("incident_order.js", body, alarms, incidents, False) == [[one["id"] for one in alarms], []]


def test_what_is_set_aside_stands_below_and_on_no_headline(run: Run) -> None:
    shelved = alarm("s", 3, "00:01", "shelved", level="siaga", returned_at=None)
    refuted = alarm("r", 4, "00:01", level="awas", state="acknowledged", refutation={"by": "sari"})
    low = alarm("l", 1, "00:01", level="waspada")
    body = "return [[...a].sort(m.compareAlarms).map((one) => one.id), m.worstActive(a)?.id]"
    assert run("alarm_order.js", body, refuted, shelved, low) == [["l", "r", "s"], "l"]


def action(name: str, severity: int, state: str, opened: str, **more: object) -> dict[str, object]:
    fixed = {"id": name, "severity": severity, "state": state, "opened_at": f"2026-01-01T{opened}:00Z", "opd": "BPBD"}
    blank = {"taken_by": None, "taken_at": None, "done_by": None, "done_at": None, "takes_min": 20, "exercise": False}
    return {**fixed, **blank, "may_undo": False, **more}


def test_actions_stand_worst_first_then_those_that_nobody_has_then_the_oldest_and_exercises_last(run: Run) -> None:
    actions = [
        action("drill", 4, "waiting", "08:00", exercise=True),
        action("done", 4, "done", "08:00"),
        action("mild", 2, "waiting", "07:00"),
        action("late", 4, "waiting", "09:00"),
        action("early", 4, "waiting", "08:30"),
    ]
    ordered = run("duties.js", "return a[0].sort(m.compareActions).map(x => x.id)", actions)
    assert ordered == ["early", "late", "done", "mild", "drill"]


@pytest.mark.parametrize(
    ("fields", "who", "when"),
    [
        ({}, "Belum diambil: BPBD", "sejak 15:00 (10 mnt) · perlu 20 mnt"),
        (
            {"taken_by": "sri", "taken_at": "2026-01-01T08:04:00Z"},
            "Ditangani sri",
            "sejak 15:04 (6 mnt) · perlu 20 mnt",
        ),
        (
            {"done_by": "sri", "done_at": "2026-01-01T08:05:00Z", "may_undo": True},
            "Terlaksana: sri",
            "sejak 15:05 (5 mnt) · boleh dicabut",
        ),
    ],
)
def test_an_action_says_who_has_it_since_when_and_what_it_takes(
    run: Run, fields: dict[str, object], who: str, when: str
) -> None:
    body = """
        await (await import('./text.js')).loadTexts();
        (await import('./format.js')).setZone('Asia/Jakarta', 'WIB');
        return [m.actionWho(a[0]), m.actionWhen(a[0], Date.parse('2026-01-01T08:10:00Z'))]""".replace("'./", f"'{HERE}")
    assert run("duties.js", body, action("x", 3, "waiting", "08:00", **fields)) == [who, when]


def test_what_looks_where_things_lie_looks_once_and_after_all_views_have_drawn(run: Run) -> None:
    script = """
        const done = [];
        const look = () => done.push("look");
        const first = m.view(() => { done.push("first"); m.afterDrawing(look); m.afterDrawing(look); });
        const second = m.view(() => done.push("second"));
        first(); second(); first();
        await new Promise((drawn) => setTimeout(drawn, 300));
        first();
        await new Promise((drawn) => setTimeout(drawn, 300));
        return done;"""
    assert run("scheduler.js", script) == ["first", "second", "look", "first", "look"]
