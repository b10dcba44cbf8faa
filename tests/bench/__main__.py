"""`make bench`: every measurement, one after the other, into docs/benchmarks.md.

`python -m tests.bench [--soak] [--only NAME …]`, with nothing else on the machine; about a quarter of an hour.
"""

import argparse
import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.machine import machine, versions

REPORT: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
SECTIONS: Final = {  # title, what it says, modules with their options
    "throughput": (
        "Throughput and CPU, beside other consumers",
        """The gateway does what it does in service: decode, check, detect, one commit with fsync a tick, acknowledge.
`null` reads bytes, `ack` acknowledges at once, the peers parse and compare; none of them stores anything.""",
        ("throughput",),
    ),
    "stages": ("Stage by stage at full load", "In one process, without a broker.", ("stages",)),
    "scale": ("From 100 to 100,000 datastreams", "", ("scale",)),
    "wire": ("The wire alone", "", ("wire",)),
    "ingest": ("Ingest alone", "", ("ingest",)),
    "detector": ("The detector alone", "", ("detector",)),
    "log": (
        "The log: bytes written and commit times",
        "SD cards wear: what counts is bytes written per reading.",
        ("log",),
    ),
    "recovery": (
        "Starting after a crash",
        """The log of a day, run again from the checkpoint at its beginning; a flood comes over 30 % of the gauges.
All transitions, and the state after the last row, are compared with those of the gateway that was not interrupted.""",
        ("recovery",),
    ),
    "history": (
        "Charts of the history on disk",
        "A year of 500 sensors that speak once a minute, as compaction leaves it; 1,000 points of one of them.",
        ("history",),
    ),
    "sink": ("The InfluxDB sink beside influxdb-client's Points", "", ("sink",)),
    "wall": (
        "The wall in a browser",
        """First paint and bytes on loopback, main-thread work, and what the page holds over 24 simulated hours.
The map is a drawing.""",
        ("wall",),
    ),
    "walls": (
        "Two hundred walls",
        "5,000 datastreams that change once a second; a process beside it reads the connections of the walls.",
        ("walls",),
    ),
    "painted": (
        "From MQTT publish to paint",
        "Through Mosquitto, gateway, command center and Debian's Chromium that draws in software, all on one machine.",
        ("painted",),
    ),
    "soak": (
        "Memory over many messages, and a long backlog",
        "20 million messages through Mosquitto; 9 million that NATS has collected while the gateway was away.",
        ("soak memory", "soak backlog"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="the long ones, too")
    parser.add_argument("--only", nargs="*", choices=tuple(SECTIONS), help="these, and nothing is written")
    it = parser.parse_args()
    names = it.only or [name for name in SECTIONS if it.soak or name != "soak"]
    text = [HEAD.format(machine=machine(), versions=versions(), day=dt.datetime.now(dt.UTC).date())]
    for name in names:
        title, about, modules = SECTIONS[name]
        text.append(f"## {title}\n")
        text += [f"{about}\n"] if about else []
        text += [f"```\n{_output(module)}```\n" for module in modules]
    if not it.only:
        REPORT.write_text("\n".join(text), encoding="utf-8")
        print(f"written: {REPORT}")


HEAD: Final = """# Benchmarks

What `make bench` measured on {day}. {machine}.
{versions}.

Broker, load and consumer share the machine: only the ratios within one run carry over, and they vary by some 15 %.
"""


def _output(module: str) -> str:
    """What a measurement prints, shown as it comes; lines of single rounds (indented) stay out of the report."""
    argv = [sys.executable, "-m", *f"tests.bench.{module}".split()]
    lines = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"{module} ended with {process.returncode}")
    return "".join(line for line in lines if not line.startswith("  "))


if __name__ == "__main__":
    main()
