"""Settings: one frozen tree, from a TOML file, with a `SIAGA_…` environment variable over every key.

`[http] port` is `SIAGA_HTTP_PORT`, the top-level `city` is `SIAGA_CITY`.  An unknown key is an error.  Built once in
`main`, handed out in pieces; nothing reads it globally.  `config.example.toml` says what each key is for.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import msgspec

from sensors.errors import SettingsError

ENVIRONMENT_PREFIX = "SIAGA_"

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Bound = Annotated[int, msgspec.Meta(ge=0)]  # 0 = none at all
Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e9)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the TOML file."""


class MqttSettings(Section, frozen=True, kw_only=True):
    """The broker that the gateway listens to."""

    url: str = (
        ""  # mqtt://[user:password@]host:port; empty = the city's sources, or the embedded broker under `siaga run`
    )
    port: Port = 1883  # of the embedded broker
    keep_alive_s: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 30
    connect_timeout_s: Positive = 10.0
    reconnect_max_s: Positive = 10.0
    max_packet_bytes: Count = 1_048_576
    max_unacknowledged: Count = 20_000  # readings in memory that are not on disk yet
    max_unacknowledged_mib: Count = 64  # the same bound in bytes
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    user: str = ""
    password: str = ""
    password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    session_expiry_s: Annotated[int, msgspec.Meta(ge=0, le=4_294_967_295)] = 604_800
    canary: bool = True
    canary_period_s: Positive = 5.0
    takeover_backoff_s: Positive = 60.0


class BrokerSettings(Section, frozen=True, kw_only=True):
    """How far the embedded broker is opened; its port is `mqtt.port`."""

    host: str = "127.0.0.1"  # beyond this machine only with TLS or on a closed network, and then with logins
    name: str = ""  # host name or address that devices connect to; empty = found out
    tls: Literal["", "self-signed"] = ""
    cert_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    closed_network: bool = False  # the operator's word that nobody but devices is on the network


class IngestSettings(Section, frozen=True, kw_only=True):
    """How bytes become observations."""

    tick_s: Positive = 0.02  # while messages keep coming, they are gathered at least this long
    tick_max_s: Positive = 0.05  # and, while they keep coming, at most this long
    quiet_s: Positive = 0.05  # after so much quiet the next message is committed at once
    pace: Positive = 1.0  # how many times as fast as life the rivers move: an exercise's, while nothing is of the field


class LogSettings(Section, frozen=True, kw_only=True):
    """The log on disk."""

    checkpoint_s: Positive = 60.0
    max_mib: Bound = 0  # 0 = a tenth of the disk, at most 8 GiB
    keep_days: Positive = 90.0
    min_free_mib: Bound = 512  # below it what every reader has read goes sooner
    reserve_mib: Bound = 64  # held back, and let go when the disk is full
    dead_letters_per_cause: Bound = 1_000  # kept in full, per cause and source; beyond that only counted
    dead_letter_bytes: Bound = 65_536  # kept of one payload
    dead_letter_total_mib: Bound = 100


class InfluxSettings(Section, frozen=True, kw_only=True):
    """The city's InfluxDB, or what takes its v2 write API, that every observation is handed on to."""

    url: str = ""  # empty = no sink
    org: str = ""
    bucket: str = "siaga"
    token: str = ""
    token_file: str = ""
    verify: bool = True  # the server's certificate
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    measurement: str = "observation"
    tags: str = "station,property,kind,unit,area,agency,basin,origin"
    value_field: str = "value"
    quality_field: str = "quality"
    reasons_field: str = ""  # empty = not sent
    gzip: bool = True
    batch_rows: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 5_000
    interval_s: Positive = 1.0
    timeout_s: Positive = 10.0
    retry_max_s: Positive = 30.0
    remembered: Bound = 1_000_000  # observations, to tell repeats
    dead_letters: Bound = 1_000  # lines that the server refused, kept


# Origins of web pages with spaces between: scheme, host, perhaps a port; nothing that could end a directive.
ORIGINS: Final = r"^\s*(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(\s+|$))*$"


class HttpSettings(Section, frozen=True, kw_only=True):
    """The command center's own listener."""

    host: str = "127.0.0.1"
    port: Port = 8000
    session_hours: Positive = 12.0
    requests_per_s: Positive = 50.0  # of one user, token or address, in the long run
    burst_requests: Count = 1_000  # that it may make at once
    embed_origins: Annotated[str, msgspec.Meta(pattern=ORIGINS)] = ""  # whose pages may frame the wall


class PublicSettings(Section, frozen=True, kw_only=True):
    """The public page: written as files by the command center, given out by `siaga public-page`."""

    directory: str = ""  # where the files are written; empty = `public` in the data directory, if `port` is set
    host: str = "127.0.0.1"
    port: Port = 0  # of the page's own listener; 0 = none
    every_s: Annotated[float, msgspec.Meta(ge=1, le=300)] = 10.0  # what has changed is written so often


