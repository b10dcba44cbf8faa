"""What people have to do now, as every wall shows it: open actions, and reports that are to be given."""

import msgspec

from command_center.actions.acts import ActionActs
from command_center.actions.report_desk import ReportDesk
from command_center.actions.report_view import Countdown, countdown
from command_center.actions.view import ActionView, action_view


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    actions: list[ActionView]  # open ones, the one opened last first
    reports: list[Countdown]  # the most urgent first


class DutyBoard:
    """Makes the list, and tells whether it is another one."""

    def __init__(self, actions: ActionActs, reports: ReportDesk) -> None:
        self._actions, self._reports = actions, reports
        self._told: Duties | None = None

    def all(self, now_us: int) -> Duties:
        """What there is to do."""
        return Duties(
            actions=[action_view(one, self._actions.gauge_of(one, now_us)) for one in self._actions.open_actions],
            reports=[countdown(due) for due in self._reports.due()],
        )

    def changed(self, now_us: int) -> Duties | msgspec.UnsetType:
        """All of it where it is another list than the last time.

        A gauge that falls below a level changes an action, too: it may be taken back then.
        """
        duties = self.all(now_us)
        if duties == self._told:
            return msgspec.UNSET
        self._told = duties
        return duties
