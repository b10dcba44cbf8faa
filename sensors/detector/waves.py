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

Marks = NDArray[np.bool_]


def wave_due_us(state: WaveState) -> int:
    """When the next window ends without a raise, in receive time; `NO_TIMER` where none is open."""
    return int(np.min(state.until_us, initial=NO_TIMER, where=(state.until_us != NEVER) & ~state.ended))


class Waves:
    """Follows raises along the reaches, transition by transition; `told` has what is to be told of waves."""

    def __init__(self, rules: WaveRules, state: WaveState) -> None:
        self.told: list[Transition] = []
        self._rules = rules
        self._from_us, self._until_us = state.from_us.copy(), state.until_us.copy()
        self._opened_us, self._early_us = state.opened_us.copy(), state.early_us.copy()
        self._severity, self._origin = state.severity.copy(), state.origin.copy()
        self._verify, self._ended = state.verify.copy(), state.ended.copy()

    @property
    def state(self) -> WaveState:
        """As it is now."""
        return WaveState(
            from_us=self._from_us,
            until_us=self._until_us,
            opened_us=self._opened_us,
            early_us=self._early_us,
            severity=self._severity,
            origin=self._origin,
            verify=self._verify,
            ended=self._ended,
        )

    def are_due(self, now_us: int) -> bool:
        """Whether a window ends, or is forgotten, by `now_us`."""
        return bool(self._ending(now_us).any() or self._over(now_us).any())

    def see(self, moment: Sequence[Transition], holding: Holding) -> None:
        """All transitions of one moment; `holding` is what is held after it."""
        raises = [t for t in moment if t.severity >= self._rules.severity and _is_news(t)]
        for raised in raises:
            for reach in np.flatnonzero(self._rules.downstream == raised.datastream).tolist():
                self._arrive(reach, raised)
        worst: dict[int, Transition] = {}
        for raised in raises:
            if raised.severity > _severity(worst.get(raised.datastream)):
                worst[raised.datastream] = raised
        for raised in worst.values():
            for reach in self._below(raised):
                if holding.worst[self._rules.downstream[reach]] < raised.severity:
                    self._open(reach, raised)
        for confirmed in (t for t in moment if t.kind is Kind.CONFIRMED and t.severity >= self._rules.severity):
            for reach in self._below(confirmed):
                self._confirm(reach, confirmed.at_us)

    def pass_time(self, now_us: int, holding: Holding) -> None:
        """Windows that end by `now_us` without a raise; those that nobody waits for any longer are forgotten.

        `holding` is what is held, and who is silent, after all that was found by `now_us`.
        """
        for reach in np.flatnonzero(self._ending(now_us)).tolist():
            self._end(reach, holding)
        self._forget(self._over(now_us))

    def _end(self, reach: int, holding: Holding) -> None:
        """Nothing was raised within the window: what can be said of it?"""
        until_us, downstream = int(self._until_us[reach]), self._rules.downstream[reach]
        at_us = max(until_us, int(self._opened_us[reach]))
        self._ended[reach] = True
        if holding.silent[downstream]:
            self._tell(reach, Cause.UNSEEN, until_us, at_us)  # nobody can say that it did not come
        elif self._early_us[reach] != NEVER and holding.worst[downstream] >= self._rules.severity:
            self._close(reach, Cause.EARLY, int(self._early_us[reach]), at_us)
        else:
            self._tell(reach, Cause.ABSENT, until_us, at_us)

    def _ending(self, now_us: int) -> Marks:
        ending: Marks = (self._until_us != NEVER) & ~self._ended & (self._until_us <= now_us)
        return ending

    def _over(self, now_us: int) -> Marks:
        return self._ended & (self._until_us + self._rules.high_us <= now_us)

    def _below(self, transition: Transition) -> list[int]:
        """The reaches that begin where it was found."""
        found: list[int] = np.flatnonzero(self._rules.upstream == transition.datastream).tolist()
        return found

    def _open(self, reach: int, raised: Transition) -> None:
        """A window, or the present one longer: it begins with the first raise and ends after the latest."""
        from_us = raised.time_us + int(self._rules.low_us[reach])
        until_us, severity = raised.time_us + int(self._rules.high_us[reach]), raised.severity
        goes_on = self._until_us[reach] != NEVER and not self._ended[reach]
        if goes_on:
            from_us = int(self._from_us[reach])
            until_us = max(until_us, int(self._until_us[reach]))
            severity = max(severity, int(self._severity[reach]))
        self._from_us[reach], self._until_us[reach], self._ended[reach] = from_us, until_us, False
        self._opened_us[reach], self._severity[reach], self._origin[reach] = raised.at_us, severity, raised.origin
        if not goes_on:
            self._early_us[reach] = NEVER
        self._verify[reach] = raised.verify and (self._verify[reach] or not goes_on)
        self._tell(reach, Cause.EXPECTED, from_us, raised.at_us)

    def _confirm(self, reach: int, at_us: int) -> None:
        """What opened the window is borne out: one that goes on is told again, without the mark."""
        if not self._verify[reach]:
            return
        self._verify[reach] = False
        if not self._ended[reach]:
            self._tell(reach, Cause.EXPECTED, int(self._from_us[reach]), at_us)

    def _arrive(self, reach: int, raised: Transition) -> None:
        until_us = int(self._until_us[reach])
        if until_us == NEVER or raised.time_us > until_us + int(self._rules.high_us[reach]):
            return
        cause = Cause.ON_TIME if raised.time_us <= until_us else Cause.CAME_LATE
        if raised.time_us < self._from_us[reach]:
            if not self._ended[reach]:  # water from elsewhere, or a wave faster than thought: the window will tell
                self._early_us[reach] = raised.time_us
                return
            cause = Cause.EARLY
        self._close(reach, cause, raised.time_us, raised.at_us)

    def _close(self, reach: int, cause: Cause, time_us: int, at_us: int) -> None:
        """It came: nobody waits for it any more."""
        self._tell(reach, cause, time_us, at_us)
        self._forget(np.arange(len(self._ended)) == reach)

    def _forget(self, over: Marks) -> None:
        for times in (self._from_us, self._until_us, self._opened_us, self._early_us):
            times[over] = NEVER
        for marks in (self._verify, self._ended):
            marks[over] = False
        self._severity[over], self._origin[over] = 0, 0

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
                verify=bool(self._verify[reach]),
                other=int(self._rules.upstream[reach]),
                until_us=int(self._until_us[reach]),
            )
        )


def _is_news(transition: Transition) -> bool:
    return transition.kind is Kind.RAISED and not transition.historical and transition.cause is not Cause.LATE


def _severity(raised: Transition | None) -> int:
    return 0 if raised is None else raised.severity
