"""`siaga export`: what is stored of chosen sensors as one file.  Light: what it needs is imported when it runs."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from sensors.command import Command
from sensors.settings import Settings
from sensors.sharing import Audience
from sensors.time_argument import time_argument

FORMATS = {".csv": "csv", ".parquet": "parquet"}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("out", type=_out, metavar="FILE.csv|FILE.parquet", help="where to; complete, or not there")
    parser.add_argument("--station", action="append", default=[], help="its sensors; may be repeated")
    parser.add_argument("--sensor", action="append", default=[], metavar="STATION:PROPERTY", help="may be repeated")
    parser.add_argument("--from", dest="from_us", type=time_argument, metavar="TIME", help="RFC 3339; from then on")
    parser.add_argument("--to", dest="to_us", type=time_argument, metavar="TIME", help="RFC 3339; before then")
    parser.add_argument(
        "--sharing",
        type=Audience,
        choices=list(Audience),
        default=Audience.INTERNAL,
        help="for whom: everybody, other agencies, or our own (default: internal, which is everything)",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--data-dir", metavar="DIR", help="where everything is stored (default: data)")


def _out(text: str) -> Path:
    path = Path(text)
    if path.suffix not in FORMATS:
        raise ArgumentTypeError(f"expected a name that ends in {' or '.join(FORMATS)}, got {text!r}")
    return path


def _run(arguments: Namespace, settings: Settings) -> int:
    from command_center.history.export_file import Wanted, export_file

    wanted = Wanted(
        out=arguments.out,
        stations=arguments.station,
        sensors=arguments.sensor,
        from_us=arguments.from_us,
        to_us=arguments.to_us,
        audience=arguments.sharing,
        replaces=arguments.force,
    )
    data_dir = Path(arguments.data_dir or settings.data_dir)
    export_file(data_dir, settings.history.memory_mib, wanted)
    return 0


EXPORT = Command("write what is stored of chosen sensors as CSV or Parquet, also while Siaga runs", _arguments, _run)
