"""From what devices send to values in their datastreams' units: value = zero + scale * converted, in columns."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors import units
from sensors.catalogue import Catalogue, Datastream, Installation
from sensors.installations import NOT_IN_FORCE, Versions, sent_unit_of
from sensors.moments import moment_us
from sensors.times import NEVER

NOT_STATED: Final = -1  # in a column of units: the payload states none
SIGNIFICANT_DIGITS: Final = 12
_CODES: Final = {unit: code for code, unit in enumerate(units.KNOWN)}
_SMALLEST: Final = -300
_POWERS: Final = np.array([float(f"1e{power}") for power in range(_SMALLEST, 301)])


def unit_code(text: str) -> int | None:
    """The number of a unit as a payload writes it; None for one that Siaga does not know."""
    unit = units.canonical(text)
    return None if unit is None else _CODES[unit]


class Arithmetic:
    """The conversions, scales and zeros of a numbered catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        size = 1 + max(catalogue.datastream_by_number, default=-1)
        versions: list[tuple[Installation, ...]] = [(Installation(),)] * size
        self._unit = np.zeros(size, np.int16)  # code of the datastream's unit
        self._wanted = np.zeros(size, np.int32)  # row of the conversion tables
        wanted: dict[tuple[str, str], int] = {}
        for number, datastream in catalogue.datastream_by_number.items():
            versions[number] = _with_beginning(datastream)
            self._unit[number] = _CODES.get(datastream.unit, 0)
            substance = datastream.property if units.needs_substance(datastream.unit) else ""
            self._wanted[number] = wanted.setdefault((datastream.unit, substance), len(wanted))
        self._factor, self._offset = _tables(list(wanted))
        self._versions = Versions([[moment_us(i.valid_from) for i in some] for some in versions])
        every = [installation for some in versions for installation in some]
        self._scale, self._zero = np.array([i.scale for i in every]), np.array([i.zero for i in every])
        self._is_of_device = np.array([bool(i.device or i.field) for i in every], np.bool_)
        self._sent = np.array([_CODES.get(units.canonical(sent_unit_of(i)) or "", NOT_STATED) for i in every], np.int16)
        self._is_plain = bool((self._scale == 1).all() and (self._zero == 0).all() and (self._sent == NOT_STATED).all())

    def differs(self, number: NDArray[np.int32], unit: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether a unit is stated, and is not that of its datastream, shape (n,)."""
        differs: NDArray[np.bool_] = (unit != NOT_STATED) & (unit != self._unit[number])
        return differs

    def converts(self, number: NDArray[np.int32], unit: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether each unit (a code, not `NOT_STATED`) converts to its datastream's, shape (n,)."""
        return ~np.isnan(self._factor[self._wanted[number], unit])

    def values(
        self,
        raw: NDArray[np.float64],
        number: NDArray[np.int32],
        time_us: NDArray[np.int64],
        unit: NDArray[np.int16],
        *,
        is_final: NDArray[np.bool_],
        own_word: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Values in their datastreams' units, and which were sent in another unit by their installation's word.

        Parameters
        ----------
        raw : shape (n,), as sent; NaN = missing
        number : shape (n,), datastreams
        time_us : shape (n,), phenomenon times: the installation in force at that time counts
        unit : shape (n,), `unit_code` of the unit that the payload states, or `NOT_STATED`; it must convert
        is_final : shape (n,), True for what no device sent raw (simulated, read by a person): the unit alone counts
        own_word : shape (n,), True for what came under the datastream's own name: an installation that names a device
            or a field speaks of what that sends, not of this

        A value that nothing changes is given back bit for bit; others to 12 significant digits of the larger of zero
        and scaled value (see `rounded`).  The result may be infinite.
        """
        own = self._unit[number]
        stated = unit != NOT_STATED
        sent = np.where(stated, unit, own)
        if self._is_plain:
            changed = np.flatnonzero(sent != own)
            if not len(changed):
                return raw, np.zeros(len(raw), np.bool_)
            scale, zero = np.ones(len(raw)), np.zeros(len(raw))
            by_installation = np.zeros(len(raw), np.bool_)
        else:
            at = self._versions.in_force(number, time_us)
            at[is_final | (own_word & self._is_of_device[at])] = NOT_IN_FORCE
            applies = at != NOT_IN_FORCE
            by_installation = applies & ~stated & (self._sent[at] != NOT_STATED) & (self._sent[at] != own)
            sent = np.where(by_installation, self._sent[at], sent)
            scale, zero = np.where(applies, self._scale[at], 1.0), np.where(applies, self._zero[at], 0.0)
            changed = np.flatnonzero((sent != own) | (scale != 1) | (zero != 0))
        values = raw.copy()
        row, column = self._wanted[number[changed]], sent[changed]
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = raw[changed] * (scale[changed] * self._factor[row, column])
            shift = zero[changed] + scale[changed] * self._offset[row, column]
            values[changed] = rounded(scaled + shift, np.maximum(np.abs(scaled), np.abs(shift)))
        return values, by_installation


def rounded(values: NDArray[np.float64], magnitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` to the decimals that 12 significant digits of `magnitude` have: 2.3 m must be 230 cm, not a bit less.

    Zero, NaN and infinite values stay.  Only products, quotients and comparisons: the same on every machine.

    >>> rounded(np.array([2.3 * 100, 1e5 + 0.1 - 1e5]), np.array([230.0, 1e5])).tolist()
    [230.0, 0.1]
    """
    power = np.searchsorted(_POWERS, magnitude, side="right") - 1 + _SMALLEST  # magnitude is 10 ** power or more
    decimals = SIGNIFICANT_DIGITS - 1 - power
    fits = np.isfinite(values) & (np.abs(decimals) < -_SMALLEST)
    up = _POWERS[np.where(fits, np.maximum(decimals, 0), 0) - _SMALLEST]
    down = _POWERS[np.where(fits, np.maximum(-decimals, 0), 0) - _SMALLEST]
    return np.where(fits, np.rint(values * up / down) / up * down, values)


def _with_beginning(datastream: Datastream) -> tuple[Installation, ...]:
    """The installations; before the first of them values come as they are."""
    installations = datastream.installations
    if installations and moment_us(installations[0].valid_from) == NEVER:
        return installations
    return (Installation(), *installations)


def _tables(wanted: list[tuple[str, str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor and offset from each known unit to each wanted one, shape (wanted, known); NaN = does not convert."""
    factor, offset = np.full((len(wanted), len(_CODES)), np.nan), np.full((len(wanted), len(_CODES)), np.nan)
    for row, (unit, substance) in enumerate(wanted):
        for sent, code in _CODES.items():
            to = units.conversion(sent, unit, substance)
            if to is not None:
                factor[row, code], offset[row, code] = to
    return factor, offset
