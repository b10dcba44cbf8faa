"""What the wall says of a flood, read off it, and held against the oracle."""

import json
import re
import time
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from tests.e2e.processes import LONGEST_PAUSE_S, START_S
from tests.e2e.wall import Wall
from tests.e2e.wall_oracle import Ahead, Told, WallOracle

# What stands on the wall now, in one look.
LOOK: Final = """() => {
  const text = (selector, node = document) => node.querySelector(selector)?.textContent ?? "";
  const data = (selector) => document.querySelector(selector)?.dataset ?? {};
  const tile = (node) => ({
    chip: text(".chip", node), standing: node.dataset.standing, value: text(".tile-value", node),
    reached: node.querySelectorAll(".section-level[data-reached]").length,
  });
  const tiles = [...document.querySelectorAll("#rivers .tile")].map((node) => [node.dataset.station, tile(node)]);
  return {
    level: text(".headline-level b"), rank: text(".headline-level small"), where: text(".headline-where b"),
    value: text(".headline-value > b"), rate: text(".headline-rate"), trend: data(".headline-trend").trend ?? "",
    next: text(".headline-next"), minutes: text(".headline-minutes"), doubt: text(".headline-doubt"),
    calm: text(".headline-calm"), why: data("#stage").why, counts: text("#alarms-count"),
    flood: "flood" in data("#alarms-count"), tiles: Object.fromEntries(tiles),
  };
}"""
# Notes each panel that is shown in the middle, one after the other.
WATCH_PANELS: Final = """() => {
  window.panels = [];
  const note = () => {
    const shown = [...document.querySelectorAll("#stage-panels > .scroll")].filter((node) => !node.hidden);
    const names = shown.map((node) => node.id).join();
    if (names !== window.panels.at(-1)) window.panels.push(names);
  };
  new MutationObserver(note).observe(document.getElementById("stage"), { subtree: true, attributeFilter: ["hidden"] });
  note();
}"""
NUMBER: Final = re.compile(r"[\d.]+(?:,\d+)?")
SPAN: Final = re.compile(r"(\d+)(?: (mnt|jam))?(?: ?– ?(\d+))?(?: (mnt|jam))?")
IN_MIN: Final = {"mnt": 1.0, "jam": 60.0}
FLOOD_OVER: Final = 10  # calls in ten minutes (ISA-18.2)


@cache
def words() -> dict[str, str]:
    """What the wall says in Indonesian, by key."""
    file = files("command_center") / "display" / "static" / "text" / "id.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Window:
    """Between these two moments, seconds since the epoch, the wall said what it says."""

    begin_s: float
    end_s: float


def wait_until_it_agrees(wall: Wall, oracle: WallOracle, since_s: float) -> dict[str, Any]:
    """Until the wall says of everything what the oracle says, and all that it says; fails with what differs."""
    give_up = time.monotonic() + START_S
    while True:
        said: dict[str, Any] = wall.page.evaluate(LOOK)
        differs = differences(said, oracle, Window(since_s, time.time()))
        if not differs:
            return said
        assert time.monotonic() < give_up, f"{differs}\nthe wall says: {said}"
        wall.page.wait_for_timeout(LONGEST_PAUSE_S * 500)


def differences(said: dict[str, Any], oracle: WallOracle, window: Window) -> list[str]:
    """What of the wall is not what the oracle says."""
    found = [
        f"{what}: expected {expected!r}, got {got!r}"
        for what, expected, got in [*_headline(said, oracle), *_tiles(said, oracle), *_around(said, oracle)]
        if expected != got
    ]
    told = oracle.by_station.get(said["where"])
    return found if found or told is None else _coming(said, told, window)


def _headline(said: dict[str, Any], oracle: WallOracle) -> list[tuple[str, Any, Any]]:
    """The station, its level in words, its value; or that nothing is reached."""
    worst = oracle.worst
    if not worst:
        return [("calm", words()["headline.calm"], said["calm"]), ("station", "", said["where"])]
    if said["where"] not in worst:
        return [("station", sorted(worst), said["where"])]
    told, level = oracle.by_station[said["where"]], worst[said["where"]]
    place = {"n": level.rank, "of": len(told.rules.levels)}
    rank = words()["level.highest" if place["n"] == place["of"] else "level.rank"].format(**place)
    return [
        ("level", level.level, said["level"]),
        ("rank", rank, said["rank"]),
        ("value", told.value, number(said["value"])),
        ("doubt", "", said["doubt"]),
    ]


