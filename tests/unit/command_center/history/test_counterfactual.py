"""Other levels tried on the stored record through the API: against a slow loop, and what is refused."""

import csv
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import command_center
from command_center.api.level_trial import level_lines
from command_center.history.counterfactual import MOST_OBSERVATIONS, MOST_RAISES
from gateway.evaluation import trial
from gateway.evaluation.spans import held_spans
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Installation, LevelStyle, Text
from sensors.detector import judge
from sensors.pace import at_pace
from sensors.settings import HistorySettings
from sensors.times import parse_rfc3339, rfc3339
from tests.unit.command_center.derived_city import ETA, derived_city
from tests.unit.command_center.history.keeping import keep, write
from tests.unit.command_center.little_city import LEVEL, NOW_US, RAIN, entry, little_city, minutes
from tests.unit.command_center.running import LOOP_THREAD, Running, running, until

PATH = "/sensors/ROLAK:level/counterfactual"
STEP_MIN = 5
# Two floods and a wave that rides on the yellow limit; one value that no sensor can have measured.
VALUES = [
    *(420 + 10 * k for k in range(30)),  # to 710 in 2.5 h
    *(710 - 10 * k for k in range(30)),
    *(596 + (8 if k % 2 else 0) for k in range(12)),
    *(580 - 5 * k for k in range(40)),
    *(380 + 12 * k for k in range(22)),  # to 632
    *(632 - 12 * k for k in range(22)),
]
RANGE = {"from": rfc3339(minutes(0)), "to": rfc3339(minutes(STEP_MIN * len(VALUES)))}
IN_FORCE: list[dict[str, Any]] = [
    {"name": "hijau", "value": 500},
    {"name": "kuning", "value": 600},
    {"name": "merah", "value": 700},
]


def city() -> Catalogue:
    """The little city, its red named too, with a sensor that hangs at 900 cm."""
    found = little_city()
    merah = LevelStyle(name=Text("Siaga Merah", "Red alert"), colour="#cc0000")
    hung = Installation(device="dev-1", field="distance", scale=-1.0, zero=900.0)
    level = replace(found.datastreams[LEVEL], valid_min=0.0, valid_max=1200.0, installations=(hung,))
    datastreams = (level, *found.datastreams[1:])
    gated = tuple(replace(s, gated=True) for s in found.stations)  # no fall is in doubt: the slow loop knows no doubt
    named = replace(found.city, levels=found.city.levels | {"merah": merah})
    return replace(found, city=named, stations=gated, datastreams=datastreams)


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data_dir = tmp_path_factory.mktemp("counterfactual")
    rows = [(minutes(STEP_MIN * k), float(v)) for k, v in enumerate(VALUES)]
    entries = [entry([(LEVEL, at, v), (RAIN, at, 0.0)], now_us=at) for at, v in rows]
    write(data_dir, entries, city())
    keep(data_dir)  # the closed hours are on the disk, the open one is in memory
    with running(data_dir, history=HistorySettings(days=1 / 24)) as found:
        found.wait_ready()
        yield found


@pytest.fixture(scope="module")
def operator(center: Running) -> dict[str, str]:
    return center.log_in()


