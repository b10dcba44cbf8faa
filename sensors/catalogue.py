"""The catalogue: stations, datastreams and levels of one city, as they are in force.

Read from a city's folder by `sensors.city`, numbered by the gateway, written whole into the log; everyone else takes it
from there.  Texts of a city come in Indonesian (`id`) and English (`en`).
"""

import builtins
import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import msgspec

from sensors.actuator import Actuator
from sensors.contacts import Contact, Duty, NotifyRules
from sensors.public_rules import PublicRules
from sensors.pull_source import Pull
from sensors.row import Row as Row  # noqa: PLC0414 (a name of the catalogue: others import it from here)
from sensors.row import Text as Text  # noqa: PLC0414
from sensors.standing_action import StandingAction as StandingAction  # noqa: PLC0414
from sensors.warning_rules import CapFeed, CapRules

Direction = Literal["rising", "falling"]
Protocol = Literal["auto", "5", "3.1.1"]
SESSION_EXPIRY_S: Final = 604_800  # a week: a broker keeps our session, and what waits in it, so long
UNNUMBERED = -1
ANY_SOURCE = "*"  # an ingest rule for every source
MAX_LEVELS: Final = 8  # of one datastream: what is held is remembered in a byte


class LevelStyle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a level is named and coloured in this city (`[levels.NAME]` of city.toml)."""

    name: Text
    colour: str  # "#rrggbb"
    means: Text | None = None  # what it says about the river, for the public page
    advice: Text | None = None  # what people shall do; None = as a warning of that severity says


class MapView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the map opens (`[map]` of city.toml)."""

    lon: float
    lat: float
    zoom: float


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One map layer (`[[layers]]`): a file in the city's folder.  Later ones are drawn above earlier ones."""

    file: str  # NAME.geojson or NAME.pmtiles
    kind: Literal["area", "boundary", "river", "road", "base"]
    name: Text
    attribution: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An MQTT broker to listen to (`[[sources]]`).

    Where a secret is, never what it is: this goes into the log.  Files are relative to the city's folder, or absolute.
    """

    name: str
    url: str  # mqtt://host[:port], or mqtts://host[:port] with TLS; no user, no password
    protocol: Protocol = "auto"  # "auto" = MQTT 5 first, then 3.1.1
    user: str = ""
    password_env: str = ""  # the environment variable that holds the password
    password_file: str = ""  # the file that holds the password; its last line end does not count
    ca_file: str = ""  # whom to trust (PEM); empty = the system's authorities
    cert_file: str = ""  # our client certificate (PEM)
    key_file: str = ""  # its key (PEM); empty = it stands in `cert_file`
    server_name: str = ""  # the name that the broker's certificate must bear; empty = the host
    canary: bool = True  # whether we may publish to siaga/canary/ there
    session_expiry_s: Annotated[int, msgspec.Meta(ge=0, le=4_294_967_295)] = SESSION_EXPIRY_S  # MQTT 5


class IngestRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What arrives under `filter` at `source` is read as `format` (`[[ingest]]`)."""

    source: str
    filter: str
    format: str
    options: dict[str, Any] = {}  # the format's own; it says itself which it takes


class Silence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a quiet datastream is silent (`[silence]`)."""

    intervals: float = 3.0  # so many expected intervals without an observation
    severity: int = 1
    rising_severity: int = 3  # of a gauge that was rising when it was last heard


class DetectorRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the detector judges beyond the tables (`[detector]`); `docs/detector.md` says what each is for."""

    chatter_s: float = 60.0  # raises of one level no further apart are counted as one chatter (ISA-18.2 practice: 60 s)
    fall_factor: float = 4.0  # a fall so many times faster than the fastest rise of late is in doubt
    doubt_s: float = 1800.0  # a fall in doubt is borne out by readings over so long
    settle_s: float = 30.0  # a level from a backlog is an alarm now when nothing newer came for so long
    wave_severity: int = 2  # a raise of so much opens the window downstream


class AlarmRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How alarms are handled (`[alarms]` of city.toml); `docs/alarms.md` says what each is for."""

    release_after_s: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = (
        120.0  # unrefuted, then sirens go out all the same
    )
    link_fault_min: Annotated[float, msgspec.Meta(gt=0, le=1_440)] = 10.0  # silences of one link so close are one fault


class City(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`city.toml`."""

    code: str  # the folder's name
    name: Text
    time_zone: str  # IANA name
    zone_label: str  # what people write behind a time: WIB, WITA, WIT
    map: MapView
    layers: tuple[Layer, ...] = ()
    levels: dict[str, LevelStyle] = {}
    basins: dict[str, Text] = {}
    properties: dict[str, Text] = {}  # what a property is called on the screen (`[properties.NAME]`)
    sources: tuple[Source, ...] = ()
    pulls: tuple[Pull, ...] = ()
    ingest: tuple[IngestRule, ...] = ()
    silence: Silence = Silence()
    detector: DetectorRules = DetectorRules()
    alarms: AlarmRules = AlarmRules()
    cap: CapRules = CapRules()
    cap_feeds: tuple[CapFeed, ...] = ()
    notify: NotifyRules = NotifyRules()
    credit: Text = Text("", "")
    licence: str = ""  # of readings whose row names none, such as CC-BY-4.0; empty = none is granted
    public: PublicRules = PublicRules()

    def rules_for(self, source: str) -> tuple[IngestRule, ...]:
        """The ingest rules of a source, in their order.

        A broker that the city does not name (the settings', the embedded one) stands for all of the city's sources.
        """
        if source not in {one.name for one in self.sources}:
            return self.ingest
        return tuple(rule for rule in self.ingest if rule.source in (source, ANY_SOURCE))


