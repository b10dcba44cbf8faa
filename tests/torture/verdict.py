"""What the log must hold after the faults, and how long each took to heal."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from gateway.log.reader import LogReader
from sensors.batch import concatenate
from tests.bench.traffic import topic_of
from tests.e2e.logs import rows
from tests.torture.devices import Reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """The log against what the broker acknowledged."""

    acknowledged: int
    missing: list[Reading]
    wrong: list[Reading]  # there, with another value
    stored: int  # observations in the log, repeats counted
    repeats: int  # of one (datastream, time): every reader shows the first


def judge(data_dir: Path, acknowledged: list[Reading], devices: int) -> Verdict:
    """Compare."""
    batch = concatenate([row.batch for row in rows(data_dir)])
    with LogReader(data_dir) as reader:
        catalogue = reader.catalogue(rows(data_dir)[-1].catalogue_version)
    number_of = [catalogue.datastream_by_id[topic_of(n)[10:].replace("/", ":")].number for n in range(devices)]
    device_of = np.full(max(number_of) + 1, -1)
    device_of[number_of] = np.arange(devices)
    found: dict[tuple[int, int], float] = {}
    for device, ts_ms, value in zip(
        device_of[batch.datastream].tolist(), (batch.time_us // 1000).tolist(), batch.value.tolist(), strict=True
    ):
        found.setdefault((device, ts_ms), value)
    missing = [reading for reading in acknowledged if reading[:2] not in found]
    wrong = [reading for reading in acknowledged if found.get(reading[:2], reading[2]) != reading[2]]
    return Verdict(len(acknowledged), missing, wrong, len(batch), len(batch) - len(found))


def healing_s(data_dir: Path, faults: list[tuple[str, float]]) -> dict[str, list[float]]:
    """Seconds from each fault, (name, unix time), to the first commit of a reading that was measured after it."""
    found = [row for row in rows(data_dir) if len(row.batch)]
    newest_us = np.array([int(row.batch.time_us.max()) for row in found])
    now_us = np.array([row.now_us for row in found])
    healed: dict[str, list[float]] = {}
    for name, at_s in faults:
        after = np.flatnonzero(newest_us > at_s * 1e6)
        healed.setdefault(name, []).append(float(now_us[after[0]] / 1e6 - at_s) if len(after) else float("nan"))
    return healed


def table(healed: dict[str, list[float]]) -> str:
    """One line for each kind of fault."""
    lines = [f"{'fault':42} {'times':>5} {'median s':>9} {'longest s':>9}"]
    lines += [f"{name:42} {len(s):5} {median(s):9.2f} {max(s):9.2f}" for name, s in sorted(healed.items())]
    return "\n".join(lines)
