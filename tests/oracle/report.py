"""Where the detector and the slow loop part, for people."""

from collections.abc import Sequence

import msgspec

from sensors.catalogue import Catalogue
from sensors.transition import Transition
from tests.oracle.agreement import parting
from tests.oracle.cities import START_US
from tests.oracle.happenings import Happening, Observe, Reload, received


def report(catalogue: Catalogue, life: Sequence[Happening]) -> str:
    """The city, what happened, and what each of the two told at the end; times in s since the start."""
    parted = parting(catalogue, life)
    if parted is None:
        return "detector and loop agree"
    lines = [f"silence {catalogue.city.silence}", f"detector {catalogue.city.detector}"]
    lines += [f"reach {reach.upstream} > {reach.downstream} {reach.travel_min}" for reach in catalogue.reaches]
    lines += [f"gated {station.station}" for station in catalogue.stations if station.gated]
    lines += _streams(catalogue)
    for happening in life[: parted.index + 1]:
        lines += _happened(catalogue, happening)
    both = [t for t in parted.expected if t in parted.found]
    lines += [f"both tell       {_short(t)}" for t in both]
    lines += [f"only the loop   {_short(t)}" for t in parted.expected if t not in both]
    lines += [f"only detector   {_short(t)}" for t in parted.found if t not in both]
    if len(both) == len(parted.found) == len(parted.expected):
        lines += ["the order differs:", *(f"  loop {_short(t)}" for t in parted.expected)]
        lines += [f"  detector {_short(t)}" for t in parted.found]
    return "\n".join(lines)


def _streams(catalogue: Catalogue) -> list[str]:
    lines = []
    for d in catalogue.datastreams:
        columns = (
            f"calm {d.interval_calm_s} storm {d.interval_storm_s} fall {d.fall_limit_per_h} rise {d.rise_limit_per_h}"
        )
        columns += f" trend {d.trend_window_s}"
        lines.append(f"datastream {d.number} at {d.station}: {d.kind}, {columns}")
        for level in d.levels:
            margins = f"hysteresis {level.hysteresis} delays {level.on_delay_s} {level.off_delay_s}"
            lines.append(
                f"  {level.level} {level.rank} {level.direction} {level.value} {margins} {level.effective_from}"
            )
    return lines


def _happened(catalogue: Catalogue, happening: Happening) -> list[str]:
    if isinstance(happening, Observe):
        batch = received(happening.observations, catalogue, 0)
        lines = []
        for i in range(len(batch)):
            after_s, age_s = batch.receive_us[i] / 1e6, (batch.time_us[i] - batch.receive_us[i]) / 1e6
            what = f"{batch.value[i]}, quality {batch.quality[i]}, reasons {batch.reasons[i]}"
            lines.append(f"  after {after_s:.6f} of {batch.datastream[i]} at {age_s:+.6f}: {what}")
        return lines
    if isinstance(happening, Reload):
        return ["other rules:", *_streams(happening.catalogue)]
    return [repr(happening)]


def _short(t: Transition) -> str:
    told = msgspec.structs.asdict(t)
    plain = {name: value for name, value in told.items() if value != _DEFAULTS.get(name, ...)}
    for name in ("time_us", "at_us", "until_us"):
        if name in plain:
            plain[name] = f"{(plain[name] - START_US) / 1e6:.6f}"
    return " ".join(f"{name}={value}" for name, value in plain.items())


_DEFAULTS = {
    "rank": 0, "severity": 0, "limit": None, "level": "", "value": None, "quality": 2, "origin": 0, "historical": False,
    "verify": False, "count": 0, "rate_per_h": None, "other": -1, "until_us": 0,
}  # fmt: skip
