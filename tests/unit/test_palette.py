"""The wall's colours: every pair that bears words stands out, in a dark room and in a light one (WCAG 2.2)."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

import command_center
from sensors.city import load_city

SHEET = Path(command_center.__file__).parent / "display" / "static" / "page.css"
TEXT, SHAPE = 4.5, 3.0  # least contrast of letters, and of shapes that say something
DIFFERENT = 0.02  # least distance of two levels of one gauge in luminance, where a colour-blind eye sees nothing else
ROOMS = {"light": 0, "dark": 1}

WORDS = [
    (ink, ground)
    for ink in ("text", "muted", "dim", "bright", "attention")
    for ground in ("ground", "panel", "raised")
] + [("lost-ink", "lost"), ("band-ink", "fault"), ("band-ink", "exercise"), ("band-ink", "exercise-stripe"),
     ("map-area-name", "map-ground"), ("map-river-name", "map-ground"), ("text", "map-ground"),
     ("muted", "map-area")]  # fmt: skip
SHAPES = [("bed", "panel"), ("bed", "raised"), ("text", "water"), ("map-boundary", "map-ground"), ("lost", "ground")]


def palette(room: str) -> dict[str, str]:
    text = SHEET.read_text(encoding="utf-8")
    both = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    same = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text)
    return {name: colours[ROOMS[room]] for name, *colours in both} | dict(same)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("room", ROOMS)
def test_words_stand_out(room: str) -> None:
    colours = palette(room)
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in WORDS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < TEXT} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_shapes_that_say_something_stand_out(room: str) -> None:
    colours = palette(room)
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in SHAPES}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < SHAPE} == {}


@pytest.mark.parametrize("city", ["mojokerto", "kotamobagu"])
@pytest.mark.parametrize("room", ROOMS)
def test_a_level_s_name_is_read_on_its_colour_and_its_edge_is_seen_where_the_colour_is_not(
    city: str, room: str
) -> None:
    """ISPU's black vanishes on a dark wall: a level bears an outline of --muted, its name in black or white."""
    colours = palette(room)
    for name, style in load_city(city)[0].city.levels.items():
        ink = "#000000" if luminance(style.colour) > 0.179 else "#ffffff"  # as levels.js
        assert contrast(ink, style.colour) >= TEXT, name
        assert max(contrast(style.colour, colours["panel"]), contrast(colours["muted"], colours["panel"])) >= SHAPE


@pytest.mark.parametrize("city", ["mojokerto", "kotamobagu"])
def test_no_two_levels_of_a_gauge_look_alike_to_an_eye_that_sees_no_colour(city: str) -> None:
    catalogue, _ = load_city(city)
    shades = {name: luminance(style.colour) for name, style in catalogue.city.levels.items()}
    alike = set()
    for datastream in catalogue.datastreams:
        ranked = sorted({(level.rank, level.level) for level in datastream.levels})
        for (_, one), (_, other) in pairwise(ranked):
            if one != other and abs(shades[one] - shades[other]) < DIFFERENT:
                alike.add((one, other))
    assert alike == set()
