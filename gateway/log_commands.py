"""`siaga log verify|info|replay|salvage|acknowledge|export`."""

import contextlib
import csv
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sensors.command import Command
from sensors.settings import Settings
from sensors.time_argument import time_argument
from sensors.times import rfc3339


def _arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, text: str, run: Callable[[Namespace, Settings], int]) -> ArgumentParser:
        added = actions.add_parser(name, help=text, description=text)
        added.set_defaults(run_action=run)
        if name != "salvage":
            added.add_argument("--data-dir", metavar="DIR", help="where the log is kept")
        return added

    whose = "another file than the data directory's log.db: a damaged one, a salvaged one, a copy"
    action("verify", "check every row, transition and catalogue of the log", _verify).add_argument("--file", help=whose)
    action("info", "what the log holds: rows, span, size, readers, gaps", _info).add_argument("--file", help=whose)
    again = action("replay", "run the log through the detector as it is now, and compare the transitions", _replay)
    again.add_argument("--file", help=whose)
    again.add_argument("--differences", action="store_true", help="list those that are stored only or found only")
    salvaging = action("salvage", "write what can be read of a damaged log into a new file", _salvage)
    salvaging.add_argument("file", type=Path, metavar="FILE", help="the damaged file, such as log.db.damaged-…")
    salvaging.add_argument("--out", type=Path, metavar="NEW.db", help="the new file (FILE.salvaged.db)")
    seeing = action("acknowledge", "say that a damaged log that was set aside has been seen to", _acknowledge)
    seeing.add_argument("file", nargs="*", metavar="FILE", help="its name (all of them)")
    export = action("export", "write observations as CSV, one per (datastream, time)", _export)
    export.add_argument("--file", help=whose)
    export.add_argument(
        "--from", dest="from_us", type=time_argument, metavar="TIME", help="RFC 3339; from this phenomenon time on"
    )
    export.add_argument(
        "--to", dest="to_us", type=time_argument, metavar="TIME", help="RFC 3339; before this phenomenon time"
    )
    export.add_argument("--sensor", action="append", metavar="STATION:PROPERTY", help="only this one; may be repeated")
    export.add_argument("--derived", action="store_true", help="also what was computed; no gateway takes it again")
    export.add_argument("--out", type=Path, metavar="FILE.csv", help="where to (standard output)")


def _run(arguments: Namespace, settings: Settings) -> int:
    return int(arguments.run_action(arguments, settings))


def _place(arguments: Namespace, settings: Settings) -> tuple[Path, str]:
    """Folder and name of the file."""
    from gateway.log.schema import FILE

    if arguments.file:
        return Path(arguments.file).parent, Path(arguments.file).name
    return Path(arguments.data_dir or settings.data_dir), FILE


def _verify(arguments: Namespace, settings: Settings) -> int:
    from gateway.log.verify import verify

    data_dir, file = _place(arguments, settings)
    verdict = verify(data_dir, file)
    for finding in verdict.findings:
        print(finding)
    if verdict.more_findings:
        print(f"and {verdict.more_findings} more")
    count = len(verdict.findings) + verdict.more_findings
    print(
        f"log {verdict.log_id}: rows {verdict.first_seq} to {verdict.last_seq}, {verdict.rows} readable,"
        f" {verdict.observations} observations, {verdict.transitions} transitions, {verdict.catalogues} catalogues,"
        f" {verdict.retired_rows} rows retired: {f'{count} findings' if count else 'nothing wrong'}"
    )
    return 1 if count else 0


def _info(arguments: Namespace, settings: Settings) -> int:
    from gateway.log.known_readers import known
    from gateway.log.reader import LogReader
    from gateway.log.set_aside import unseen

    data_dir, file = _place(arguments, settings)
    with LogReader(data_dir, file) as reader:
        first, last = reader.first_seq(), reader.last_seq()
        print(f"log {reader.log_id}: rows {first} to {last}")
        for at, rows in (("first", reader.read_after(first - 1, 1)), ("last", reader.read_after(last - 1, 1))):
            for row in rows:
                print(f"{at} row: {rfc3339(row.now_us)}, catalogue version {row.catalogue_version}")
        for end in ("", "-wal"):
            path = data_dir / f"{file}{end}"
            print(f"{path.name}: {path.stat().st_size / 2**20 if path.exists() else 0:.1f} MiB")
        for name, other in known(reader.notes()).items():
            compacted = "" if other.compacted_seq is None else f", compacted up to {other.compacted_seq}"
            print(f"reader {name}: read up to {other.seq}{compacted}, heard {rfc3339(other.heard_us)}")
        for gap in reader.gaps():
            unread = ", before every reader had read them" if gap.unread else ""
            print(
                f"retired for {gap.reason}{unread}: {gap.rows} rows, {gap.observations} observations,"
                f" rows {gap.first_seq} to {gap.last_seq}, {rfc3339(gap.first_us)} to {rfc3339(gap.last_us)}"
            )
        before = reader.predecessor()
        if before is not None:
            print(f"took the place of log {before.log_id or '?'} at row {before.last_seq}: {before.reason}")
    for name in unseen(data_dir):
        print(f"set aside, damaged, not seen to: {name}")
    return 0


