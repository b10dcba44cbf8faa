"""Units: what a number on the wire becomes in its datastream's unit.  Factors are exact by definition.

Sources: foot 0.3048 m, mile 1609.344 m (international yard and pound agreement, 1959); the rest are SI prefixes and the
litre (1 dm³).  Concentrations in ppb need a molar mass and are not converted here.
"""

import unicodedata
from typing import Final, NamedTuple


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
    "mm/h": Scale("rain rate", 1.0),
    "ug/m3": Scale("concentration", 1.0),
    "mg/m3": Scale("concentration", 1000.0),
    "km/h": Scale("speed", 1.0),
    "m/s": Scale("speed", 3.6),
    "mph": Scale("speed", 1.609344),
    "%": Scale("share", 1.0),
    "veh/h": Scale("flow", 1.0),
    "Cel": Scale("temperature", 1.0),
    "K": Scale("temperature", 1.0, -273.15),
    "V": Scale("voltage", 1.0),
    "mV": Scale("voltage", 0.001),
    "dBm": Scale("signal", 1.0),
    "s": Scale("duration", 1.0),
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
    plain = unicodedata.normalize("NFKC", unit.strip())
    plain = _SPELLINGS.get(plain, plain)
    return plain if plain in _SCALES else None


def conversion(sent: str, wanted: str) -> Conversion | None:
    """How to get from unit `sent` to unit `wanted`; None where that cannot be done.

    >>> conversion("mm", "cm").factor
    0.1
    >>> conversion("cm", "m3/s") is None
    True
    """
    source, target = _SCALES.get(canonical(sent) or ""), _SCALES.get(canonical(wanted) or "")
    if source is None or target is None or source.dimension != target.dimension:
        return None
    if source == target:
        return IDENTITY
    return Conversion(_ratio(source.factor, target.factor), (source.offset - target.offset) / target.factor)


def _ratio(numerator: float, denominator: float) -> float:
    """The quotient, without the last-bit noise of factors such as 0.001 / 0.01."""
    return float(f"{numerator / denominator:.15g}")