class NotifySettings(Section, frozen=True, kw_only=True):
    """How people answer a message; who gets one stands in the city's contacts.csv."""

    public_url: str = ""  # of the command center as a phone reaches it; empty = no links
    link_hours: Positive = 12.0
    telegram_buttons: bool = False


class MqttOutSettings(Section, frozen=True, kw_only=True):
    """What leaves over MQTT under `siaga/`."""

    broker: str = ""  # name of a source of the city; empty = the first, or the broker of `[mqtt] url`, or the embedded
    readers: Literal["public", "agency", "internal"] = "agency"  # who reads that broker
    alarms: bool = True
    observations: bool = False
    observations_per_s: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500


class HistorySettings(Section, frozen=True, kw_only=True):
    """What the command center keeps in memory, and what it keeps on disk of closed hours."""

    days: Positive = 3.0  # in memory
    max_observations: Count = 10_000_000  # in memory
    max_mib: Bound = 0  # on disk; beyond it the oldest observations go, their 1-minute rollups last; 0 = no bound
    min_free_mib: Bound = 1_024  # below it observations older than a month go, oldest first; their rollups stay
    memory_mib: Annotated[int, msgspec.Meta(ge=64, le=1_048_576)] = 256  # of DuckDB, once to write and once to read


class AdminSettings(Section, frozen=True, kw_only=True):
    """The first user."""

    password: str = ""  # empty = made at first start and shown once


Scenario = Literal["storm", "calm"]
SCENARIOS: Final[tuple[Scenario, ...]] = get_args(Scenario)


class SimulatorSettings(Section, frozen=True, kw_only=True):
    """The virtual city."""

    seed: int = 1
    speed: Positive = 60.0  # simulated seconds per second
    scenario: Scenario = "storm"


class Settings(Section, frozen=True, kw_only=True):
    """Everything that can be set."""

    city: str = "mojokerto"  # a built-in city's name, or a folder
    data_dir: str = "data"
    log_level: str = "info"
    mqtt: MqttSettings = MqttSettings()
    broker: BrokerSettings = BrokerSettings()
    ingest: IngestSettings = IngestSettings()
    log: LogSettings = LogSettings()
    influx: InfluxSettings = InfluxSettings()
    http: HttpSettings = HttpSettings()
    public: PublicSettings = PublicSettings()
    notify: NotifySettings = NotifySettings()
    mqtt_out: MqttOutSettings = MqttOutSettings()
    history: HistorySettings = HistorySettings()
    admin: AdminSettings = AdminSettings()
    simulator: SimulatorSettings = SimulatorSettings()


# Environment variables that belong to the prefix but are not settings of a running system.
NOT_SETTINGS = frozenset({"SIAGA_CONFIG", "SIAGA_RECORDED_DATA"})

T = TypeVar("T", bound=msgspec.Struct)


def load_settings(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from `file` (None = defaults), the environment over it; SettingsError names file or variable and why."""
    tree = read_toml(file) if file is not None else {}
    where = str(file) if file is not None else "defaults"
    settings = convert(tree, Settings, where)
    return _with_environment(settings, environ)


def read_toml(file: Path) -> dict[str, Any]:
    """The TOML file as a tree; SettingsError names the file and what is wrong with it."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error


def convert(tree: Any, kind: type[T], where: str) -> T:
    """`tree` as `kind`; SettingsError says where, which key, expected and got."""
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}") from error


def environment_names(
    kind: type[msgspec.Struct] = Settings, prefix: str = ENVIRONMENT_PREFIX
) -> dict[str, tuple[str, ...]]:
    """Every environment variable of the tree, with the path of the key that it sets."""
    names: dict[str, tuple[str, ...]] = {}
    for field in msgspec.structs.fields(kind):
        name = prefix + field.name.upper()
        if isinstance(field.type, type) and issubclass(field.type, Section):
            for inner, path in environment_names(field.type, f"{name}_").items():
                names[inner] = (field.name, *path)
        else:
            names[name] = (field.name,)
    return names


def _with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    names = environment_names()
    for variable in sorted(environ):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable not in names:
            raise SettingsError(f"{variable}: no such setting; known are {', '.join(sorted(names))}")
        settings = _replace(settings, names[variable], environ[variable], variable)
    return settings


def _replace(struct: T, path: tuple[str, ...], text: str, variable: str) -> T:
    head, *rest = path
    if rest:
        value = _replace(getattr(struct, head), tuple(rest), text, variable)
    else:
        kind = next(field.type for field in msgspec.structs.fields(struct) if field.name == head)
        try:
            value = msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{variable}={text!r}: {error}") from error
    return msgspec.structs.replace(struct, **{head: value})