def _replay(arguments: Namespace, settings: Settings) -> int:
    from gateway.differences import brief
    from gateway.log.reader import LogReader
    from gateway.recovery import compared
    from sensors.detector import DETECTOR_VERSION

    data_dir, file = _place(arguments, settings)
    with LogReader(data_dir, file) as reader:
        names = {number: f"{station}:{name}" for (station, name, _), number in reader.numbers().items()}
        first, again = reader.first_seq(), compared(reader)
        log_id = reader.log_id
    stored, found = again.differences.stored_only, again.differences.found_only
    if arguments.differences:
        for word, transitions in (("stored", stored), ("found", found)):
            for one in transitions:
                print(f"{word} only: {brief(one, names.get(one.datastream, ''))}")
    if first > 1:
        print(f"rows before {first} are not there any more: what was held then is found anew")
    verdict = f"{len(stored)} stored only, {len(found)} found only" if again.differences else "the same"
    print(
        f"log {log_id}: {again.rows} rows, {again.observations} observations, run again by detector version"
        f" {DETECTOR_VERSION}: {again.stored} transitions stored, {again.found} found: {verdict}"
    )
    return 1 if again.differences else 0


def _salvage(arguments: Namespace, settings: Settings) -> int:  # noqa: ARG001 (every command gets the settings)
    from gateway.log.salvage import salvage
    from gateway.log.set_aside import MARK, mark_seen

    file: Path = arguments.file
    out = arguments.out or file.with_name(f"{file.name}.salvaged.db")
    report = salvage(file, out)
    for seq, reason in report.damaged.items():
        print(f"row {seq}: {reason}")
    if report.damaged_more:
        print(f"and {report.damaged_more} more damaged rows")
    for first, last in report.missing:
        print(f"rows {first} to {last}: missing")
    if report.transitions_lost_of:
        print(f"{report.transitions_lost_of} rows have not all of their transitions")
    if report.rows_without_catalogue:
        print(f"{report.rows_without_catalogue} rows name a catalogue that is not there")
    print(
        f"{out}: log {report.log_id or 'without its id'}, rows {report.first_seq} to {report.last_seq}: {report.rows}"
        f" rows, {report.observations} observations, {report.transitions} transitions, {report.catalogues} catalogues;"
        " dead letters and checkpoints are not salvaged"
    )
    if MARK in file.name and report.rows:
        mark_seen(file, f"salvaged into {out.name} at {datetime.now(UTC).isoformat(timespec='seconds')}\n")
    return 0 if report.is_whole else 1


def _acknowledge(arguments: Namespace, settings: Settings) -> int:
    from gateway.log.set_aside import mark_seen, unseen

    data_dir = Path(arguments.data_dir or settings.data_dir)
    names = [Path(name).name for name in arguments.file] or list(unseen(data_dir))
    unknown = [name for name in names if not (data_dir / name).exists()]
    if unknown:
        print(f"{data_dir}: no such file: {', '.join(unknown)}", file=sys.stderr)
        return 1
    for name in names:
        mark_seen(data_dir / name, f"acknowledged at {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        print(f"{name}: seen to")
    return 0


def _export(arguments: Namespace, settings: Settings) -> int:
    from gateway.log.export import COLUMNS, exported
    from gateway.log.reader import LogReader

    data_dir, file = _place(arguments, settings)
    with LogReader(data_dir, file) as reader, contextlib.ExitStack() as opened:
        known = {f"{station}:{name}" for station, name, _ in reader.numbers()}
        if strangers := sorted(set(arguments.sensor or ()) - known):
            print(f"siaga: not in this log: {', '.join(strangers)}", file=sys.stderr)
            return 1
        out = sys.stdout
        if arguments.out is not None:
            out = opened.enter_context(arguments.out.open("w", encoding="utf-8", newline=""))
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            exported(reader, arguments.from_us, arguments.to_us, arguments.sensor, derived=arguments.derived)
        )
    return 0


LOG = Command("look after the log: verify, info, replay, salvage, acknowledge, export", _arguments, _run)
