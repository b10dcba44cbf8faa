"""A tick is nothing after quiet, grows while messages come, and looks often only at what fills up."""

import pytest

from gateway.pacing import PACE_S, SHORT_PACE_S, Pacing
from sensors.settings import IngestSettings

SETTINGS = IngestSettings(tick_s=0.02, tick_max_s=0.05, quiet_s=0.05)
WINDOW = 20_000


def test_the_first_message_after_quiet_waits_for_nothing() -> None:
    pacing = Pacing(SETTINGS)
    assert pacing.begin(100.0) == 0
    pacing.end(100.001, 1)
    assert pacing.begin(100.02) > 0
    pacing.end(100.03, 1)
    assert pacing.begin(100.09) == 0


def test_while_messages_come_the_tick_grows_to_its_longest() -> None:
    pacing, now_s, ticks = Pacing(SETTINGS), 100.0, []
    for _ in range(6):
        ticks.append(pacing.begin(now_s))
        now_s += ticks[-1] + 0.001
        pacing.end(now_s, 10)
    assert ticks == pytest.approx([0, 0.03, 0.045, 0.05, 0.05, 0.05])


@pytest.mark.parametrize(
    ("per_s", "window", "pause_s"),
    [(5_000, WINDOW, 0.03), (100_000, WINDOW, PACE_S), (5_000, 400, PACE_S), (5_000, 20, SHORT_PACE_S)],
)
def test_one_look_at_the_end_but_where_the_socket_or_the_window_fills_up(
    per_s: int, window: int, pause_s: float
) -> None:
    pacing, now_s = Pacing(SETTINGS), 100.0
    for _ in range(5):
        pacing.begin(now_s)
        now_s += 0.05
        pacing.end(now_s, per_s // 20)
    pacing.begin(now_s)
    assert pacing.pause_s(0.03, window) == pytest.approx(pause_s)
