"""What people have to do now, as every wall shows it: open actions, reports to be given, troubles of our own means."""

import msgspec

from command_center.actions.acts import ActionActs
from command_center.actions.report_desk import ReportDesk
from command_center.actions.report_view import Countdown, countdown
from command_center.actions.view import ActionView, action_view
from command_center.troubles.desk import TroubleDesk
from command_center.troubles.view import TroubleView, trouble_view


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    actions: list[ActionView]  # open ones, the one opened last first
    reports: list[Countdown]  # the most urgent first
    troubles: list[TroubleView]  # what nobody has acknowledged first


class DutyBoard:
    """Makes the list, and tells whether it is another one."""

    def __init__(self, actions: ActionActs, reports: ReportDesk, troubles: TroubleDesk) -> None:
        self._actions, self._reports, self._troubles = actions, reports, troubles
        self._told: Duties | None = None

    def all(self, now_us: int) -> Duties:
        """What there is to do."""
        return Duties(
            actions=[action_view(one, self._actions.gauge_of(one, now_us)) for one in self._actions.open_actions],
            reports=[countdown(due) for due in self._reports.due()],
            troubles=[trouble_view(one) for one in self._troubles.open_troubles()],
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
