"""A catalogue whose datastreams are fed by foreign devices, and messages read through it."""

from typing import Any, NamedTuple

import msgspec
import numpy as np

from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.mqtt.codec import Publishes
from sensors.catalogue import Catalogue, Datastream, IngestRule, Installation
from tests.unit.gateway.small_city import small_catalogue

NOW = 1_780_000_000_000_000
NOW_S = NOW // 1_000_000


class Row(NamedTuple):
    """A datastream of station S1, as its row in datastreams.csv maps it."""

    property: str
    device: str
    field: str
    unit: str = "cm"
    sent_unit: str = ""
    zone: str = ""
    epoch_unit: str = "ms"


def mapped(format_name: str, *rows: Row, filter_: str = "#", **options: Any) -> Catalogue:
    """A city of these rows, numbered in their order, and one ingest rule."""
    city = small_catalogue()
    datastreams = tuple(
        Datastream(
            number=number,
            station="S1",
            property=row.property,
            kind="river_level",
            unit=row.unit,
            interval_calm_s=60,
            zone=row.zone,
            epoch_unit=row.epoch_unit,  # type: ignore[arg-type]  # a text of the table
            installations=(Installation(device=row.device, field=row.field, sent_unit=row.sent_unit),),
        )
        for number, row in enumerate(rows)
    )
    rule = IngestRule(source="*", filter=filter_, format=format_name, options=options)
    return msgspec.structs.replace(
        city, datastreams=datastreams, city=msgspec.structs.replace(city.city, ingest=(rule,))
    )


class Reader:
    """Messages of one source, one tick after the other."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.ingest = Ingest(catalogue, dead_letter_bytes=65_536)
        self.now_us = NOW

    def read(self, *messages: tuple[str, bytes], after_s: float = 0.0, retain: bool = False) -> Ingested:
        self.now_us += round(after_s * 1_000_000)
        publishes = Publishes(
            topic=[topic.encode() for topic, _ in messages],
            payload=[payload for _, payload in messages],
            packet_id=[0] * len(messages),
            retain=[retain] * len(messages),
        )
        return self.ingest.read([Arrivals("broker", publishes)], self.now_us)

    def values(self, *messages: tuple[str, bytes], after_s: float = 0.0) -> dict[int, list[float | None]]:
        """The values by datastream of messages in which nothing is wrong; None = missing."""
        result = self.read(*messages, after_s=after_s)
        assert not result.dead_letters, result.dead_letters
        return values(result)


def values(result: Ingested) -> dict[int, list[float | None]]:
    """The values by datastream, in their order; None = missing."""
    found: dict[int, list[float | None]] = {}
    for number, value in zip(result.batch.datastream.tolist(), result.batch.value.tolist(), strict=True):
        found.setdefault(number, []).append(None if np.isnan(value) else value)
    return found


def refusals(result: Ingested) -> list[tuple[str, int | None]]:
    """(reason, element) of what was refused."""
    return [(letter.reason, letter.element) for letter in result.dead_letters]


def as_json(content: object) -> bytes:
    return msgspec.json.encode(content)
