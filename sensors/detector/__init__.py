"""The detector: levels, silence, doubt, late observations, derived datastreams and waves, judged in columns."""

from typing import Final

from sensors.detector.installing import install
from sensors.detector.step import Judgement, judge, next_due_us, step

__all__ = ["DETECTOR_VERSION", "Judgement", "install", "judge", "next_due_us", "step"]

DETECTOR_VERSION: Final = 3