class Area(Row, frozen=True, kw_only=True):
    """A kelurahan, desa, kecamatan, city or regency, by its Kemendagri code (areas.csv)."""

    code: str
    name: str
    kind: Literal["kelurahan", "desa", "kecamatan", "kota", "kabupaten"]
    parent: str = ""


class Programme(Row, frozen=True, kw_only=True):
    """A programme of the smart city master plan (programmes.csv)."""

    code: str
    name: str
    dimension: Literal["governance", "branding", "economy", "living", "society", "environment"]
    opd: str
    quick_win: bool = False
    due: str = ""
    planned_stations: int = 0
    targets: str = ""
    source_page: str = ""


class Reach(Row, frozen=True, kw_only=True):
    """Water takes `travel_min` minutes from station `upstream` to station `downstream` (reaches.csv)."""

    upstream: str
    downstream: str
    travel_min: float
    travel_min_low: float | None = None  # the earliest; None = half of `travel_min`
    travel_min_high: float | None = None  # the latest; None = one and a half times


class Station(Row, frozen=True, kw_only=True):
    """A place with sensors (stations.csv)."""

    station: str
    name: str
    kind: Literal["river", "weir", "rain", "air", "road"]
    lat: float
    lon: float
    area: str  # Kemendagri code of the kelurahan or desa
    affects: tuple[str, ...] = ()  # areas downstream that its levels concern
    agency: str  # OPD
    programme: str = ""
    basin: str = ""
    road: str = ""
    camera: str = ""
    gated: bool = False  # a gate can let its level fall faster than a river does
    link: str = ""  # operator or network that carries it
    via: str = ""  # gateway or cabinet that it hangs on
    power: str = ""


class Visit(Row, frozen=True, kw_only=True):
    """Somebody was at a station (visits.csv)."""

    station: str
    visited: str  # date, YYYY-MM-DD
    by: str = ""
    work: str = ""
    calibration_due: str = ""  # date until which its sensors are calibrated


class Level(Row, frozen=True, kw_only=True):
    """A named limit of a datastream; a value >= limit (rising) or <= limit (falling) has reached it (levels.csv)."""

    level: str
    rank: int  # orders levels within the gauge; normal is 0 and has no row
    severity: int  # 1–4, compares gauges; 4 is worst
    direction: Direction
    value: float  # in the datastream's unit
    hysteresis: float = 0.0  # how far back past `value` before it is left, same unit
    on_delay_s: float = 0.0  # reached for so long before it is raised; 0 where severity is 4
    off_delay_s: float = 0.0  # beyond the clear point for so long before it is returned
    effective_from: str = ""  # RFC 3339 date; empty = always
    author: str = ""


class Installation(Row, frozen=True, kw_only=True):
    """The device behind a datastream from a moment on: value = zero + scale * (what it sends, in that unit).

    A distance from above the water becomes a level with scale -1 and zero = the sensor's height (installations.csv, and
    the columns of the same names in datastreams.csv).
    """

    valid_from: str = ""  # RFC 3339 in UTC; empty = always
    device: str = ""  # id as its source writes it; empty = the station's name
    field: str = ""  # where the value stands in its messages: "level", "a.b.0"; empty = the property's name
    sent_unit: str = ""  # of values that state none; empty = the datastream's
    scale: float = 1.0
    zero: float = 0.0  # in the datastream's unit
    author: str = ""


