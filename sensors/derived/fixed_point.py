"""Sums of windows in whole millionths: exact, whatever the order and the split into batches."""

from typing import Final

PER_UNIT: Final = 1_000_000  # a millionth of any unit here is far below what a sensor resolves
LARGEST: Final = 1e8  # of an observation that is summed: 92,000 of them fit into an int64; beyond it is no measurement
