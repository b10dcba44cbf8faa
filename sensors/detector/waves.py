"""The wave that should have arrived: a raise upstream opens a window downstream, and what comes of it is told."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sensors.detector.holding import Holding
from sensors.rules import NO_TIMER
from sensors.times import NEVER
from sensors.transition import Cause, Kind, Transition
from sensors.wave_rules import WaveRules
from sensors.wave_state import WaveState


def wave_due_us(state: WaveState) -> int:
    """When the next window ends without a raise, in receive time; `NO_TIMER` where none is open."""
    return int(np.min(state.until_us, initial=NO_TIMER, where=(state.until_us != NEVER) & ~state.absent))


class Waves:
    """Follows raises along the reaches, transition by transition; `told` has what is to be told of waves."""

    def __init__(self, rules: WaveRules, state: WaveState) -> None:
        self.told: list[Transition] = []
        self._rules = rules
        self._from_us, self._until_us = state.from_us.copy(), state.until_us.copy()
        self._opened_us, self._severity = state.opened_us.copy(), state.severity.copy()
        self._origin, self._absent = state.origin.copy(), state.absent.copy()

    @property
    def state(self) -> WaveState:
        """As it is now."""
        return WaveState(self._from_us, self._until_us, self._opened_us, self._severity, self._origin, self._absent)

    def see(self, raises: Sequence[Transition], holding: Holding) -> None:
        """Raises of one moment that are news; `holding` is what is held after it."""
        for raised in raises:
            if raised.severity < self._rules.severity:
                continue
            for reach in np.flatnonzero(self._rules.downstream == raised.datastream).tolist():
                self._arrive(reach, raised)
        worst: dict[int, Transition] = {}
        for raised in raises:
            is_worse = raised.severity > _severity(worst.get(raised.datastream))
            if raised.severity >= self._rules.severity and is_worse:
                worst[raised.datastream] = raised
        for raised in worst.values():
            for reach in np.flatnonzero(self._rules.upstream == raised.datastream).tolist():
                if holding.worst[self._rules.downstream[reach]] < raised.severity:
                    self._open(reach, raised)

    def pass_time(self, now_us: int) -> None:
        """Windows that end by `now_us` without a raise; those that nobody waits for any longer are forgotten."""
        is_open = self._until_us != NEVER
        for reach in np.flatnonzero(is_open & ~self._absent & (self._until_us <= now_us)).tolist():
            self._absent[reach] = True
            until_us = int(self._until_us[reach])
            self._tell(reach, Cause.ABSENT, until_us, max(until_us, int(self._opened_us[reach])))
        over = is_open & self._absent & (self._until_us + self._rules.high_us <= now_us)
        self._forget(over)

    def _open(self, reach: int, raised: Transition) -> None:
        """A window, or the present one longer: it begins with the first raise and ends after the latest."""
        from_us = raised.time_us + int(self._rules.low_us[reach])
        until_us, severity = raised.time_us + int(self._rules.high_us[reach]), raised.severity
        if self._until_us[reach] != NEVER and not self._absent[reach]:
            from_us = int(self._from_us[reach])
            until_us = max(until_us, int(self._until_us[reach]))
            severity = max(severity, int(self._severity[reach]))
        self._from_us[reach], self._until_us[reach], self._absent[reach] = from_us, until_us, False
        self._opened_us[reach], self._severity[reach], self._origin[reach] = raised.at_us, severity, raised.origin
        self._tell(reach, Cause.EXPECTED, from_us, raised.at_us)

    def _arrive(self, reach: int, raised: Transition) -> None:
        until_us = int(self._until_us[reach])
        if until_us == NEVER or raised.time_us > until_us + int(self._rules.high_us[reach]):
            return
        cause = Cause.ON_TIME if raised.time_us <= until_us else Cause.CAME_LATE
        self._tell(reach, cause, raised.time_us, raised.at_us)
        self._forget(np.arange(len(self._absent)) == reach)

    def _forget(self, over: NDArray[np.bool_]) -> None:
        for times in (self._from_us, self._until_us, self._opened_us):
            times[over] = NEVER
        self._severity[over], self._origin[over], self._absent[over] = 0, 0, False

    def _tell(self, reach: int, cause: Cause, time_us: int, at_us: int) -> None:
        self.told.append(
            Transition(
                datastream=int(self._rules.downstream[reach]),
                kind=Kind.WAVE,
                cause=cause,
                severity=int(self._severity[reach]),
                time_us=time_us,
                at_us=at_us,
                origin=int(self._origin[reach]),
                other=int(self._rules.upstream[reach]),
                until_us=int(self._until_us[reach]),
            )
        )


def _severity(raised: Transition | None) -> int:
    return 0 if raised is None else raised.severity
