"""The gateway at full load and at a steady one, side by side with other consumers of the same broker, in one run.

`python -m tests.bench.throughput [--messages N] [--rounds N] [--only NAME]`
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench import node_red
from tests.bench.brokers import MAKES, BenchBroker, running
from tests.bench.city import write_bench_city
from tests.bench.machine import machine
from tests.bench.subjects import Load, Result, consumer, gateway_under
from tests.bench.traffic import TOPICS, Traffic

STEADY_PER_S: Final = 5_000
STEADY_S: Final = 20
SLOW: Final = 4  # peers that take long get so many times fewer messages

Subject = Callable[[BenchBroker, int, Load], Result]


def load(port: int, messages: int, qos: int, rate: float = 0, topics: int = TOPICS) -> Load:
    """A load from a process of its own."""
    argv = [sys.executable, "-m", "tests.bench.traffic", str(port), str(messages), "--qos", str(qos)]
    argv += ["--topics", str(topics), *(["--rate", str(rate)] if rate else [])]

    def send() -> None:
        subprocess.run(argv, check=True)

    return send


def interleaved(
    subjects: dict[str, Subject], make: str, qos: int, messages: int, rounds: int, rate: float = 0
) -> dict[str, Result]:
    """Each subject once a round, a fresh broker each time; the median by messages a second of each."""
    results: dict[str, list[Result]] = {name: [] for name in subjects}
    packet_bytes = Traffic(1, qos).packet_bytes
    for _ in range(rounds):
        for name, subject in subjects.items():
            count = messages // SLOW if name in SLOW_ONES and not rate else messages
            with running(make) as broker:  # type: ignore[arg-type]
                result = subject(broker, packet_bytes, load(broker.port, count, qos, rate))
            results[name].append(result)
            print(f"  {make} QoS {qos} {name}: {told(result)} of {count:,}", flush=True)
    middle = rounds // 2
    return {name: sorted(found, key=lambda r: r.per_s)[middle] for name, found in results.items()}


def told(result: Result) -> str:
    """A result in words."""
    return f"{result.per_s:,.0f} messages/s, {result.cpu_us:.2f} µs CPU a message, {result.messages:,} messages"


def of_kind(kind: str) -> Subject:
    """A consumer of `tests.bench.consumers`."""
    return lambda broker, packet_bytes, load: consumer(kind, broker, packet_bytes, load)


SLOW_ONES: Final = ("paho + json + if", "aiomqtt + json + if", "Node-RED")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("qos0", "qos1", "steady"), nargs="*", default=("qos0", "qos1", "steady"))
    parser.add_argument("--makes", nargs="*", default=MAKES)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    it = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
        city = write_bench_city(Path(folder) / "bench", TOPICS)
        siaga: dict[str, Subject] = {"Siaga": lambda broker, _, load: gateway_under(broker, city, load)}
        peers = {"paho + json + if": of_kind("paho"), "aiomqtt + json + if": of_kind("aiomqtt")} if it.peers else {}
        if it.peers and node_red.is_there():
            peers["Node-RED"] = lambda broker, _, load: node_red.under(broker, load)
        if "qos0" in it.only:
            for make in it.makes:
                others = peers if make == "Mosquitto" else {}
                print(f"{make}, QoS 0, as fast as it goes")
                show(interleaved({"null": of_kind("null")} | siaga | others, make, 0, it.messages, it.rounds), "null")
        if "qos1" in it.only:
            for make in it.makes:
                print(f"{make}, QoS 1, as fast as it goes")
                show(interleaved({"ack": of_kind("ack")} | siaga, make, 1, it.messages // 2, it.rounds), "ack")
        if "steady" in it.only:
            for make in it.makes:
                found = interleaved(siaga | peers, make, 0, STEADY_PER_S * STEADY_S, 1, STEADY_PER_S)
                print(f"{make}, QoS 0, {STEADY_PER_S:,} messages/s")
                for name, result in found.items():
                    print(f"{name:22} {result.cpu_s / result.seconds:.1%} of a core", flush=True)


def show(results: dict[str, Result], baseline: str) -> None:
    """The ratios."""
    for name, result in results.items():
        ratio = result.per_s / results[baseline].per_s
        cpu = result.cpu_us / results["Siaga"].cpu_us
        print(f"{name:22} {told(result)}; {ratio:.2f} x {baseline}; CPU {cpu:.1f} x Siaga's", flush=True)


if __name__ == "__main__":
    main()