def tried(center: Running, operator: dict[str, str], levels: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    answer = center.client.post(PATH, json={"levels": levels, **RANGE, **more}, headers=operator)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def slowly(limit: float, margin: float) -> list[tuple[int, int | None]]:
    """When a rising level is held: from the value at or over it to the first below limit less margin."""
    held: list[tuple[int, int | None]] = []
    since = None
    for k, value in enumerate(VALUES):
        if since is None and value >= limit:
            since = k
        elif since is not None and value < limit - margin:
            held.append((since, k))
            since = None
    return held if since is None else [*held, (since, None)]


def crossings(level: dict[str, Any], side: str) -> list[tuple[int, int | None]]:
    def place(text: str | None) -> int | None:
        return None if text is None else ((parse_rfc3339(text) or 0) - minutes(0)) // (STEP_MIN * 60_000_000)

    return [(place(one["raised_at"]) or 0, place(one["returned_at"])) for one in level[f"crossed_{side}"]]


def test_both_sets_are_judged_as_a_slow_loop_would(center: Running, operator: dict[str, str]) -> None:
    other = [
        {"name": "hijau", "value": 450},
        {"name": "kuning", "value": 600, "hysteresis": 0},
        {"name": "merah", "value": 640},
    ]
    found = tried(center, operator, other)
    assert (found["observations"], found["first"], found["held_from"]) == (len(VALUES), RANGE["from"], None)
    by_name = {level["name"]: level for level in found["levels"]}
    assert list(by_name) == ["hijau", "kuning", "merah"]
    for name, limit_now, limit, margin in (("hijau", 500, 450, 5), ("kuning", 600, 600, 0), ("merah", 700, 640, 5)):
        level, now, other_spans = by_name[name], slowly(limit_now, 5), slowly(limit, margin)
        assert crossings(level, "now") == now
        assert crossings(level, "tried") == other_spans
        assert (level["now"]["alarms"], level["tried"]["alarms"]) == (len(now), len(other_spans))
        assert level["tried"]["flaps"] == sum((b[0] - a[0]) * STEP_MIN <= 360 for a, b in pairwise(other_spans))
    assert found["tried"]["flaps"] > found["now"]["flaps"]  # without a margin the yellow limit flaps
    # 700 is reached once; by then 500 was held for 20 steps, 450 for 25.
    assert (found["now"]["lead_min"]["median"], found["tried"]["lead_min"]["median"]) == (100, 125)
    days = (len(VALUES) - 1) * STEP_MIN / 1440
    assert found["now"]["alarms_per_day"] == pytest.approx(found["now"]["alarms"] / days, abs=1e-3)


def test_levels_set_too_high_or_left_out_miss_peaks(center: Running, operator: dict[str, str]) -> None:
    high = tried(center, operator, [{"name": "hijau", "value": 520}, {"name": "kuning", "value": 650}])
    missed = {level["name"]: (level["missed_now"], level["missed_tried"]) for level in high["levels"]}
    assert missed["merah"] == (0, len(slowly(700, 0)))
    assert missed["kuning"] == (0, len(slowly(600, 0)) - 1)  # only the first goes over 650
    assert high["levels"][2]["tried"] is None
    assert high["tried"]["missed_peaks"] == sum(tried for _, tried in missed.values())


@pytest.mark.parametrize(("source", "begins"), [("illustrative", "illustrative counter"), ("SK 12/2020", "counter")])
def test_a_level_that_was_made_up_stays_made_up_in_its_new_line(source: str, begins: str) -> None:
    datastream = next(d for d in little_city().datastreams if d.levels)
    in_force = [replace(level, source=source) for level in datastream.levels]
    tried = [replace(level, value=level.value + 1) for level in in_force]
    head, *lines = csv.reader(level_lines(datastream, in_force, tried, by="admin", at_us=NOW_US))
    assert len(lines) == len(in_force)
    assert all(line[head.index("source")].startswith(begins) for line in lines)


def test_the_lines_to_paste_are_those_that_differ_and_the_catalogue_is_as_it_was(
    center: Running, operator: dict[str, str]
) -> None:
    before = center.get("/sensors/ROLAK:level")["levels"]
    assert len(tried(center, operator, IN_FORCE)["lines"]) == 1
    head, line = tried(center, operator, [*IN_FORCE[:2], {"name": "merah", "value": 690}])["lines"]
    cells = dict(zip(head.split(","), line.split(","), strict=True))
    assert cells["station"] + ":" + cells["property"] == "ROLAK:level"
    assert [cells[name] for name in ("level", "value", "unit", "author")] == ["merah", "690", "cm", "admin"]
    assert center.get("/sensors/ROLAK:level")["levels"] == before
    left_out = tried(center, operator, IN_FORCE[:2])  # a level that is gone has no line either
    assert (len(left_out["lines"]), left_out["levels"][2]["tried"]) == (1, None)
    in_metres = [{**level, "value": level["value"] / 100, "hysteresis": 0.05} for level in IN_FORCE]
    assert len(tried(center, operator, in_metres, unit="m")["lines"]) == 1


def test_what_is_tried_while_the_rivers_are_played_faster_is_to_be_written_as_in_life(tmp_path: Path) -> None:
    write(tmp_path, [entry([(ETA, minutes(k), 5.0 - k)], now_us=minutes(k)) for k in range(5)], played_city())
    with running(tmp_path) as center:
        center.wait_ready()
        path, body = "/sensors/ROLAK:level_eta_middle/counterfactual", {"levels": [{"name": "hijau", "value": 0.5}]}
        answer = center.client.post(path, json={**body, **RANGE}, headers=center.log_in()).json()
    assert (answer["pace"], answer["levels"][0]["now"]["limit"]) == (60.0, 1.0)  # an hour of life is a minute
    head, line = answer["lines"]
    cells = dict(zip(head.split(","), line.split(","), strict=True))
    assert [cells[name] for name in ("value", "on_delay_s", "off_delay_s")] == ["30", "120", "300"]


def played_city() -> Catalogue:
    return at_pace(derived_city(), 60.0)


@pytest.mark.parametrize(
    ("body", "code", "where", "words"),
    [
        ({"levels": [{"name": "merah", "value": 1300}]}, "never_reached", "levels.0.value", "range ends at 1200"),
        ({"levels": [{"name": "merah", "value": 950}]}, "never_reached", "levels.0.value", "the sensor hangs at 900"),
        ({"levels": [{"name": "hijau", "value": 3}]}, "never_left", "levels.0.value", "3.0 cm is never left"),
        (
            {"levels": [*IN_FORCE[:2], {"name": "merah", "value": 590}]}, "contradicts", "levels.2.value",
            "contradicts kuning",
        ),
        ({"levels": IN_FORCE, "unit": "mm/h"}, "never_right", "levels.0.hysteresis", "expected the margin of hijau"),
        (
            {"levels": [{"name": "hijau", "value": 4, "hysteresis": 0}], "unit": "mm/h"}, "never_right", "unit",
            "expected a unit that converts to cm",
        ),
        ({"levels": [{"name": "ungu", "value": 400}]}, "never_right", "levels.0.rank", "no level of ROLAK:level now"),
        (
            {"levels": [{"name": "ungu", "value": 400, "rank": 9, "severity": 4}]}, "never_right", "levels.0.name",
            "ungu",
        ),
        ({"levels": [*IN_FORCE, IN_FORCE[0]]}, "never_right", "levels.3.name", "named twice"),
        (
            {"levels": [{"name": "hijau", "value": 500, "on_delay_s": -1}]}, "never_right", "levels.0.on_delay_s",
            "expected 0 to 86400",
        ),
        (
            {"levels": [{"name": "hijau", "value": 500, "hysteresis": -1}]}, "never_right", "levels.0.hysteresis",
            "expected 0 or more",
        ),
        (
            {"levels": [{"name": "hijau", "value": 500, "clear_margin": 1}]}, "invalid", "levels[0]",
            "unknown field `clear_margin`",  # its old name is not passed over
        ),
        ({"levels": []}, "invalid", "levels", "Expected `array` of length >= 1"),
        ({"levels": IN_FORCE, "from": "2025-01-01T00:00:00Z"}, "too_long", "from", "90 days at most, got 3"),
        ({"levels": IN_FORCE, "from": "2030-01-01T00:00:00Z"}, "invalid", "from", "lies not before"),
        ({"levels": IN_FORCE, "to": "yesterday"}, "invalid", "to", "to: "),
        (
            {"levels": IN_FORCE, "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, "no_record", "from",
            "no observation in the range",
        ),
    ],
)  # fmt: skip
def test_what_could_never_be_right_is_refused(
    center: Running, operator: dict[str, str], body: dict[str, Any], code: str, where: str, words: str
) -> None:
    answer = center.client.post(PATH, json={**RANGE, **body}, headers=operator)
    error = answer.json()["error"]
    assert answer.status_code == 422
    assert (error["code"], error["where"]) == (code, f"body.{where}")
    assert re.search(words, error["message"])


def test_only_an_operator_may_and_a_range_that_is_too_full_is_refused(
    center: Running, operator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert center.client.post(PATH, json={"levels": IN_FORCE, **RANGE}).status_code == 401
    unknown = center.client.post("/sensors/X:y/counterfactual", json={"levels": IN_FORCE}, headers=operator)
    assert unknown.status_code == 404
    monkeypatch.setattr("command_center.history.counterfactual.MOST_OBSERVATIONS", 20)
    full = center.client.post(PATH, json={"levels": IN_FORCE, **RANGE}, headers=operator)
    assert (full.status_code, full.json()["error"]["code"]) == (422, "too_long")
    monkeypatch.undo()
    assert tried(center, operator, IN_FORCE)["observations"] == len(VALUES)  # and it is free again


def test_levels_that_are_raised_too_often_are_refused_in_words_and_the_next_trial_runs(
    center: Running, operator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = [*IN_FORCE[:1], {"name": "kuning", "value": 600, "hysteresis": 0}, *IN_FORCE[2:]]
    raises = tried(center, operator, other)["tried"]["alarms"]
    monkeypatch.setattr("command_center.history.counterfactual.MOST_RAISES", raises - 1)
    refused = center.client.post(PATH, json={"levels": other, **RANGE}, headers=operator)
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["where"]) == (422, "too_many_raises", "body.from")
    monkeypatch.setattr("command_center.history.counterfactual.MOST_RAISES", raises)
    assert tried(center, operator, other)["tried"]["alarms"] == raises


def test_the_screen_names_the_bounds_that_hold() -> None:
    texts = Path(command_center.__file__).parent / "display" / "static" / "text"
    for language, apart in (("en", ","), ("id", ".")):
        words = json.loads((texts / f"{language}.json").read_text(encoding="utf-8"))
        assert f"{MOST_RAISES:,}".replace(",", apart) in words["trial.tooMany"]
        assert f"{MOST_OBSERVATIONS:,}".replace(",", apart) in words["trial.tooLong"]


def test_nothing_of_a_trial_is_computed_on_the_event_loop(
    center: Running, operator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, list[str]] = {"judge": [], "held_spans": []}

    def told(make: Callable[..., Any]) -> Callable[..., Any]:
        def spying(*arguments: Any) -> Any:
            threads[make.__name__].append(threading.current_thread().name)
            return make(*arguments)

        return spying

    monkeypatch.setattr(trial, "held_spans", told(held_spans))
    monkeypatch.setattr(trial, "judge", told(judge))
    tried(center, operator, IN_FORCE)
    assert threads["judge"]
    assert len(threads["held_spans"]) == 3 * len(IN_FORCE)  # once a run and level
    assert LOOP_THREAD not in threads["judge"] + threads["held_spans"]


def test_who_hangs_up_ends_the_trial(
    center: Running, operator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    began, gone = threading.Event(), threading.Event()
    taken: list[int] = []
    take = trial.Trial.take

    def slowly_taken(one: trial.Trial, batch: Batch) -> None:
        taken.append(len(batch))
        began.set()
        assert gone.wait(10)
        take(one, batch)

    monkeypatch.setattr("command_center.history.counterfactual.MOST_AT_ONCE", 4)
    monkeypatch.setattr(trial.Trial, "take", slowly_taken)
    body = json.dumps({"levels": IN_FORCE, **RANGE}).encode()
    head = f"POST /api/v1{PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {operator['Authorization']}\r\n"
    address = center.client.base_url
    with socket.create_connection((address.host, address.port or 0)) as asking:
        asking.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert began.wait(10)
    gone.set()
    until(lambda: center.client.post(PATH, json={"levels": IN_FORCE, **RANGE}, headers=operator).status_code == 200)
    assert sum(taken) - len(VALUES) < len(VALUES) // 2  # the second one took all of it


def test_who_comes_while_another_trial_runs_is_told_so_and_may_come_again(
    center: Running, operator: dict[str, str]
) -> None:
    told: list[tuple[int, str]] = []
    busy = threading.Event()

    def insist() -> None:
        while not busy.is_set() and len(told) < 200:
            answer = center.client.post(PATH, json={"levels": IN_FORCE, **RANGE}, headers=operator)
            told.append((answer.status_code, answer.json().get("error", {}).get("code", "")))
            if told[-1][0] != 200:
                busy.set()

    both = [threading.Thread(target=insist) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert {found for found in told if found[0] != 200} == {(503, "busy")}
    assert tried(center, operator, IN_FORCE)["observations"] == len(VALUES)
