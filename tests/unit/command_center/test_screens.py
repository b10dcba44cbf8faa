"""What screens say of themselves: what they painted, and whether an alarm can be heard at them."""

import json

import pytest

from command_center.receipts import Receipts
from command_center.screens import MOST_BYTES, MOST_NAME, Screens, Sound

NOW = 1_780_000_000_000_000


class Viewer:
    """A connection."""


@pytest.fixture
def screens() -> Screens:
    return Screens(Receipts())


def says(**words: object) -> str:
    return json.dumps(words)


def test_a_screen_is_as_it_said_last_until_it_is_gone(screens: Screens) -> None:
    wall, laptop = Viewer(), Viewer()
    screens.take(wall, says(sound="dead", screen="ruang utama"), NOW)
    screens.take(laptop, says(sound="dead"), NOW)
    assert [(one.name, one.sound) for one in screens.open()] == [("ruang utama", Sound.DEAD), ("", Sound.DEAD)]
    assert len(screens.faults()) == 1  # nobody relies on the laptop
    assert "'ruang utama'" in screens.faults()[0]
    screens.take(wall, says(sound="muted", screen="ruang utama"), NOW + 1_000_000)
    assert screens.faults() == []
    screens.leave(wall)
    assert [one.name for one in screens.open()] == [""]


def test_what_it_painted_is_a_receipt_and_says_nothing_of_its_sound(screens: Screens) -> None:
    screens.take(Viewer(), says(painted=["a/1"]), NOW)
    assert screens.open() == []
    assert screens.refused == 0


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"painted": 1}', '{"painted": [1]}', '{"sound": "loud"}', says(painted=["x" * MOST_BYTES])],
)
def test_what_cannot_be_read_is_counted(screens: Screens, text: str) -> None:
    screens.take(Viewer(), text, NOW)
    assert (screens.refused, screens.open()) == (1, [])


def test_a_name_is_bounded(screens: Screens) -> None:
    screens.take(Viewer(), says(sound="on", screen="x" * 10_000), NOW)
    assert len(screens.open()[0].name) == MOST_NAME