def _tiles(said: dict[str, Any], oracle: WallOracle) -> list[tuple[str, Any, Any]]:
    """Each gauge on its river: its level in words, how many levels its picture shows reached, its value."""
    found: list[tuple[str, Any, Any]] = []
    for station, told in oracle.by_station.items():
        tile = said["tiles"].get(station, {})
        found += [
            (f"level on the tile of {station}", told.worst.level if told.worst else "", tile.get("chip")),
            (f"levels reached on {station}", len(told.held), tile.get("reached")),
            (f"{station} stands out", bool(told.held), tile.get("standing") == "level"),
            (f"value of {station}", told.value, number(tile.get("value", ""))),
        ]
    return found


def _around(said: dict[str, Any], oracle: WallOracle) -> list[tuple[str, Any, Any]]:
    """The middle stands still while anything is open; the list is folded once there were too many calls."""
    flood = oracle.calls > FLOOD_OVER
    load = words()["alarms.flood"].format(calls=oracle.calls)
    return [
        ("the middle is held", bool(oracle.alarmed), said["why"] == "held"),
        ("flood mode", flood, said["flood"]),
        ("the load is told", flood, load in said["counts"]),
    ]


def _coming(said: dict[str, Any], told: Told, window: Window) -> list[str]:
    """How fast, and how long until the next level."""
    if said["trend"] != told.direction:
        return [f"trend: expected {told.direction!r}, got {said['trend']!r}"]
    if told.direction and told.rate is not None and not _rounds_to(abs(told.rate.middle), said["rate"]):
        return [f"rate: expected {told.rate.middle}, got {said['rate']!r}"]
    ahead = told.ahead if told.direction == "up" else None
    if ahead is not None:
        return _minutes_differ(said, ahead, window)
    is_top = told.held[-1] == told.rules.levels[-1]
    key = "headline.top" if is_top else "headline.falls" if told.direction == "down" else "headline.noNext"
    expected = (words()[key], "")
    return [] if (said["next"], said["minutes"]) == expected else [f"coming: expected {expected}, got {said['next']!r}"]


def _minutes_differ(said: dict[str, Any], ahead: Ahead, window: Window) -> list[str]:
    """The words before the minutes, and the minutes themselves, as far as they are rounded and time goes on."""
    bounds = [ahead.earliest_min, ahead.latest_min]
    key = "headline.about" if bounds[0] is None else "headline.earliest" if bounds[1] is None else "headline.within"
    expected = [bound for bound in bounds if bound is not None]
    got = minutes(said["minutes"])
    # Where it was found by a clock that is ahead, it takes so much longer from now.
    late, early = ((at_s - ahead.found_s) / 60 for at_s in (window.end_s, window.begin_s))
    if said["next"] != words()[key].format(level=ahead.level) or len(got) != 2:
        return [f"coming: expected {words()[key]!r} of {ahead.level!r}, got {said['next']!r} {said['minutes']!r}"]
    for bound, (shown, half) in zip(expected, got if len(expected) == 2 else got[:1], strict=True):
        if not max(0.0, bound - late) - half <= shown <= max(0.0, bound - early) + half:
            return [f"minutes: expected {bound - late:.2f} to {bound - early:.2f}, got {said['minutes']!r}"]
    return []


def minutes(text: str) -> list[tuple[float, float]]:
    """Both ends of "25–40 mnt", "25 mnt – 10 jam" or "3 mnt", each with half of what it is rounded to, in minutes."""
    match = SPAN.fullmatch("0 mnt" if text == words()["age.underMinute"] else text)
    if match is None:
        return []
    first, first_unit, last, last_unit = match.groups()
    ends = [(float(first), first_unit or last_unit), (float(last or first), last_unit or first_unit)]
    return [(n * IN_MIN[unit], IN_MIN[unit] / 2) for n, unit in ends]


def number(text: str) -> float | None:
    """A number as people here write it."""
    found = NUMBER.search(text)
    return float(found[0].replace(".", "").replace(",", ".")) if found else None


def _rounds_to(value: float, text: str) -> bool:
    """Whether a text shows the value, as exact as it is written there."""
    found, shown = NUMBER.search(text), number(text)
    if found is None or shown is None:
        return False
    decimals = len(found[0].partition(",")[2])
    half: float = 0.5 * 0.1**decimals
    return abs(shown - value) <= half + 1e-9
