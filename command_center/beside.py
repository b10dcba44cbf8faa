"""What stands beside a datastream's value: how fast it rises, when it reaches its next level, what makes it so high.

All of it is taken from datastreams that the detector derives from it (`docs/derived.md`), as they said last.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec.structs import replace

from command_center.observation_view import known
from command_center.picture.history import History
from command_center.picture.latest import Latest
from command_center.rate import MOST_SEEN, NEWEST_SHARE, is_opposed, rate_lasts_s
from sensors.catalogue import Datastream, Derivation, Level
from sensors.origin import Origin
from sensors.times import SECOND_US, parse_rfc3339, rfc3339
from sensors.trend.rules import trend_window_s

NOT_WITHIN_MIN: Final = 1440.0  # what a projection says where it is not reached within a day


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it rises; negative = it falls.  One rule says what every screen, report and warning may tell of it."""

    value: float
    unit: str
    low: float | None
    high: float | None
    time: str  # of the observation up to which it was found
    lasts_s: float  # once older than that, it says nothing of now
    turned: bool = False  # the newest readings say the opposite: it rose, or fell, until just now

    def direction_at(self, now_us: int) -> int:
        """1 = it rises, -1 = it falls: only where it is of now and both bounds agree.

        0: what may as well be nothing is not told; where it is not of now (`is_of_now`), nothing is known.  A bound
        that is not derived is taken to be the middle.  What has turned does neither for certain.
        """
        return _direction(self) if self.is_of_now(now_us) else 0

    def is_of_now(self, now_us: int) -> bool:
        """Whether it says something of now."""
        found_us = parse_rfc3339(self.time)
        return found_us is not None and now_us - found_us <= self.lasts_s * SECOND_US


class Eta(msgspec.Struct, frozen=True, kw_only=True):
    """When it reaches its next level if it goes on as now, in minutes from `time`.

    None = not within a day, or that bound is not derived: the likely time stands for neither end.
    """

    level: str
    earliest_min: float | None
    middle_min: float | None
    latest_min: float | None
    time: str
    needed_min: float | None = None  # that the level's standing actions take; None = it asks for none


def eta_at(rate: Rate | None, eta: Eta | None, now_us: int) -> Eta | None:
    """When it reaches its next level, where it clearly rises now: "if it goes on as now" is said of nothing else."""
    if rate is None or eta is None or rate.direction_at(now_us) <= 0:
        return None
    found_us = parse_rfc3339(eta.time)
    return eta if found_us is not None and now_us - found_us <= rate.lasts_s * SECOND_US else None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside one datastream's value."""

    rate: Rate | None = None
    eta: Eta | None = None
    dominant: str | None = None  # property of the input that the greatest of several is from


@dataclass(slots=True)
class _Kin:
    """Numbers of the datastreams that tell of one: by bound, and what the places of `dominant` stand for."""

    rate: dict[str, int] = field(default_factory=dict)
    eta: dict[str, int] = field(default_factory=dict)
    dominant: int | None = None
    properties: tuple[str, ...] = ()
    rate_unit: str = ""
    window_s: float = 0.0  # of the trend
    lasts_s: float = 0.0  # a rate
    turned: tuple[tuple[int, ...], bool] = ((), False)  # what was seen when it was last looked at, and what it said


class Kinship:
    """Which datastreams tell of which others; `datastreams` have numbers, and rivers move at `pace`."""

    def __init__(self, datastreams: Iterable[Datastream], pace: float) -> None:
        self._by_id = {datastream.id: datastream for datastream in datastreams}
        self._kin: defaultdict[int, _Kin] = defaultdict(_Kin)
        self._heads: dict[int, int] = {}  # by number: the datastream that it tells of
        derived = [(d, d.derivation) for d in self._by_id.values() if d.derivation is not None]
        greatest = {derivation.inputs: d for d, derivation in derived if derivation.method == "ispu_max"}
        for datastream, derivation in derived:
            head = greatest.get(derivation.inputs) if derivation.method == "dominant" else self._only(derivation)
            if head is not None and derivation.method in ("rate", "eta", "dominant"):
                kin = self._kin[head.number]
                kin.window_s = trend_window_s(head) or 0.0
                kin.lasts_s = rate_lasts_s(head.interval_calm_s, kin.window_s, pace)
                self._place(kin, datastream, derivation)
                self._heads[datastream.number] = head.number

    def heads(self, numbers: Iterable[int]) -> list[int]:
        """The datastreams beside whose values something may have changed when these `numbers` did, ascending."""
        heads = {self._heads.get(number, number) for number in numbers}
        return sorted(number for number in heads if number in self._kin)

    def beside(self, number: int, levels: Iterable[Level], latest: Latest, history: History) -> Beside:
        """What stands beside a datastream's value; `levels` are those in force."""
        kin = self._kin.get(number)
        if kin is None:
            return Beside()
        limits = {level.value: level.level for level in levels if level.direction == "rising"}
        return Beside(
            rate=_rate(kin, number, latest, history),
            eta=_eta(kin, number, limits, (latest, history)),
            dominant=_dominant(kin, latest),
        )

    def _only(self, derivation: Derivation) -> Datastream | None:
        """The one datastream that another is computed from; None where it is computed from several."""
        return self._by_id.get(derivation.inputs[0]) if len(derivation.inputs) == 1 else None

    def _place(self, kin: _Kin, datastream: Datastream, derivation: Derivation) -> None:
        if derivation.method == "rate":
            kin.rate[derivation.bound] = datastream.number
            kin.rate_unit = datastream.unit
        elif derivation.method == "eta":
            kin.eta[derivation.bound] = datastream.number
        else:
            kin.dominant = datastream.number
            kin.properties = tuple(self._measured(one) for one in derivation.inputs)

    def _measured(self, datastream_id: str) -> str:
        """The property that an index stands for: that of the one observed datastream at its beginning."""
        datastream = self._by_id.get(datastream_id)
        derivation = None if datastream is None else datastream.derivation
        if derivation is None or len(derivation.inputs) != 1:
            return datastream_id.partition(":")[2]
        return self._measured(derivation.inputs[0])


