"""What the public page says, as values: per gauge, per area, and of the whole city.  No clock, no HTML."""

from enum import StrEnum

import msgspec

from sensors.catalogue import Text


class Condition(StrEnum):
    """How a gauge stands, the reason first why it can say nothing."""

    NEVER = "never"  # never heard
    ASIDE = "aside"  # under maintenance, or out of service
    SILENT = "silent"
    REFUTED = "refuted"  # somebody saw that it is not so
    UNGRADED = "ungraded"  # it has no levels: nothing can be said of what its value means
    LEVEL = "level"
    NORMAL = "normal"


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """When the next level comes if it goes on as now: both ends of the projection, µs UTC."""

    level: Text
    from_us: int
    to_us: int


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """High water on its way from a gauge upstream, µs UTC."""

    station: str
    from_us: int
    to_us: int


class CouldBe(msgspec.Struct, frozen=True, kw_only=True):
    """A level that a silent gauge could have reached, and from when on, µs UTC."""

    level: Text
    since_us: int


class GaugeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One gauge."""

    station: str
    noun: Text
    condition: Condition
    severity: int  # of what is held, could be held, or was held when it was lost; 0 = none
    level: Text | None = None  # that is held, or was when it was lost
    colour: str = ""
    rank: int = 0
    ranks: int = 0
    limit: Text | None = None
    since_us: int | None = None  # of the level, or of the silence
    until_us: int | None = None  # of a refutation
    value: Text | None = None
    read_us: int | None = None  # of the last sound value
    manual: bool = False
    trend: Text
    next: Next | None = None
    coming: tuple[Coming, ...] = ()
    could_be: CouldBe | None = None
    lost_rising: bool = False
    verify: bool = False
    doubt: bool = False
    exercise: bool = False  # simulated, replayed, or limits that the city itself calls made up
    means: Text | None = None
    advice: Text | None = None  # None where there is nothing to do

    @property
    def urgency(self) -> tuple[int, int]:
        """The worst first: by severity, then what is not known before what is known to be well."""
        return (self.severity, 0 if self.condition is Condition.NORMAL else 1)


class WarningFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An issued warning (CAP, Actual, Public) that is in force."""

    headline: Text
    description: Text
    instruction: Text
    sender: Text
    where: Text
    expires_us: int
    codes: tuple[str, ...]  # Kemendagri codes; none: wherever one reads it

    def concerns(self, code: str) -> bool:
        """Whether it holds in an area, one around it, or one inside it."""
        if not self.codes:
            return True
        return any(code == one or code.startswith(f"{one}.") or one.startswith(f"{code}.") for one in self.codes)


class AreaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A kelurahan or desa with the gauges that concern it, the worst first."""

    code: str
    name: str
    around: str  # kecamatan and kota or kabupaten
    gauges: tuple[GaugeFacts, ...]

    @property
    def worst(self) -> GaugeFacts | None:
        """The gauge that decides; None where none concerns it."""
        return self.gauges[0] if self.gauges else None


class CityFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The whole city."""

    name: Text
    areas: tuple[AreaFacts, ...]  # every kelurahan and desa, in the catalogue's order
    warnings: tuple[WarningFacts, ...]
    whom_to_ask: Text
    exercise: bool  # simulated or replayed readings are in the picture
    as_of_us: int | None  # when the picture was last known to be whole, µs UTC
    valid_min: int

    @property
    def valid_until_us(self) -> int:
        """So long it may be used, µs UTC; of a picture that never was whole: not at all."""
        return 0 if self.as_of_us is None else self.as_of_us + self.valid_min * 60_000_000
