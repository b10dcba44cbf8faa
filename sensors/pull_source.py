"""Pull sources (`[[pulls]]` of city.toml): pages of other systems that are fetched, because those do not speak MQTT."""

import re
from collections.abc import Collection, Iterator
from datetime import timedelta, timezone, tzinfo
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sensors import units
from sensors.tables import IDENTIFIER

FETCHED: Final = "fetched"  # as `time`: a reading's time is when its page was fetched
EPOCHS_US: Final = {"s": 1_000_000, "ms": 1_000}  # of `time_format`, in microseconds
RFC3339: Final = "rfc3339"

_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_SECRET_HEADERS: Final = {"authorization", "cookie", "proxy-authorization", "x-api-key", "apikey", "api-key"}


class Pull(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One page, fetched again and again.

    Which record and field belongs to which datastream stands in datastreams.csv (columns device and field).  Paths are
    names with dots between: "a.b.0"; a path that begins with "/" starts at the page instead of at the record.
    """

    name: str
    url: str  # http:// or https://, without user and password
    period_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300.0
    format: Literal["json", "xml", "csv"]
    records: str = ""  # path of the records; empty = the page itself, or, of CSV, its lines
    device: str = ""  # path of the device's id in a record; "@key" = the name that the record stands under
    device_name: str = ""  # instead of `device`: all records are of this one
    device_prefix: str = ""  # put before the id, where ids of two systems are alike
    time: str  # path of a record's time, or "fetched"
    repeat_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = (
        0.0  # with "fetched": an unchanged value again; 0 = never
    )
    time_format: str = RFC3339  # "rfc3339", "s" or "ms" since 1970, or a pattern such as "%d/%m/%Y %H:%M"
    zone: str = ""  # of times without an offset: Asia/Jakarta or +07:00; empty = the datastream's `zone`
    unit: str = ""  # of all values; empty = each datastream's `sent_unit`
    decimal: Literal[".", ","] = "."  # of numbers that are texts
    delimiter: Literal["", ",", ";", "\t", "|"] = ""  # of CSV; empty = found out
    missing: tuple[str, ...] = ("", "-")  # texts that stand for no value
    headers: dict[str, str] = {}  # sent along; never secrets, for this goes into the log
    token_env: str = ""  # the environment variable that holds a secret to send along
    token_file: str = ""  # the file that does, relative to the city's folder
    token_header: str = "Authorization"  # noqa: S105  (where a secret goes, none itself)
    token_prefix: str = "Bearer "  # noqa: S105
    ca_file: str = ""  # whom to trust (PEM), relative to the city's folder; empty = the system's authorities
    publish_to: str = ""  # name of the source whose broker it enters through; empty = the first
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0  # for the whole page
    max_kib: Annotated[int, msgspec.Meta(ge=1, le=65_536)] = 2_048  # of a page, unpacked

    @property
    def shown_url(self) -> str:
        """The address without its query, which may hold a key."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


def zone_of(text: str) -> tzinfo:
    """The zone of an IANA name or an offset; ValueError for what is neither.

    >>> zone_of("+07:00").utcoffset(None)
    datetime.timedelta(seconds=25200)
    """
    offset = _OFFSET.fullmatch(text)
    if offset is not None:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(shift if offset[1] == "+" else -shift)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"expected an IANA zone or an offset such as +07:00, got {text!r}") from error


def why_not(pull: Pull, sources: Collection[str]) -> str:
    """Why a pull source cannot be used, naming the key; empty where it can."""
    try:
        parts = urlsplit(pull.url)
        zone_of(pull.zone) if pull.zone else None
    except ValueError as error:
        return f"url or zone: {error}"
    return next((reason for reason, is_so in _reasons(pull, parts, sources) if is_so), "")


def _reasons(pull: Pull, parts: SplitResult, sources: Collection[str]) -> Iterator[tuple[str, bool]]:
    """What may be wrong, one after the other, and whether it is."""
    secrets = sorted(name for name in pull.headers if name.casefold() in _SECRET_HEADERS)
    bad = [name for name, value in pull.headers.items() if not _HEADER.fullmatch(name) or not value.isprintable()]
    yield (
        f"name: expected letters, digits, _ and -, at most 64, got {pull.name!r}",
        (not IDENTIFIER.fullmatch(pull.name)),
    )
    yield (
        f"url: expected http:// or https:// and a host, got {pull.shown_url!r}",
        (parts.scheme not in ("http", "https") or not parts.hostname),
    )
    yield (
        "url: no user and password here, it goes into the log; use token_env or token_file",
        parts.username is not None,
    )
    yield "device: expected either device or device_name", (bool(pull.device) == bool(pull.device_name))
    yield f"time: expected a path, or {FETCHED!r}", (not pull.time)
    yield (
        f"time_format: expected {RFC3339}, s, ms or a pattern with %, got {pull.time_format!r}",
        (pull.time_format not in (RFC3339, *EPOCHS_US) and "%" not in pull.time_format),
    )
    yield f"unit: no unit {pull.unit!r}", (bool(pull.unit) and units.canonical(pull.unit) is None)
    yield f"publish_to: no source {pull.publish_to!r}", (bool(pull.publish_to) and pull.publish_to not in sources)
    yield f"headers: {secrets[:1]} is a secret; use token_env or token_file", (bool(secrets))
    yield f"headers: {bad[:1]} cannot be sent", (bool(bad))
    yield f"token_header: {pull.token_header!r} cannot be sent", (not _HEADER.fullmatch(pull.token_header))
    yield "token_env: either token_env or token_file", (bool(pull.token_env) and bool(pull.token_file))
    yield f"repeat_s: says something only with time = {FETCHED!r}", bool(pull.repeat_s) and pull.time != FETCHED
