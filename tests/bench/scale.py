"""The cost of a message by the number of datastreams.

`python -m tests.bench.scale [--messages N] [--datastreams N …]`
"""

import argparse
import tempfile
from pathlib import Path

from tests.bench.brokers import running
from tests.bench.city import write_bench_city
from tests.bench.machine import machine
from tests.bench.subjects import gateway_under
from tests.bench.throughput import load, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--datastreams", type=int, nargs="*", default=(100, 5_000, 100_000))
    it = parser.parse_args()
    print(f"{machine()}; QoS 0 through Mosquitto, {it.messages:,} messages, as fast as it goes")
    first = 0.0
    for count in it.datastreams:
        with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
            city = write_bench_city(Path(folder) / "bench", count)
            with running("Mosquitto") as broker:
                result = gateway_under(broker, city, load(broker.port, it.messages, 0, topics=count))
        first = first or result.cpu_us
        print(f"{count:7,} datastreams: {told(result)}; {result.cpu_us / first:.2f} x the first", flush=True)


if __name__ == "__main__":
    main()
