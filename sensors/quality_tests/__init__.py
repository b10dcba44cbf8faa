"""QARTOD's quality tests, one a file: pure functions over columns; `stage` applies them to what comes in.

Source: IOOS QARTOD Manual for Real-Time Quality Control of Water Level Observations, v2.1 (2021).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.quality_tests.flat_line import flat_line
from sensors.quality_tests.gap import gap
from sensors.quality_tests.gross_range import gross_range
from sensors.quality_tests.neighbour import neighbour
from sensors.quality_tests.rate_of_change import rate_of_change
from sensors.quality_tests.rollup import rollup
from sensors.quality_tests.spike import spike

__all__ = ["QUALITY_TESTS"]

QUALITY_TESTS: Final[Mapping[str, Callable[..., NDArray[np.uint8]]]] = MappingProxyType(
    {test.__name__: test for test in (gap, gross_range, spike, rate_of_change, flat_line, neighbour, rollup)}
)
