"""`siaga dead-letters list|show|retry|unknown`."""

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gateway.errors import GatewayError
from gateway.letter_view import LetterView, count_view, group_view, letter_view, payload_lines, printable
from gateway.log.letter_book import Wanted
from gateway.log.reader import LogReader
from gateway.log.rows import DeadLetterGroup
from sensors.command import Command
from sensors.settings import Settings
from sensors.times import rfc3339


def _arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|retry|unknown")
    listing = actions.add_parser("list", help="groups of dead letters with their counts and times")
    _add_which(listing)
    listing.add_argument("--search", metavar="TEXT", help="text in topic, detail or payload")
    listing.add_argument("--letters", action="store_true", help="single letters instead of groups")
    showing = actions.add_parser("show", help="one dead letter, whole")
    showing.add_argument("id", type=int, metavar="ID", help="as `list --letters` names it; a group names its newest")
    retrying = actions.add_parser("retry", help="read dead letters again, after the rule is mended")
    retrying.add_argument("ids", type=int, nargs="*", metavar="ID", help="dead letters by their ids")
    _add_which(retrying)
    retrying.add_argument("--all", action="store_true", help="every dead letter that is kept")
    unknown = actions.add_parser("unknown", help="devices and stations that no row names, with a row to paste")
    for action in (listing, showing, retrying, unknown):
        action.add_argument("--data-dir", metavar="DIR", help="where the log is kept (default: data)")
        action.add_argument("--json", action="store_true", help="for programs")


