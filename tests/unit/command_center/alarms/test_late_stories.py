"""What comes late is history: whatever the detector makes of it, the alarm holds what the newest reading holds."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from command_center.alarms import life_cycle
from command_center.alarms.alarm import Alarm, Position, State
from command_center.alarms.step import Context
from sensors.transition import Kind
from tests.unit.sensors.detector.gauges import Row, Story, gauge, minute

LIMITS = (190.0, 250.0, 310.0)


@dataclass
class Desk:
    """A gauge's detector and the newest of its alarms."""

    river: Story = field(default_factory=lambda: Story(gauge(*LIMITS)))
    alarm: Alarm | None = None
    told: int = 0

    def hears(self, at: float, value: float, age: float = 0.0) -> None:
        self.river.hears(Row(at, value, age))
        self._applies()

    def waits_until(self, at: float) -> None:
        self.river.waits_until(at)
        self._applies()

    def _applies(self) -> None:
        for transition in self.river.told[self.told :]:
            self.told += 1
            context = Context(
                log_id="a" * 16,
                position=Position(self.told, 0),
                now_us=transition.at_us,
                datastream="S0:level",
                unit="cm",
                illustrative=False,
            )
            self.alarm = life_cycle.apply(self.alarm, transition, context)

    @property
    def held(self) -> list[str]:
        return [] if self.alarm is None else sorted(held.level for held in self.alarm.held)


def test_a_zero_typed_in_late_does_not_bring_back_the_level_that_was_left() -> None:
    desk = Desk()
    for at, value in ((0, 100), (1, 200), (2, 260), (3, 347), (4, 306), (5, 249.9)):
        desk.hears(at, value)
    assert desk.held == ["L1"]
    desk.hears(5.1, 0, age=2.2)
    desk.waits_until(7)
    assert desk.held == ["L1"]
    assert desk.alarm is not None
    assert desk.alarm.state is State.UNACKNOWLEDGED
    late = [(c.kind, c.level) for c in desk.alarm.changes if c.historical]
    assert {level for kind, level in late if kind == Kind.RETURNED} == {"L1", "L2"}
    assert {level for kind, level in late if kind == Kind.RAISED} == {"L1", "L2"}


def test_a_dip_in_a_flood_that_comes_late_does_not_end_it() -> None:
    desk = Desk()
    for at in range(6):
        desk.hears(at, 260)
    desk.hears(5.1, 100, age=2.6)
    desk.waits_until(7)
    assert desk.held == ["L1", "L2"]


def test_a_peak_that_comes_late_is_over_when_all_was_left_since() -> None:
    desk = Desk()
    for at, value in ((0, 100), (1, 200), (2, 195), (3, 100), (4, 90)):
        desk.hears(at, value)
    assert desk.alarm is not None
    desk.alarm = life_cycle.acknowledge(desk.alarm, "sari", minute(4))
    assert desk.alarm.state is State.NORMAL
    desk.hears(4.1, 400, age=2.6)
    desk.waits_until(6)
    assert desk.held == []
    assert not desk.alarm.active


@given(st.lists(st.tuples(st.sampled_from([0, 150, 200, 255, 320]), st.integers(-8, 3)), min_size=1, max_size=25))
def test_the_alarm_holds_what_the_detector_holds(story: list[tuple[int, int]]) -> None:
    """A row a minute; where its number is above 0, it is so many minutes and a half older than the one before it."""
    desk = Desk()
    for at, (value, behind) in enumerate(story):
        desk.hears(at, value, age=behind + 1.5 if behind > 0 and at > 0 else 0.0)
    desk.waits_until(len(story) + 2)
    reached = desk.river.state.held.reached[0]
    assert desk.held == [f"L{n}" for n, is_held in enumerate(reached, start=1) if is_held]
