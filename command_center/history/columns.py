"""The columns of the history's files, and the SQL that every part of it shares.

A raw file has one row per (series, time), sorted so.  A minute file has one row per (series, minute) of the raw file
beside it; several files may hold parts of one minute, and `COMBINED` puts them together.  A missing value is NULL;
every other one is kept
bit for bit in raw files; in minutes a zero has no sign.
"""

from typing import Final, Literal, get_args

from sensors.quality import Quality
from sensors.times import MINUTE_US

Kind = Literal["raw", "minute"]
KINDS: Final[tuple[Kind, Kind]] = get_args(Kind)

# name in the file: what it means
RAW: Final = {
    "series": "the history's own number of (station, property, unit)",
    "station": "",
    "property": "",
    "unit": "of the value",
    "time_us": "phenomenon time, microseconds UTC",
    "value": "NULL = missing",
    "quality": "QARTOD flag",
    "reasons": "bits of sensors.quality.Reason",
    "origin": "sensors.origin.Origin",
    "receive_us": "when Siaga got it",
    "device_us": "the time as the device sent it; NULL = none",
    "generation": "which log held it first",
    "seq": "the row of that log",
}
MINUTE: Final = {
    "series": "as in the raw file",
    "station": "",
    "property": "",
    "unit": "",
    "minute_us": "begin of the minute",
    "n": "how many observations have a value that did not fail; all but `failed` tell of these",
    "low": "the lowest; NULL = there is none",
    "high": "the highest",
    "mean": "",
    "low_us": "time of the lowest, the first of equal ones",
    "high_us": "time of the highest",
    "quality": "the worst of them",
    "origin": "the greatest of all",
    "failed": "how many failed or have no value",
    "failed_us": "time of the first of these",
    "failed_value": "its value; NULL = missing",
    "failed_quality": "its quality",
}

_SOUND: Final = f"(value IS NOT NULL AND quality <> {int(Quality.FAIL)})"

# One row per minute of raw rows.  `quality` is NULL where nothing counts.
ROLLED_UP: Final = f"""
SELECT series, any_value(station) AS station, any_value(property) AS property, any_value(unit) AS unit,
    time_us // {MINUTE_US} * {MINUTE_US} AS minute_us,
    CAST(count(*) FILTER ({_SOUND}) AS INTEGER) AS n,
    min(value) FILTER ({_SOUND}) AS low,
    max(value) FILTER ({_SOUND}) AS high,
    avg(value) FILTER ({_SOUND}) AS mean,
    arg_min(time_us, (value, time_us)) FILTER ({_SOUND}) AS low_us,
    arg_max(time_us, (value, -time_us)) FILTER ({_SOUND}) AS high_us,
    max(quality) FILTER ({_SOUND}) AS quality,
    max(origin) AS origin,
    CAST(count(*) FILTER (NOT {_SOUND}) AS INTEGER) AS failed,
    min(time_us) FILTER (NOT {_SOUND}) AS failed_us,
    first(value ORDER BY time_us) FILTER (NOT {_SOUND}) AS failed_value,
    first(quality ORDER BY time_us) FILTER (NOT {_SOUND}) AS failed_quality
FROM {{source}} GROUP BY series, minute_us
"""  # noqa: S608 (numbers of ours)

# One row per `bucket` (of minutes: `minute_us` itself, or several of them) of rows of several minute files, none of
# whose observations stands in two of them.
COMBINED: Final = """
SELECT series, any_value(station) AS station, any_value(property) AS property, any_value(unit) AS unit,
    {bucket} AS minute_us,
    CAST(sum(n) AS INTEGER) AS n, min(low) AS low, max(high) AS high,
    sum(mean * n) FILTER (n > 0) / sum(n) FILTER (n > 0) AS mean,
    arg_min(low_us, (low, low_us)) FILTER (n > 0) AS low_us,
    arg_max(high_us, (high, -high_us)) FILTER (n > 0) AS high_us,
    max(quality) AS quality, max(origin) AS origin, CAST(sum(failed) AS INTEGER) AS failed,
    min(failed_us) AS failed_us,
    first(failed_value ORDER BY failed_us) FILTER (failed > 0) AS failed_value,
    first(failed_quality ORDER BY failed_us) FILTER (failed > 0) AS failed_quality
FROM {source} GROUP BY series, {bucket}
"""