def _add_which(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", metavar="REASON", help="only of this reason, such as unknown_station")
    parser.add_argument("--source", metavar="NAME", help="only from this source")
    parser.add_argument("--group", type=int, metavar="ID", help="only of this group")


def _run(arguments: Namespace, settings: Settings) -> int:
    data_dir = Path(arguments.data_dir or settings.data_dir)
    actions: dict[str, Callable[[Namespace, Path], int]] = {
        "list": _list, "show": _show, "retry": _retry, "unknown": _unknown,
    }  # fmt: skip
    return actions[arguments.action](arguments, data_dir)


def _list(arguments: Namespace, data_dir: Path) -> int:
    wanted = _wanted(arguments, arguments.search)
    with LogReader(data_dir) as reader:
        counts = reader.letters.counts()
        if arguments.letters:
            letters = reader.letters.page(None, 1_000, wanted)
            _put(arguments, [letter_view(x) for x in letters], lambda: [_letter_line(letter_view(x)) for x in letters])
            return 0
        groups = reader.letters.groups(wanted)
        if arguments.search:  # a group is found by what any of its letters holds, too
            found = {letter.group for letter in reader.letters.page(None, 10_000, wanted)}
            groups = [g for g in reader.letters.groups(_wanted(arguments, None)) if g.id in found or g in groups]
    if arguments.json:
        _print_json({"groups": [group_view(g) for g in groups], "counts": [count_view(c) for c in counts]})
        return 0
    for group in groups:
        print(_group_line(group))
    total, kept = sum(c.count for c in counts), sum(c.kept for c in counts)
    print(f"{total} dead letters ever, {kept} kept, {len(groups)} groups listed")
    return 0


def _show(arguments: Namespace, data_dir: Path) -> int:
    with LogReader(data_dir) as reader:
        letter = reader.letters.one(arguments.id)
        group = next(iter(reader.letters.groups(Wanted(group=letter.group))), None) if letter else None
    if letter is None:
        print(f"there is no dead letter {arguments.id}", file=sys.stderr)
        return 1
    if arguments.json:
        _print_json(msgspec.structs.asdict(letter_view(letter)) | {"of": None if group is None else group_view(group)})
        return 0
    print(f"dead letter  {letter.id}")
    print(f"received     {rfc3339(letter.received_us)} from {printable(letter.source)}")
    print(f"topic        {printable(letter.topic)}" + ("  (retained)" if letter.retained else ""))
    print(f"reason       {letter.reason}" + (f", element {letter.element}" if letter.element is not None else ""))
    print(f"detail       {printable(letter.detail)}")
    if group is not None:
        print(f"group        {group.id}: {group.count} times, {rfc3339(group.first_us)} to {rfc3339(group.last_us)}")
    print(f"payload      {letter.length} bytes, {len(letter.payload)} kept, SHA-256 {letter.sha256}")
    for line in payload_lines(letter.payload):
        print(f"  {line}")
    return 0


def _retry(arguments: Namespace, data_dir: Path) -> int:
    from gateway.retrying import retry

    wanted = _wanted(arguments, None)
    named = wanted != Wanted()
    if (bool(arguments.ids), named, arguments.all).count(True) != 1:
        print("say which: IDs, or --reason, --source and --group, or --all", file=sys.stderr)
        return 2
    ids = arguments.ids
    if not ids:
        with LogReader(data_dir) as reader:
            ids = reader.letters.ids(wanted)
    try:
        result = asyncio.run(retry(data_dir, ids, f"{getpass.getuser()} (command line)"))
    except GatewayError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        _print_json({name: getattr(result, name) for name in ("observed", "observations", "failed", "cut")})
        return 0
    print(
        f"{result.observed} of {len(ids)} became observations ({result.observations} readings),"
        f" {result.failed} were refused again, {result.cut} were not kept whole"
    )
    return 0


def _unknown(arguments: Namespace, data_dir: Path) -> int:
    from gateway.unknown_devices import datastreams_header, stations_header, unknown_devices, unknown_view

    with LogReader(data_dir) as reader:
        seq = reader.last_seq()
        version = reader.read_after(seq - 1, 1)[0].catalogue_version if seq else 0
        catalogue = reader.catalogue(version) if version else None
        devices = unknown_devices(reader.letters, catalogue)
    if arguments.json:
        _print_json({"items": [unknown_view(device) for device in devices]})
        return 0
    for device in devices:
        first, last = rfc3339(device.first_us), rfc3339(device.last_us)
        print(f"{printable(device.device)}  from {printable(device.source)}, {device.count} times, {first} to {last}")
        for sample in device.samples:
            print(f"    {printable(sample.field)} = {printable(sample.value)} {printable(sample.unit)}".rstrip())
        print(f"  stations.csv:    {device.station_row}")
        for row in device.datastream_rows:
            print(f"  datastreams.csv: {row}")
    if devices:
        print("\nThe rows have these columns, in this order; where your file's header differs, move the cells.")
        print(f"  stations.csv:    {stations_header()}\n  datastreams.csv: {datastreams_header()}")
    else:
        print("every device that sends is known")
    return 0


def _wanted(arguments: Namespace, search: str | None) -> Wanted:
    return Wanted(reason=arguments.reason, source=arguments.source, group=arguments.group, search=search)


def _group_line(group: DeadLetterGroup) -> str:
    """With the newest letter's own detail; where none is kept, with what all of them share."""
    first, last = rfc3339(group.first_us), rfc3339(group.last_us)
    retried = f", {group.retried} retried" if group.retried else ""
    newest = f", newest {group.newest}" if group.newest is not None else ""
    return (
        f"group {group.id}: {group.count} x {group.reason} from {printable(group.source)}, {first} to {last}"
        f" ({group.kept} kept{newest}{retried})\n    {printable(group.topic) or '(various topics)'}\n"
        f"    {printable(group.example or group.shape)}"
    )


def _letter_line(view: LetterView) -> str:
    return f"{view.id}  {view.received_at}  {view.reason}  {printable(view.topic)}"


def _put(arguments: Namespace, items: Sequence[object], lines: Callable[[], list[str]]) -> None:
    if arguments.json:
        _print_json({"items": items})
        return
    for line in lines():
        print(line)


def _print_json(value: object) -> None:
    print(msgspec.json.encode(value).decode())


DEAD_LETTERS = Command("list, show and retry what could not be read; find unknown devices", _arguments, _run)
