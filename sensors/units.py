"""Units: what a number on the wire becomes in its datastream's unit.

Factors are exact by definition: foot 0.3048 m, mile 1609.344 m (international yard and pound agreement, 1959); the rest
are SI prefixes, the litre (1 dm³), minute, hour and day.

A share of volume (ppb, ppm) becomes a mass concentration at 25 °C and 1013.25 hPa, the reference conditions of ambient
air standards (40 CFR 50.3), by the ideal gas law: µg/m³ = ppb * M / V, with M the substance's molar mass in g/mol and
V = R * T / p in l/mol, R = 8.314462618 J/(mol K) (CODATA 2018).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

MAX_TEXT: Final = 64  # characters of a unit as somebody writes it
MOLAR_VOLUME_L: Final = 8.314462618 * 298.15 / 101_325 * 1000  # of an ideal gas, l/mol
MOLAR_MASS_G: Final = {  # g/mol, from the abridged standard atomic weights of IUPAC (2021)
    "co": 28.010,
    "co2": 44.009,
    "no": 30.006,
    "no2": 46.005,
    "so2": 64.058,
    "o3": 47.997,
    "h2s": 34.076,
    "nh3": 17.031,
    "ch4": 16.043,
}


class Scale(NamedTuple):
    """base = value * factor + offset, in the base unit of `dimension`."""

    dimension: str
    factor: float
    offset: float = 0.0


_SCALES: Final = {
    "mm": Scale("length", 0.001),
    "cm": Scale("length", 0.01),
    "m": Scale("length", 1.0),
    "km": Scale("length", 1000.0),
    "ft": Scale("length", 0.3048),
    "m3/s": Scale("discharge", 1.0),
    "l/s": Scale("discharge", 0.001),
    "mm/h": Scale("length an hour", 1.0),
    "cm/h": Scale("length an hour", 10.0),
    "m/h": Scale("length an hour", 1000.0),
    "ft/h": Scale("length an hour", 304.8),
    "m3/s/h": Scale("discharge an hour", 1.0),
    "ug/m3": Scale("concentration", 1.0),
    "mg/m3": Scale("concentration", 1000.0),
    "ppb": Scale("share of volume", 1.0),
    "ppm": Scale("share of volume", 1000.0),
    "km/h": Scale("speed", 1.0),
    "m/s": Scale("speed", 3.6),
    "mph": Scale("speed", 1.609344),
    "%": Scale("share", 1.0),
    "veh/h": Scale("flow", 1.0),
    "smp/h": Scale("flow in passenger cars", 1.0),  # satuan mobil penumpang: what a vehicle weighs depends on the mix
    "Cel": Scale("temperature", 1.0),
    "K": Scale("temperature", 1.0, -273.15),
    "V": Scale("voltage", 1.0),
    "mV": Scale("voltage", 0.001),
    "A": Scale("current", 1.0),
    "mA": Scale("current", 0.001),
    "W": Scale("power", 1.0),
    "hPa": Scale("pressure", 1.0),
    "kPa": Scale("pressure", 10.0),
    "dBm": Scale("signal", 1.0),
    "dB": Scale("ratio", 1.0),
    "ms": Scale("duration", 0.001),
    "s": Scale("duration", 1.0),
    "min": Scale("duration", 60.0),
    "h": Scale("duration", 3600.0),
    "d": Scale("duration", 86400.0),
    "MB": Scale("data", 1.0),
    "GB": Scale("data", 1000.0),
    "1": Scale("count", 1.0),
}
_SPELLINGS: Final = {  # after NFKC, which makes ³ a 3, the micro sign a Greek mu and ℃ two characters
    "μg/m3": "ug/m3",
    "m^3/s": "m3/s",
    "L/s": "l/s",
    "°C": "Cel",
    "C": "Cel",
    "percent": "%",
}
KNOWN: Final = tuple(_SCALES)
PER_HOUR: Final = {"mm": "mm/h", "cm": "cm/h", "m": "m/h", "ft": "ft/h", "m3/s": "m3/s/h"}  # units of rates of change


class Conversion(NamedTuple):
    """converted = value * factor + offset."""

    factor: float
    offset: float

    def apply(self, value: float) -> float:
        """`value` converted, to 12 significant digits: 2.3 m must be 230 cm, not 229.99999999999997 below a limit.

        >>> conversion("m", "cm").apply(2.3), 2.3 * 100
        (230.0, 229.99999999999997)
        """
        if self == IDENTITY:
            return value
        return float(f"{value * self.factor + self.offset:.12g}")

    def apply_to_difference(self, difference: float) -> float:
        """A difference of two values converted: without the offset."""
        return Conversion(self.factor, 0.0).apply(difference)


IDENTITY: Final = Conversion(1.0, 0.0)


def canonical(unit: str) -> str | None:
    """The unit as Siaga spells it (UCUM where it has a code), or None for one it does not know.

    >>> canonical("µg/m³"), canonical("furlong")
    ('ug/m3', None)
    """
    return _canonical(unit) if len(unit) <= MAX_TEXT else None


@lru_cache(maxsize=1024)
def _canonical(unit: str) -> str | None:
    plain = unicodedata.normalize("NFKC", unit.strip())
    plain = _SPELLINGS.get(plain, plain)
    return plain if plain in _SCALES else None


def needs_substance(unit: str) -> bool:
    """Whether some conversions to `unit` depend on what is measured."""
    scale = _SCALES.get(canonical(unit) or "")
    return scale is not None and scale.dimension in ("concentration", "share of volume")


def conversion(sent: str, wanted: str, substance: str = "") -> Conversion | None:
    """How to get from unit `sent` to unit `wanted`; None where that cannot be done.

    `substance` is the property that is measured (`no2`, `so2-roof`): ppb and µg/m³ need it.

    >>> conversion("mm", "cm").factor
    0.1
    >>> conversion("cm", "m3/s") is None
    True
    >>> conversion("ppb", "ug/m3", "NO2").apply(100), conversion("ppb", "ug/m3") is None
    (188.041041834, True)
    """
    source, target = _SCALES.get(canonical(sent) or ""), _SCALES.get(canonical(wanted) or "")
    if source is None or target is None:
        return None
    if source == target:
        return IDENTITY
    between = 1.0 if source.dimension == target.dimension else _between(source.dimension, target.dimension, substance)
    if between is None:
        return None
    return Conversion(_ratio(source.factor * between, target.factor), (source.offset - target.offset) / target.factor)


def _between(sent: str, wanted: str, substance: str) -> float | None:
    """What the base unit of one dimension is in that of another, for a substance."""
    mass_g = MOLAR_MASS_G.get(re.split(r"[-_]", substance.casefold())[0])
    if mass_g is None:
        return None
    factors = {
        ("share of volume", "concentration"): mass_g / MOLAR_VOLUME_L,
        ("concentration", "share of volume"): MOLAR_VOLUME_L / mass_g,
    }
    return factors.get((sent, wanted))


def _ratio(numerator: float, denominator: float) -> float:
    """The quotient, without the last-bit noise of factors such as 0.001 / 0.01."""
    return float(f"{numerator / denominator:.15g}")
