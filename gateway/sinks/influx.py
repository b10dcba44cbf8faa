"""Requests to the InfluxDB v2 write API, and what an answer means for the lines that were sent."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

from sensors.errors import SettingsError
from sensors.settings import InfluxSettings

GZIP_LEVEL: Final = 1
GZIP_FORMAT: Final = 16 + zlib.MAX_WBITS  # RFC 1952, not zlib's own
LONGEST_RETRY_AFTER_S: Final = 900.0  # a slip of the server's must not cost a day
MESSAGE_LENGTH: Final = 500  # of what a server says, at most
_TOO_LARGE: Final = 413
_BLAMES_THE_DATA: Final = frozenset({400, _TOO_LARGE, 422})
_WAITS_FOR_PEOPLE: Final = {401: "the token is not good", 403: "the token may not write here", 404: "no such bucket"}


class Outcome(Enum):
    """What became of a request."""

    TAKEN = auto()  # acknowledged: the lines are the server's
    REFUSED = auto()  # the server blames the lines: sending them again cannot help
    WAIT = auto()  # nobody can know whether they were taken: they are sent again, later


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, why, and how long the server wants to be left alone (0 = it does not say)."""

    outcome: Outcome
    reason: str = ""
    retry_after_s: float = 0.0


TAKEN: Final = Answer(Outcome.TAKEN)


class Influx:
    """One server's write API; for one thread at a time.  SettingsError where the token's file cannot be read."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = InfluxDBClient(
            url=settings.url.rstrip("/"),
            token=_token(settings),
            org=settings.org,
            timeout=max(1, round(settings.timeout_s * 1000)),
            verify_ssl=settings.verify,
            ssl_ca_cert=settings.ca_file or None,
            cert_file=settings.cert_file or None,
            cert_key_file=settings.key_file or None,
        )
        self._writes = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]  # the client is untyped

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # the client is untyped

    def write(self, lines: bytes) -> Answer:
        """Send lines; returns when the server has answered or the time for it is over."""
        body, headers = lines, {}
        if self._settings.gzip:
            # By ourselves and at level 1: the client's own `enable_gzip` is level 9, several times the work.
            body = zlib.compress(lines, GZIP_LEVEL, GZIP_FORMAT)
            headers = {"content_encoding": "gzip"}
        try:
            self._writes.post_write(  # type: ignore[no-untyped-call]  # the client is untyped
                org=self._settings.org,
                bucket=self._settings.bucket,
                body=body,
                precision="ns",
                content_type="text/plain; charset=utf-8",
                **headers,
            )
        except InfluxDBError as error:
            return _answer(error)
        except (HTTPError, OSError) as error:
            return Answer(Outcome.WAIT, f"{type(error).__name__}: {error}"[:MESSAGE_LENGTH])
        return TAKEN


def _answer(error: InfluxDBError) -> Answer:
    """What a refusal means.  `status` is 0 where TLS failed."""
    status = int(getattr(error, "status", 0) or 0)
    said = " ".join(str(error.message or getattr(error, "reason", "") or "").split())
    reason = (
        f"{status} {_WAITS_FOR_PEOPLE.get(status, '')}: {said}" if status else f"TLS: {getattr(error, 'reason', '')}"
    )
    reason = " ".join(reason.replace(" :", ":").split())[:MESSAGE_LENGTH]
    if status in _BLAMES_THE_DATA:
        return Answer(Outcome.REFUSED, reason)
    return Answer(Outcome.WAIT, reason, _retry_after_s(getattr(error, "headers", None) or {}))


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """`Retry-After` in seconds, at most `LONGEST_RETRY_AFTER_S`; a date, or nonsense, counts as not said."""
    text = headers.get("Retry-After", "") or ""
    return min(float(text[:9]), LONGEST_RETRY_AFTER_S) if text.isascii() and text.isdigit() else 0.0


def _token(settings: InfluxSettings) -> str:
    if not settings.token_file:
        return settings.token
    try:
        return Path(settings.token_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"influx.token_file: {settings.token_file}: cannot be read: {error}") from error
