"""A catalogue that hears observations one message after the other, and tells what follows."""

from sensors.catalogue import Catalogue
from sensors.derived.rules import derived_rules
from sensors.derived.stage import derive
from sensors.derived.state import DerivedState, fresh_derived
from sensors.times import MINUTE_US, SECOND_US
from sensors.trend.rules import trend_rules
from sensors.trend.state import TrendState, fresh_trend
from tests.oracle.derived_loop import Observation
from tests.unit.sensors.derived.small_catalogue import (
    catalogue,
    datastream,
    derived,
    limits,
    observations,
    rows,
)

START = 1_779_984_000 * SECOND_US  # midnight UTC
HOUR_US = 60 * MINUTE_US


class City:
    """A catalogue that hears observations one message after the other."""

    def __init__(self, whole: Catalogue, levels: dict[int, list[float]] | None = None) -> None:
        self.whole = whole
        self.rules, self.trend_rules = derived_rules(whole), trend_rules(whole)
        self.state: DerivedState = fresh_derived(self.rules)
        self.trend: TrendState = fresh_trend(self.trend_rules)
        self.limits = limits(whole, levels or {})
        self.heard = 0

    def hear(
        self, name: str, at_us: int, value: float, *, quality: int = 1, reasons: int = 0, **more: int
    ) -> dict[str, Observation]:
        """What follows from one observation, by property."""
        number = self.whole.datastream_by_id[f"S:{name}"].number
        received_us = more.get("receive_us", START + at_us)
        row = Observation(
            self.heard, number, START + at_us, value, received_us, quality, reasons, more.get("origin", 0)
        )
        self.heard += 1
        self.state, self.trend, batch, arrival = derive(
            self.state, self.rules, (self.trend, self.trend_rules), self.limits, rows([row])
        )
        return {self.whole.datastreams[one.datastream].property: one for one in observations(batch, arrival)}


def pair_city() -> City:
    return City(
        catalogue(
            [datastream("a", "river_level", "cm", 60.0), datastream("b", "river_level", "cm", 60.0)],
            [derived("difference", "cm", "linear", "a", "b", weights=(1.0, -1.0))],
        )
    )
