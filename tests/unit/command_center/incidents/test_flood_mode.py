"""More alarms than a person can work through."""

from command_center.incidents.flood_mode import AlarmLoad
from sensors.times import MINUTE_US


def test_it_begins_over_ten_in_ten_minutes_and_ends_under_five() -> None:
    load = AlarmLoad()
    for n in range(10):
        load.note(n * MINUTE_US)
    assert (load.at(9 * MINUTE_US), load.is_flood) == (10, False)
    load.note(9 * MINUTE_US)
    assert (load.at(9 * MINUTE_US), load.is_flood) == (11, True)
    assert (load.at(16 * MINUTE_US), load.is_flood) == (5, True)
    assert (load.at(16 * MINUTE_US + 1), load.is_flood) == (4, False)
    assert load.at(60 * MINUTE_US) == 0
