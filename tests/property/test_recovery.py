"""A crash at any point, and the log run again: the same transitions and the same state, to the byte."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.ingest import Ingested
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.recovery import MERGED, Judge, recover, replayed, restored, run_again
from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue, Datastream, Derivation
from sensors.detector import DETECTOR_VERSION
from sensors.quality import Quality, Reason
from sensors.settings import LogSettings
from sensors.transition import Transition
from tests.contract.full_city import full_city, readings
from tests.oracle.cities import Pick
from tests.oracle.happenings import Happening, Observe, Pause, Reload, Wait
from tests.property.worlds import (
    START_US,
    as_bytes,
    catalogues,
    cuts,
    gaps_us,
    lives,
    pauses_us,
    picking,
    received,
    split,
)

FEW = 100  # observations of one step: a few rows of these tests


@st.composite
def rich(draw: st.DrawFn, catalogue: Catalogue) -> Catalogue:
    """The same city with tests of quality, and with datastreams that are derived of others."""
    pick = picking(draw)
    observed = tuple(
        msgspec.structs.replace(
            d,
            valid_min=pick((None, -2.5)),
            rise_limit_per_h=pick((None, 360.0)),
            spike_suspect=pick((None, 1.0)),
            spike_fail=pick((None, 2.0)),
            flat_suspect_s=pick((None, 20.0)),
        )
        for d in catalogue.datastreams
    )
    derived = [one for d in catalogue.datastreams for one in _derived(d, pick)]
    return msgspec.structs.replace(catalogue, datastreams=(*observed, *derived))


def _derived(source: Datastream, pick: Pick) -> Iterator[Datastream]:
    """Numbers belong to their datastreams, in every catalogue."""
    ways = (
        Derivation(method="rate", inputs=(source.id,)),
        Derivation(method="linear", inputs=(source.id,), weights=(-1.0,), constant=0.5),
        Derivation(method="mean", inputs=(source.id,), window_s=40.0, completeness=0.5),
        Derivation(method="holding", inputs=(source.id,), severity=2),
    )
    for place, way in enumerate(ways):
        if pick((False, True)):
            yield msgspec.structs.replace(
                source,
                number=10 * (1 + place) + source.number,
                property=f"{source.property}-{way.method}",
                kind="derived",
                interval_storm_s=None,
                derivation=way,
            )


@dataclass
class Gateway:
    """An engine and its log; what it told, and its state after each row."""

    writer: LogWriter
    catalogue: Catalogue
    engine: Engine = field(init=False)
    told: list[list[Transition]] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self._in_force(self.catalogue), None, 64)
        self.append(self.engine.start(START_US))

    def append(self, entry: Entry | None) -> None:
        if entry is None:
            return
        self.states.append(self.engine.checkpoint())
        self.told.append(list(entry.transitions))
        assert self.writer.append(entry) == len(self.states)

    def live(self, happening: Happening, cuts: Sequence[int], pauses_us: Sequence[int]) -> None:
        now_us = self.engine.now_us
        match happening:
            case Observe(observations):
                batch = as_ingested(received(observations, self.catalogue, now_us), self.catalogue)
                for tick in split(batch, now_us, cuts, pauses_us):
                    if tick.now_us > self.engine.now_us:
                        self.observe(tick.batch, tick.now_us)
            case Wait(gap_us):
                self.observe(empty_batch(), now_us + gap_us)
            case Pause(by_us):
                self.append(self.engine.start(now_us + by_us, by_us))
            case Reload(catalogue):
                self.catalogue = catalogue
                self.append(self.engine.reload(self._in_force(catalogue), now_us))

    def observe(self, batch: Batch, now_us: int) -> None:
        self.append(self.engine.judge(Ingested(batch, (), 0), now_us))

    def crash(self, checkpoint: int, folder: Path) -> None:
        """Begin again with what the log holds, from the checkpoint after a row or (0) from the first row."""
        rows = [(checkpoint, self.states[checkpoint - 1])] if checkpoint else []
        with LogReader(folder) as reader:
            judge, _ = recover(reader, rows)
        assert judge is not None
        assert judge.checkpoint() == self.states[-1]
        self.engine = Engine(self.engine.city, judge, 64)

    def _in_force(self, catalogue: Catalogue) -> CityInForce:
        return CityInForce(catalogue, self.writer.install_catalogue(catalogue, START_US), ())


def as_ingested(batch: Batch, catalogue: Catalogue) -> Batch:
    """The batch as ingest hands it on: its quality follows from its values and reasons."""
    limits = [catalogue.datastream_by_number[number].valid_min for number in batch.datastream.tolist()]
    ranged = np.array([limit is not None for limit in limits], np.bool_)
    low = np.array([-np.inf if limit is None else limit for limit in limits])
    missing, failed, beyond = np.isnan(batch.value), batch.quality == Quality.FAIL, batch.value < low
    reasons = batch.reasons | np.where(missing, np.uint16(Reason.MISSING_VALUE), np.uint16(0))
    reasons |= np.where(failed, np.uint16(Reason.SENT_AS_BAD), np.uint16(0))
    reasons |= np.where(beyond, np.uint16(Reason.GROSS_RANGE), np.uint16(0))
    quality = np.where(ranged, np.uint8(Quality.PASS), np.uint8(Quality.NOT_EVALUATED))
    quality = np.where(failed | beyond, np.uint8(Quality.FAIL), quality)
    return replace(batch, quality=np.where(missing, np.uint8(Quality.MISSING), quality), reasons=reasons)


@st.composite
def cities_and_lives(draw: st.DrawFn) -> tuple[Catalogue, list[Happening]]:
    """A city, and what happens to it; much of it, so that stretches have many rows."""
    catalogue = draw(rich(draw(catalogues())))
    life = draw(lives(max_size=10))
    rich_life = [Reload(draw(rich(h.catalogue))) if isinstance(h, Reload) else h for h in life]
    return catalogue, rich_life


@settings(max_examples=40, deadline=None)
@given(
    world=cities_and_lives(),
    cuts=cuts,
    pauses_us=pauses_us,
    crashes=st.lists(st.tuples(st.integers(0, 10), st.integers(0, 40)), max_size=2),
    checkpointed=st.lists(st.integers(1, 40), max_size=3),
    idle_us=gaps_us,
)
def test_a_crash_anywhere_changes_nothing(
    world: tuple[Catalogue, list[Happening]],
    cuts: list[int],
    pauses_us: list[int],
    crashes: list[tuple[int, int]],
    checkpointed: list[int],
    idle_us: int,
) -> None:
    catalogue, life = world
    with tempfile.TemporaryDirectory() as name, LogWriter(Path(name), LogSettings(), DETECTOR_VERSION) as writer:
        gateway = Gateway(writer, catalogue)
        for place, happening in enumerate(life):
            for _, checkpoint in (crash for crash in crashes if crash[0] == place):
                gateway.crash(checkpoint % (len(gateway.states) + 1), Path(name))
            gateway.live(happening, cuts, pauses_us)
        gateway.append(gateway.engine.idle(gateway.engine.now_us + idle_us))
        assert_runs_again(Path(name), gateway, [n % (len(gateway.states) + 1) for n in checkpointed])


def test_late_readings_delays_and_derived_datastreams_in_a_long_log(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    with LogWriter(tmp_path, LogSettings(), DETECTOR_VERSION) as writer:
        gateway = Gateway(writer, full_city())
        for number in range(40):
            batch = readings(rng, int(rng.integers(1, 40)), gateway.engine.now_us)
            gateway.observe(as_ingested(batch, full_city()), int(batch.receive_us.max()))
            if number == 20:
                gateway.append(gateway.engine.start(gateway.engine.now_us - 3_600_000_000))
            gateway.append(gateway.engine.take([], gateway.engine.now_us + int(rng.integers(1, 60_000_000))))
        assert sum(map(len, gateway.told)) > 200
        assert_runs_again(tmp_path, gateway, [1, 17, 41, len(gateway.states)])


def assert_runs_again(folder: Path, gateway: Gateway, checkpoints: Sequence[int]) -> None:
    """The whole log row by row gives each row's transitions and state; merged, from any checkpoint, the last."""
    with LogReader(folder) as reader:
        for row, judge, found in replayed(reader):
            assert as_bytes(row.transitions) == as_bytes(found) == as_bytes(gateway.told[row.seq - 1])
            assert_same(reader, judge, gateway.states[row.seq - 1])
        for seq in (0, *checkpoints):
            begun = restored(reader, gateway.states[seq - 1]) if seq else None
            for at_once in (FEW, MERGED):
                stretches = list(run_again(reader, begun, seq, at_once=at_once))
                seqs = [row.seq for stretch in stretches for row in stretch.rows]
                assert seqs == list(range(seq + 1, len(gateway.states) + 1))
                every = [t for stretch in stretches for t in stretch.found]
                assert as_bytes(every) == as_bytes([t for told in gateway.told[seq:] for t in told])
                for stretch in stretches:
                    assert_same(reader, stretch.judge, gateway.states[stretch.rows[-1].seq - 1])


def assert_same(reader: LogReader, judge: Judge, checkpoint: bytes) -> None:
    """The judge is the one of the checkpoint, to the byte; else what of it differs is named."""
    if judge.checkpoint() != checkpoint:
        found, expected = judge.state.arrays(), restored(reader, checkpoint).state.arrays()
        differ = {name: (a, expected[name]) for name, a in found.items() if a.tobytes() != expected[name].tobytes()}
        raise AssertionError(f"{judge.state.now_us}: {differ}")
