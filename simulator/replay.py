"""`siaga replay`: a recording over MQTT, at the times it was recorded or shifted so that its last sample is now."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sensors.broker_address import BrokerAddress
from sensors.errors import RecordingError
from sensors.origin import Origin
from sensors.recording import Sample, Skipped, read_recording
from simulator.broker import Message, connect
from simulator.devices import Reading, encode_reading
from simulator.errors import BrokerUnreachable
from simulator.recording import Contents, Renaming, survey

PROGRESS_S = 2.0
LINES_NAMED = 5  # of the skipped ones, per reason


@dataclass(frozen=True, slots=True)
class Replay:
    """What to replay and where to.  `now_us` shifts the last sample there; None keeps the recorded times."""

    path: Path
    address: BrokerAddress
    renaming: Renaming
    now_us: int | None = None


@dataclass(slots=True)
class Tally:
    """Counts so far."""

    rows: int = 0
    published: int = 0
    skipped: dict[str, list[int]] = field(default_factory=dict)  # reason: line numbers

    def skip(self, skipped: Skipped) -> None:
        """Note a row that was left out."""
        self.skipped.setdefault(skipped.reason, []).append(skipped.line)

    def lines(self) -> list[str]:
        """The final counts, for a person."""
        left_out = sum(len(lines) for lines in self.skipped.values())
        text = [f"{self.rows} rows: {self.published} published and acknowledged, {left_out} skipped"]
        for reason, lines in sorted(self.skipped.items()):
            named = ", ".join(str(line) for line in lines[:LINES_NAMED])
            more = f" and {len(lines) - LINES_NAMED} more" if len(lines) > LINES_NAMED else ""
            text.append(f"  {len(lines)} skipped, {reason}: line {named}{more}")
        return text


async def replay(job: Replay) -> Tally:
    """Publish the recording in its order, QoS 1, origin replayed; returns when everything is acknowledged.

    Raises RecordingError where the file is no recording or the renaming does not fit it, BrokerUnreachable where the
    broker is not there or leaves (the text says how far it got).
    """
    contents = survey(job.path)
    check_renaming(job, contents)
    shift_us = job.now_us - contents.last_us if job.now_us is not None and contents.last_us is not None else 0
    tally = Tally()
    async with connect(job.address, "siaga-replay") as publisher:
        try:
            await publisher.publish_all(_with_progress(messages(job, shift_us, tally), contents.samples))
        except BrokerUnreachable as error:
            raise BrokerUnreachable(
                job.address.url, f"{error.reason} (after {publisher.acknowledged} acknowledged of {contents.samples})"
            ) from error
        finally:
            tally.published = publisher.acknowledged
    return tally


def messages(job: Replay, shift_us: int, tally: Tally) -> Iterator[Message]:
    """The messages of the recording; rows and skipped ones are counted in `tally` on the way."""
    for row in read_recording(job.path):
        tally.rows += 1
        sample = job.renaming.apply(row) if isinstance(row, Sample) else row
        if isinstance(sample, Skipped):
            tally.skip(sample)
            continue
        reading = Reading((sample.time_us + shift_us) // 1000, sample.value, sample.unit, Origin.REPLAYED.word)
        yield Message(f"telemetry/{sample.station}/{sample.variable}", encode_reading(reading))


def _with_progress(sent: Iterator[Message], total: int) -> Iterator[Message]:
    """The same messages, with a line on stderr every PROGRESS_S."""
    started_s = told_s = time.monotonic()
    for count, message in enumerate(sent):
        now_s = time.monotonic()
        if now_s - told_s >= PROGRESS_S:
            told_s = now_s
            print(f"{count} of {total} sent, {count / (now_s - started_s):.0f} a second", file=sys.stderr)
        yield message


def check_renaming(job: Replay, contents: Contents) -> None:
    """RecordingError where a name to be changed does not occur, or one new name would mix several series."""
    renaming = job.renaming
    for what, old, known in (
        ("--station", set(renaming.stations), contents.stations),
        ("--property", set(renaming.variables), contents.variables),
    ):
        if old - known:
            raise RecordingError(
                f"{job.path}: {what} {min(old - known)}: not in the recording, which has {_some(known)}"
            )
    if renaming.all_variables and len(contents.variables) > 1:
        raise RecordingError(
            f"{job.path}: --property {renaming.all_variables}: the recording has several variables"
            f" ({_some(contents.variables)}); say OLD=NEW for each that changes"
        )


def _some(names: set[str], most: int = 8) -> str:
    listed = sorted(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
