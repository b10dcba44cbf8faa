"""Readings flow, faults strike at random, and every reading that the broker acknowledged is in the log."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.traffic import topic_of
from tests.e2e.logs import assert_replay_is_identical, distinct
from tests.e2e.processes import Processes, until
from tests.e2e.site import Site
from tests.torture.devices import Devices
from tests.torture.scenes import DEVICES, Apart, Scene, Together, small_disk
from tests.torture.verdict import Verdict, healing_s, judge, table

RATES: Final = {"nats": 2_000.0, "mosquitto": 5_000.0, "run": 2_000.0}  # QoS 1 readings a second
HEALED_WITHIN_S: Final = 90.0
SHOWN: Final = 4_000  # characters of each process's output, where a scene fails


@contextmanager
def staged(name: str, folder: Path) -> Iterator[Scene]:
    """A scene that runs."""
    processes = Processes(folder)
    with small_disk(folder) as disk:
        if name == "run" and disk is None:
            print("  no disk is filled: a tmpfs can be mounted by root only")
        scene: Scene | None = None
        try:
            scene = Together(processes, folder, disk) if name == "run" else Apart(Site(folder, processes), name)
            yield scene
        except AssertionError:
            for title, text in processes.report():
                print(f"--- {title}\n{text[-SHOWN:]}")
            raise
        finally:
            if scene is not None:
                scene.close()
            processes.close()


def torture(name: str, faults: int, rate: float, chance: random.Random, pause_s: float, folder: Path) -> Verdict:
    """Strike one scene `faults` times; each fault has healed before the next comes.  `folder` is empty."""
    with staged(name, folder) as scene:
        devices = Devices(scene.mqtt_port, [topic_of(n) for n in range(DEVICES)], rate, int(time.time() * 1000))
        devices.start()
        struck: list[tuple[str, float]] = []
        kinds: list[str] = []
        while len(struck) < faults:
            kinds = kinds or chance.sample(sorted(scene.faults), len(scene.faults))  # each kind as often as the others
            time.sleep(chance.uniform(0, pause_s))
            fault = kinds.pop()
            struck.append((fault, scene.faults[fault](devices)))
            until(lambda: _measured_since(devices, struck[-1][1]), f"a PUBACK after {fault!r}", HEALED_WITHIN_S)
            print(f"  {name} {len(struck):3}: {fault}, {len(devices.acknowledged):,} acknowledged", flush=True)
        time.sleep(pause_s)
        assert devices.stop(HEALED_WITHIN_S), "the broker did not acknowledge the last readings"
        wanted = len(set(devices.acknowledged))
        until(lambda: len(distinct(scene.data_dir)) >= wanted, f"{wanted:,} readings in the log", HEALED_WITHIN_S)
        assert_replay_is_identical(scene.data_dir)
        verdict = judge(scene.data_dir, devices.acknowledged, DEVICES)
        print(f"{name}: {told(verdict)}\n{table(healing_s(scene.data_dir, struck))}", flush=True)
        return verdict


def _measured_since(devices: Devices, at_s: float) -> bool:
    acknowledged = devices.acknowledged
    return bool(acknowledged) and acknowledged[-1][1] > at_s * 1000


def told(verdict: Verdict) -> str:
    """In words."""
    return (
        f"{verdict.acknowledged:,} acknowledged, {len(verdict.missing)} missing,"
        f" {len(verdict.wrong)} with another value, {verdict.repeats:,} repeats among {verdict.stored:,} stored"
    )