def _value(number: int | None, latest: Latest) -> float | None:
    """The newest value; None where there is none."""
    if number is None or not latest.heard(number):
        return None
    return known(float(latest.value[number]))


def _direction(rate: Rate) -> int:
    """Of when it was found."""
    low, high = (rate.value if bound is None else bound for bound in (rate.low, rate.high))
    return 0 if rate.turned else 1 if low > 0 else -1 if high < 0 else 0


def _was_played(derived: int, number: int, latest: Latest) -> bool:
    """Whether it is of an exercise's water, which moved at its own pace, while the newest value is of the field's."""
    if not (latest.heard(derived) and latest.heard(number)):
        return False
    return Origin(int(latest.origin[derived])).is_exercise and not Origin(int(latest.origin[number])).is_exercise


def _rate(kin: _Kin, number: int, latest: Latest, history: History) -> Rate | None:
    middle = kin.rate.get("middle")
    value = _value(middle, latest)
    if middle is None or value is None or _was_played(middle, number, latest):
        return None
    rate = Rate(
        value=value,
        unit=kin.rate_unit,
        low=_value(kin.rate.get("low"), latest),
        high=_value(kin.rate.get("high"), latest),
        time=rfc3339(int(latest.time_us[middle])),
        lasts_s=kin.lasts_s,
    )
    direction = _direction(rate)
    if not direction or not latest.heard(number):
        return rate
    newest_us = int(latest.time_us[number])
    seen = (direction, int(latest.time_us[middle]), newest_us, history.count(number))
    if kin.turned[0] != seen:
        from_us = newest_us - round(kin.window_s * SECOND_US / NEWEST_SHARE)
        newest = history.thinned_between(number, from_us, newest_us + 1, MOST_SEEN)
        kin.turned = seen, is_opposed(direction, newest)
    return replace(rate, turned=kin.turned[1])


def _eta(kin: _Kin, number: int, limits: dict[float, str], seen: tuple[Latest, History]) -> Eta | None:
    """None where no level lies ahead, none within a day, or it is reached by now.

    It was found at an observation that need not be the newest (a trend's point; one that a doubtful fall came after):
    the level ahead is the one that lay ahead of that.
    """
    latest, history = seen
    now = _value(number, latest)
    if any(_was_played(n, number, latest) for n in kin.eta.values()):
        return None
    minutes = {bound: _minutes(n, latest) for bound, n in kin.eta.items()}
    earliest, middle = minutes.get("low"), minutes.get("middle")
    if now is None or (earliest is None and middle is None):
        return None
    time_us = max(int(latest.time_us[n]) for n in kin.eta.values() if latest.heard(n))
    found_at = history.between(number, time_us, time_us + 1)["value"]
    from_value = float(found_at[0]) if len(found_at) else now  # no longer in memory
    ahead = [limit for limit in limits if limit > from_value]
    if not ahead or now >= min(ahead):
        return None
    return Eta(
        level=limits[min(ahead)],
        earliest_min=earliest,
        middle_min=middle,
        latest_min=minutes.get("high"),
        time=rfc3339(time_us),
    )


def _minutes(number: int, latest: Latest) -> float | None:
    minutes = _value(number, latest)
    return None if minutes is None or minutes >= NOT_WITHIN_MIN else minutes


def _dominant(kin: _Kin, latest: Latest) -> str | None:
    place = _value(kin.dominant, latest)
    if place is None or not 1 <= place <= len(kin.properties):
        return None
    return kin.properties[int(place) - 1]
