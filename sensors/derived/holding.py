"""How many of some datastreams hold a level of a severity: k of n in a basin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue
from sensors.derived.consumers import Consumers, consumers
from sensors.derived.methods import HOLDING


@dataclass(frozen=True, slots=True, eq=False)
class HoldingRules:
    """H counts of what is held among D datastreams.

    number    (H,) int32  the derived datastream of each, ascending
    severity  (H,) int16  a level of this or a worse one counts
    uses      who counts whom: places are indices of `number`
    """

    number: NDArray[np.int32]
    severity: NDArray[np.int16]
    uses: Consumers


def holding_rules(catalogue: Catalogue) -> HoldingRules:
    """The counts of a numbered catalogue."""
    by_id = catalogue.datastream_by_id
    counts = [
        (number, d.derivation)
        for number, d in sorted(catalogue.datastream_by_number.items())
        if d.derivation is not None and d.derivation.method == HOLDING
    ]
    return HoldingRules(
        number=np.array([number for number, _ in counts], np.int32),
        severity=np.array([derivation.severity for _, derivation in counts], np.int16),
        uses=consumers(
            1 + max(catalogue.datastream_by_number, default=-1),
            (
                (by_id[name].number, place, seat)
                for place, (_, derivation) in enumerate(counts)
                for seat, name in enumerate(derivation.inputs)
            ),
        ),
    )


def held_counts(rules: HoldingRules, held: NDArray[np.int16]) -> NDArray[np.int64]:
    """How many inputs hold a level of a severity or more.

    Parameters
    ----------
    rules : H counts among D datastreams
    held : ndarray, shape (D,), int16, the worst severity that each datastream holds; 0 = none

    Returns
    -------
    count : ndarray, shape (H,), int64, datastreams

    References
    ----------
    `docs/detector.md`, "Across stations": k of n.

    Examples
    --------
    >>> two = HoldingRules(np.array([3], np.int32), np.array([2], np.int16), consumers(4, [(0, 0, 0), (1, 0, 1)]))
    >>> held_counts(two, np.array([2, 1, 4, 0], np.int16)).tolist(), held_counts(two, np.full(4, 3, np.int16)).tolist()
    ([1], [2])
    """
    inputs = np.flatnonzero(rules.uses.of >= 0)
    item, place = rules.uses.some(inputs.astype(np.int32))
    holds = held[inputs[item]] >= rules.severity[place]
    return np.bincount(place[holds], minlength=len(rules.number))
