"""What a target is told next, within its budget: pure.

- The highest severity first, each alarm by itself; a quarter of the budget is kept for it.
- What waits of one alarm goes as one message, which tells its newest state.
- Lower severities go one by one while the budget lasts; where more wait than it has, they are folded into one message.
  An exercise is never folded with what is real.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from command_center.alarms.alarm import HIGHEST_SEVERITY
from command_center.notify.notice import Waiting
from sensors.times import MINUTE_US


@dataclass(frozen=True, slots=True)
class Budget:
    """So many messages a minute a target takes, and so many alarms go into one."""

    per_minute: int
    lines: int

    @property
    def for_lower(self) -> int:
        """What lower severities may use."""
        return max(1, self.per_minute - self.per_minute // 4)


@dataclass(frozen=True, slots=True)
class Pick:
    """The notices of the next message; none: look again at `again_us` (None: when something new comes)."""

    notices: tuple[Waiting, ...] = ()
    again_us: int | None = None


def pick(now_us: int, waiting: Iterable[Waiting], begun_us: Sequence[int], budget: Budget) -> Pick:
    """The next message; `begun_us`: when the messages of the last minute began."""
    recent = sorted(at_us for at_us in begun_us if at_us > now_us - MINUTE_US)
    stories = _stories(waiting)
    highest = [story for story in stories if _severity(story) >= HIGHEST_SEVERITY]
    if highest:
        if len(recent) < budget.per_minute:
            return Pick(highest[0])
        return Pick(again_us=recent[-budget.per_minute] + MINUTE_US)
    ready = [story for story in stories if any(one.notice.not_before_us <= now_us for one in story)]
    if not ready:
        return Pick(again_us=min((one.notice.not_before_us for story in stories for one in story), default=None))
    free = budget.for_lower - len(recent)
    if free <= 0:
        return Pick(again_us=recent[-budget.for_lower] + MINUTE_US)
    if len(ready) <= free:
        return Pick(ready[0])
    alike = [story for story in ready if story[0].notice.exercise == ready[0][0].notice.exercise]
    return Pick(tuple(one for story in alike[: budget.lines] for one in story))


def _stories(waiting: Iterable[Waiting]) -> list[tuple[Waiting, ...]]:
    """What waits, together what is of one alarm; the worst first, then the oldest.  A test is a story of its own."""
    by_alarm: dict[tuple[str, int, bool], list[Waiting]] = {}
    for one in waiting:
        notice = one.notice
        test = 0 if notice.alarm_id else notice.call
        by_alarm.setdefault((notice.alarm_id, test, notice.exercise), []).append(one)
    stories = [tuple(sorted(story, key=lambda one: one.notice.key)) for story in by_alarm.values()]
    return sorted(stories, key=lambda story: (-_severity(story), story[0].notice.planned_us, story[0].notice.key))


def _severity(story: Sequence[Waiting]) -> int:
    return max(one.notice.severity for one in story)
