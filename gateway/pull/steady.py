"""Which gauges would be called silent because their page, without times, tells the same value again and again."""

from sensors.catalogue import Catalogue, Datastream
from sensors.pull_source import FETCHED, Pull

MAX_NAMED = 5


def steady_warnings(catalogue: Catalogue) -> list[str]:
    """For people, a line for each pull source that has such gauges; empty where all is well."""
    found = ((pull, _soon_silent(pull, catalogue)) for pull in catalogue.city.pulls if pull.time == FETCHED)
    return [_line(pull, ids) for pull, ids in found if ids]


def _line(pull: Pull, ids: list[str]) -> str:
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    return (
        f'pull {pull.name}: with time = "fetched" a value counts when it changes, so one that stands still would be'
        f" called silent: {', '.join(ids[:MAX_NAMED])}{more}; lengthen interval_calm_s, or set repeat_s"
        " (docs/pull-sources.md)"
    )


def _soon_silent(pull: Pull, catalogue: Catalogue) -> list[str]:
    """Datastreams that the page may tell and that are silent before an unchanged value comes again."""
    patience = catalogue.city.silence.intervals
    again_s = pull.repeat_s + pull.period_s if pull.repeat_s else float("inf")
    return [d.id for d in catalogue.datastreams if _may_tell(pull, d) and d.interval_calm_s * patience <= again_s]


def _may_tell(pull: Pull, datastream: Datastream) -> bool:
    """By its name or prefix; a page that has neither may tell of every device, as only the page itself says."""
    devices = [row.device.casefold() for row in datastream.installations if row.device]
    if pull.device_name:
        wanted = f"{pull.device_prefix}{pull.device_name}".casefold()
        return wanted in devices or pull.device_name.casefold() in devices
    return any(device.startswith(pull.device_prefix.casefold()) for device in devices)
