"""Observations as judged: quality and reasons as the tests found them, and behind them what was derived."""

from dataclasses import replace
from typing import Final

import numpy as np

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
    derived = rules.derived.take(batch.datastream)
    if derived.any():
        batch = batch.take(~derived)
    judged = (batch.reasons & np.uint16(JUDGED)) != 0
    # Passed by a test of its own: ingest passes only what has a valid range.
    judged |= (batch.quality == Quality.PASS) & (rules.quality.is_tracked & ~rules.ranged)[batch.datastream]
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

    def note(self, rows: Rows, before: Batch) -> None:
        """Rows as the quality tests judged them, and as they were before."""
        batch = rows.batch
        if not (np.array_equal(batch.quality, before.quality) and np.array_equal(batch.reasons, before.reasons)):
            self._quality[rows.arrival], self._reasons[rows.arrival] = batch.quality, batch.reasons

    def add(self, derived: Batch) -> None:
        """What was derived of them."""
        self._derived.append(derived)

    def batch(self) -> Batch:
        """All of it: the observations in the order they came, then the derived ones."""
        return concatenate([replace(self._batch, quality=self._quality, reasons=self._reasons), *self._derived])
