"""`siaga audit verify|list`: the record of everything that anybody did.  Light: imports when it runs."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from sensors.command import Command
from sensors.settings import Settings
from sensors.times import rfc3339

_HEX = frozenset("0123456789abcdef")


def _arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = actions.add_parser("verify", help="do the sum over every record again; 1 where one is not in order")
    verify.add_argument(
        "--noted",
        metavar="SHA256",
        type=_sha256,
        help="a head that was noted outside the file (the command center logs it daily): the chain must hold it",
    )
    listing = actions.add_parser("list", help="the records, oldest first: number, time, who, what, about what")
    listing.add_argument("--after", metavar="N", type=int, default=0, help="those behind record N only")
    for action in actions.choices.values():
        action.add_argument("--data-dir", metavar="DIR", help="where operations.db is kept (default: data)")


def _audit(arguments: Namespace, settings: Settings) -> int:
    data_dir = Path(arguments.data_dir or settings.data_dir)
    return _list(data_dir, arguments.after) if arguments.action == "list" else _verify(data_dir, arguments.noted or "")


def _verify(data_dir: Path, noted: str) -> int:
    from command_center import audit
    from command_center.operations import reading

    with reading(data_dir) as connection:
        connection.execute("BEGIN")  # one state of the file, whatever is added meanwhile
        verdict = audit.verify(audit.records_after(connection, 0), audit.newest_given(connection), noted)
    if verdict.fault:
        print(f"BROKEN: {verdict.fault}; records in order before that: {verdict.head.number}")
        return 1
    print(f"{verdict.head.number} records in order, head {verdict.head.sha256}")
    return 0


def _list(data_dir: Path, after: int) -> int:
    from command_center import audit
    from command_center.operations import reading

    with reading(data_dir) as connection:
        for record in audit.records_after(connection, after):
            parts = (str(record.number), rfc3339(record.at_us), record.who or "-", record.what, record.detail)
            print("\t".join(_on_one_line(part) for part in parts).rstrip())
    return 0


def _on_one_line(text: str) -> str:
    """What somebody wrote, unable to pretend to be another record or to steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _sha256(text: str) -> str:
    lower = text.lower()
    if len(lower) != 64 or not _HEX.issuperset(lower):
        raise ArgumentTypeError(f"expected 64 hex digits, got {text!r}")
    return lower


AUDIT = Command("the record of who did what: verify its hash chain, list it", _arguments, _audit)
