"""Observations as judged: quality and reasons as the tests found them, and behind them what was derived."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch, concatenate
from sensors.quality import Quality, Reason
from sensors.rows import Rows
from sensors.rules import Rules

# What the detector itself finds, and finds anew when a batch comes from the log.
JUDGED: Final = (
    Reason.SPIKE_BEFORE
    | Reason.RATE_OF_CHANGE
    | Reason.FLAT_LINE
    | Reason.AFTER_GAP
    | Reason.NEIGHBOUR
    | Reason.IMPLAUSIBLE_FALL
    | Reason.INCOMPLETE
)
_FAILED: Final = Reason.GROSS_RANGE | Reason.SENT_AS_BAD


def as_ingested(batch: Batch, rules: Rules) -> Batch:
    """The batch without derived observations, and with quality and reasons as ingest gave them."""
    if len(batch) and rules.derived[batch.datastream].any():
        batch = batch.take(~rules.derived[batch.datastream])
    judged = (batch.reasons & np.uint16(JUDGED)) != 0
    if not judged.any():
        return batch
    failed = (batch.reasons & np.uint16(_FAILED)) != 0
    passed = np.where(rules.ranged[batch.datastream], np.uint8(Quality.PASS), np.uint8(Quality.NOT_EVALUATED))
    ingested = np.where(np.isnan(batch.value), np.uint8(Quality.MISSING), passed)
    quality = np.where(judged, np.where(failed, np.uint8(Quality.FAIL), ingested), batch.quality)
    return replace(batch, quality=quality, reasons=batch.reasons & ~np.uint16(JUDGED))


class JudgedBatch:
    """Gathers what a step finds about the observations of its batch."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._quality, self._reasons = batch.quality.copy(), batch.reasons.copy()
        self._derived: list[Batch] = []

    def note(self, rows: Rows) -> None:
        """Rows as the quality tests judged them."""
        self._quality[rows.arrival] = rows.batch.quality
        self._reasons[rows.arrival] = rows.batch.reasons

    def doubt(self, arrival: NDArray[np.intp]) -> None:
        """Observations of a fall that no river makes."""
        self._reasons[arrival] |= np.uint16(Reason.IMPLAUSIBLE_FALL)
        kept = self._quality[arrival]
        self._quality[arrival] = np.where(kept == Quality.FAIL, kept, np.uint8(Quality.SUSPECT))

    def add(self, derived: Batch) -> None:
        """What was derived of them."""
        self._derived.append(derived)

    def batch(self) -> Batch:
        """All of it: the observations in the order they came, then the derived ones."""
        return concatenate([replace(self._batch, quality=self._quality, reasons=self._reasons), *self._derived])
