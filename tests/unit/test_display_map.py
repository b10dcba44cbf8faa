"""The wall's map, where symbols and names stand; and troubles told in one line."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.wall import chromium
from tests.unit.test_display_modules import HERE, serve

pytestmark = pytest.mark.browser

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page that can import the wall's modules."""
    with chromium() as browser:
        page = browser.new_page()
        page.route(HERE + "**", serve)
        page.goto(HERE)
        yield page


@pytest.fixture
def run(page: Page) -> Run:
    """Runs JavaScript with one module as `m` and the arguments as `a`."""

    def run_in_page(module: str, body: str, *arguments: object) -> Any:
        return page.evaluate(f"async a => {{ const m = await import('{HERE}{module}'); {body} }}", list(arguments))

    return run_in_page


def test_symbols_of_one_place_stand_apart_near_it_and_the_same_each_time(run: Run) -> None:
    spots = [{"x": 100 + k % 3, "y": 100, "reach": 10, "weight": 1 + 4 * (k == 0)} for k in range(12)]
    frame = {"left": 0, "top": 0, "right": 400, "bottom": 300}
    stand = run("map_spread.js", "return m.spread(a[0], a[1])", spots, frame)
    assert stand == run("map_spread.js", "return m.spread(a[0], a[1])", spots, frame)
    away = [math.dist((100 + k % 3, 100), (at["x"], at["y"])) for k, at in enumerate(stand)]
    assert max(away) <= 50
    assert away[0] < max(away)  # what weighs more stays nearer
    pairs = itertools.combinations([(at["x"], at["y"]) for at in stand], 2)
    assert min(math.dist(one, other) for one, other in pairs) > 17  # of 20: their corners are empty


def test_what_stands_apart_or_off_the_map_is_not_moved(run: Run) -> None:
    spots = [{"x": x, "y": y, "reach": 10, "weight": 1} for x, y in ((50, 50), (90, 50), (900, 50), (900, 50))]
    frame = {"left": 0, "top": 0, "right": 400, "bottom": 300}
    stand = run("map_spread.js", "return m.spread(a[0], a[1])", spots, frame)
    assert stand == [{"x": spot["x"], "y": spot["y"]} for spot in spots]


def test_the_name_of_the_worst_stands_at_the_edge_rather_than_nowhere(run: Run) -> None:
    mark = {"reach": 10, "width": 60, "height": 16, "must": True}
    crowd = [{**mark, "x": x, "y": y} for x in range(100, 320, 20) for y in range(50, 260, 20)]
    middle = {**mark, "x": 200, "y": 150}
    nameless = {"width": 900}  # too long for this map
    rest = [{**one, **nameless} for one in crowd if (one["x"], one["y"]) != (200, 150)]
    frame = {"left": 0, "top": 0, "right": 400, "bottom": 300}
    body = "return m.placeLabels(a[0], a[1])[0]"
    assert run("map_labels.js", body, [middle, *rest], frame) is None
    place = run("map_labels.js", body, [{**middle, "always": True}, *rest], frame)
    assert place in ({"left": 0, "top": 142}, {"left": 340, "top": 142})


def test_a_station_that_holds_a_level_and_is_silent_is_both(run: Run) -> None:
    body = """
        const level = { name: "siaga", rank: 2, severity: 3 };
        const sensor = { station: "A", levels: [level], levels_reached: [] };
        const store = {
          sensors: [sensor, sensor], level: ["siaga", ""],
          standing: (i) => (i === 0 ? "level" : "normal"), isSilent: (i) => a[0] === i,
        };
        const { standing, silent } = m.worstByStation(store).get("A");
        return [standing, silent]"""
    assert run("standing.js", body, 0) == ["level", True]
    assert run("standing.js", body, 1) == ["level", False]  # the gauge beside it is silent, the one that holds is heard


def test_acts_are_done_one_after_the_other_until_one_is_not(run: Run) -> None:
    body = """
        const begun = [], done = [];
        const act = async (n) => { begun.push([n, done.length]); await null; done.push(n); return n === 3 ? null : n; };
        await m.inTurn(a[0], act);
        return begun"""
    assert run("api.js", body, [1, 2, 3, 4]) == [[1, 0], [2, 1], [3, 2]]


def test_a_long_name_takes_two_lines_about_as_long(run: Run) -> None:
    names = ["Rolak Songo", "Watudakon di Dam Sipon", "Kali Surabaya di Perning", "Gununggedangandawar"]
    expected = ["Rolak Songo", "Watudakon\ndi Dam Sipon", "Kali Surabaya\ndi Perning", "Gununggedangandawar"]
    assert run("station_name.js", "return a.map(m.inTwoLines)", *names) == expected


def test_alarms_that_no_screen_shows_are_one_line_and_other_troubles_each_their_own(run: Run) -> None:
    fields = {"kind": "unseen", "exercise": False, "acknowledged_by": None}
    troubles = [
        {**fields, "id": "1", "since_us": 20},
        {**fields, "id": "2", "since_us": 30, "kind": "siren"},
        {**fields, "id": "3", "since_us": 10},
        {**fields, "id": "4", "since_us": 40, "acknowledged_by": "sari"},
        {**fields, "id": "5", "since_us": 50, "exercise": True},
        {**fields, "id": "6", "since_us": 60, "kind": "siren"},
    ]
    lines = run("trouble_fold.js", "return m.foldTroubles(a[0]).map(line => line.map(one => one.id))", troubles)
    assert lines == [["3", "1"], ["2"], ["4"], ["5"], ["6"]]