class Curve(Row, frozen=True, kw_only=True):
    """A table to interpolate in, such as a rating curve (curves.csv): its points by ascending x."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Derivation(msgspec.Struct, frozen=True, kw_only=True):
    """How a datastream is computed from others (derived.csv); `docs/derived.md` says what each method takes."""

    method: str
    inputs: tuple[str, ...]  # ids of datastreams, observed or derived
    window_s: float | None = None
    weights: tuple[float, ...] = ()  # of the inputs, or the method's own numbers
    constant: float = 0.0
    curve: str = ""
    bound: Literal["middle", "low", "high"] = "middle"
    severity: int = 1
    completeness: float = 0.75  # share of the window's parts that must hold an observation


class DatastreamColumns(Row, frozen=True, kw_only=True):
    """What datastreams.csv says of a datastream."""

    station: str
    property: str
    kind: str  # what it measures, for grouping and icons: river_level, discharge, rain, air, traffic, …
    unit: str
    origin_source: str = ""  # name of the `Source` it comes from; empty = any
    zone: str = ""  # IANA zone of times sent without an offset; empty = such times are not believed
    epoch_unit: Literal["ms", "s", "us"] = "ms"
    valid_min: float | None = None
    valid_max: float | None = None
    rise_limit_per_h: float | None = None  # a faster rise is suspect (QARTOD test 7)
    fall_limit_per_h: float | None = None  # a faster fall ends no level by itself
    spike_suspect: float | None = None  # QARTOD test 6, unit of the datastream
    spike_fail: float | None = None
    flat_suspect_s: float | None = None  # QARTOD test 8, by duration
    flat_fail_s: float | None = None
    flat_tolerance: float = 0.0  # a change up to it is none
    neighbour: str = ""  # id of the datastream that it should agree with, QARTOD test 11
    neighbour_suspect: float | None = None  # difference, unit of the datastream
    neighbour_fail: float | None = None
    trend_window_s: float | None = None  # None: by its kind (`sensors.trend`)
    interval_calm_s: float
    interval_storm_s: float | None = None
    sharing: Literal["public", "agency", "internal"] = "internal"
    producer: str = ""  # whom to name; empty = the station's agency
    licence: str = ""  # what takers may do with it; empty = the city's


class Datastream(DatastreamColumns, frozen=True, kw_only=True):
    """One observed property at one station in one unit (datastreams.csv, derived.csv)."""

    number: int = UNNUMBERED  # given once by the gateway for (station, property, unit), never reused
    levels: tuple[Level, ...] = ()  # every version, by rank
    installations: tuple[Installation, ...] = ()  # by `valid_from`; none = values come as they are, under its own topic
    derivation: Derivation | None = None  # None: it is observed; else it is computed

    @builtins.property  # the field `property` stands in the way
    def id(self) -> str:
        """`{station}:{property}`, as the API names it."""
        return f"{self.station}:{self.property}"


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything a city declares, cross-checked: each reference below names something that is here."""

    city: City
    areas: tuple[Area, ...] = ()
    programmes: tuple[Programme, ...] = ()
    stations: tuple[Station, ...]
    reaches: tuple[Reach, ...] = ()
    visits: tuple[Visit, ...] = ()  # the oldest first
    datastreams: tuple[Datastream, ...]
    curves: tuple[Curve, ...] = ()
    actions: tuple[StandingAction, ...] = ()
    contacts: tuple[Contact, ...] = ()
    rosters: tuple[Duty, ...] = ()
    actuators: tuple[Actuator, ...] = ()
    pace: float = 1.0  # how many times as fast as life its rivers are taken to move (`sensors.pace`)

    @cached_property
    def observed(self) -> "Catalogue":
        """The same catalogue without what is derived: what devices send."""
        observed = tuple(d for d in self.datastreams if d.derivation is None)
        return msgspec.structs.replace(self, datastreams=observed)

    @cached_property
    def station_by_id(self) -> Mapping[str, Station]:
        """Stations by their id."""
        return {s.station: s for s in self.stations}

    @cached_property
    def datastream_by_id(self) -> Mapping[str, Datastream]:
        """Datastreams by `{station}:{property}`."""
        return {d.id: d for d in self.datastreams}

    @cached_property
    def datastream_by_number(self) -> Mapping[int, Datastream]:
        """Datastreams by the gateway's number; raises nothing for holes, they are simply not in it."""
        return {d.number: d for d in self.datastreams if d.number != UNNUMBERED}

    @cached_property
    def actions_of(self) -> Mapping[str, tuple[StandingAction, ...]]:
        """Standing actions by the `{station}:{property}` that opens them, in the table's order."""
        found: dict[str, tuple[StandingAction, ...]] = {}
        for action in self.actions:
            found[action.datastream] = (*found.get(action.datastream, ()), action)
        return found

    @cached_property
    def area_by_code(self) -> Mapping[str, Area]:
        """Areas by their Kemendagri code."""
        return {a.code: a for a in self.areas}

    def jurisdiction(self, area_code: str) -> Area | None:
        """The kota or kabupaten that an area lies in."""
        area = self.area_by_code.get(area_code)
        while area is not None and area.kind not in ("kota", "kabupaten"):
            area = self.area_by_code.get(area.parent)
        return area

    def numbered(self, numbers: Mapping[tuple[str, str, str], int]) -> "Catalogue":
        """The same catalogue with each datastream's number from (station, property, unit)."""
        return msgspec.structs.replace(
            self,
            datastreams=tuple(
                msgspec.structs.replace(d, number=numbers[d.station, d.property, d.unit]) for d in self.datastreams
            ),
        )

    def canonical(self) -> bytes:
        """The whole catalogue as canonical JSON; equal catalogues give equal bytes."""
        return msgspec.json.encode(self, order="deterministic")

    def sha256(self) -> str:
        """SHA-256 of `canonical()`, hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()


def from_canonical(text: bytes) -> Catalogue:
    """The catalogue of `Catalogue.canonical()`."""
    return msgspec.json.decode(text, type=Catalogue)
