"""`siaga cap check FILE...`: whether files are CAP 1.2 messages, and what is wrong with them."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sensors.command import Command
from sensors.settings import Settings


def _arguments(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    check = acts.add_parser("check", help="print what is wrong with CAP messages; exit 1 where anything is")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a CAP 1.2 message in XML")


def _cap(arguments: Namespace, _settings: Settings) -> int:
    wrong = [faults for file in arguments.files if (faults := _check(file))]
    return 1 if wrong else 0


def _check(file: Path) -> list[str]:
    """What is wrong with a file, printed as it is found."""
    from command_center.alerts.faults import faults
    from command_center.alerts.read import MAX_BYTES, from_xml
    from command_center.errors import CapError

    try:
        with file.open("rb") as opened:
            found = [str(fault) for fault in faults(from_xml(opened.read(MAX_BYTES + 1)))]
    except OSError as error:
        found = [f"cannot be read: {error.strerror}"]
    except CapError as error:
        found = [str(error)]
    for line in found or ["ok"]:
        text = f"{file}: {line}"
        print("".join(c if c.isprintable() else "?" for c in text))
    return found


CAP = Command("check CAP 1.2 messages", _arguments, _cap)
