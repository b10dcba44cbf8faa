"""What is stored of chosen sensors as a file, under its name only when it is whole.  Standard error says how far.

Until then everything is in a hidden folder beside it: the file, and what the databases spill.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from command_center.errors import HistoryError, UnknownName
from command_center.history.database import told
from command_center.history.export import ParquetExport, Progress, Source, csv_lines, keep_room, new_file
from command_center.history.folder import NAME
from command_center.history.manifest import SeriesKey
from command_center.history.record import Asked
from command_center.history.stored import StoredHistory
from command_center.history.working_folder import working_folder
from command_center.picture.series import Rows
from sensors.catalogue import Catalogue
from sensors.sharing import Audience, Terms, may_see, terms_of
from sensors.tables import unknown
from sensors.times import NEVER, rfc3339

EVER_US: Final = (-(2**62), 2**62)
UNNUMBERED: Final = -1  # of a sensor that the present log does not know
TOLD_EVERY_S: Final = 10.0
ON_TERMINAL_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; no station and no sensor means all."""

    out: Path  # its ending, .csv or .parquet, is its format
    stations: Sequence[str]
    sensors: Sequence[str]
    from_us: int | None
    to_us: int | None
    audience: Audience
    replaces: bool


def export_file(data_dir: Path, memory_mib: int, wanted: Wanted) -> None:
    """Write the file.  Raises HistoryError, UnknownName, LogError; then nothing new is there."""
    if not wanted.out.parent.is_dir():
        raise HistoryError(f"{wanted.out.parent}: there is no such folder")
    _check_free(wanted)
    if wanted.from_us is not None and wanted.to_us is not None and wanted.from_us > wanted.to_us:
        raise HistoryError(f"--from {rfc3339(wanted.from_us)} lies after --to {rfc3339(wanted.to_us)}")
    if not data_dir.is_dir():
        raise HistoryError(f"{data_dir}: there is no such data directory")
    if wanted.out.parent.resolve().is_relative_to((data_dir / NAME).resolve()):
        raise HistoryError(f"{wanted.out} lies among the stored files, which Siaga clears up: choose another folder")
    asyncio.run(_until_stopped(data_dir, memory_mib, wanted))


def _check_free(wanted: Wanted) -> None:
    if wanted.out.exists() and not wanted.replaces:
        raise HistoryError(f"{wanted.out} is there already: --force writes over it")


async def _until_stopped(data_dir: Path, memory_mib: int, wanted: Wanted) -> None:
    """A first SIGTERM ends it in good order, as asyncio's runner does at SIGINT; a second one kills."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101
    is_stopped = False

    def stop() -> None:
        nonlocal is_stopped
        is_stopped = True
        loop.remove_signal_handler(signal.SIGTERM)
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        with working_folder(wanted.out, _say) as folder:
            await _export(data_dir, memory_mib, wanted, folder)
    except asyncio.CancelledError:
        if not is_stopped:
            raise
        raise HistoryError(f"stopped by SIGTERM: {wanted.out} is not written") from None


async def _export(data_dir: Path, memory_mib: int, wanted: Wanted, folder: Path) -> None:
    async with StoredHistory(data_dir, memory_mib, folder / "spill") as stored:
        terms = chosen(wanted, stored.catalogue, stored.folder.series)
        from_us, to_us = wanted.from_us, wanted.to_us
        asked = [
            Asked(
                sensor,
                stored.numbers.get(sensor, UNNUMBERED),
                EVER_US[0] if from_us is None else from_us,
                EVER_US[1] if to_us is None else to_us,
            )
            for sensor in terms
        ]
        await stored.take_open({one.number for one in asked})
        progress = Progress(len(asked))
        path = await _made(stored, asked, progress, terms, wanted.out, folder)
    # From here on nothing is awaited: who stops it stops nothing halfway.
    _check_free(wanted)
    with told(f"{wanted.out} cannot be written"):
        _give_name(path, wanted.out)
    _say(f"{wanted.out}: {progress.rows:,} rows of {progress.sensors} sensors")
    _say_what_is_missing(stored, min((one.from_us for one in asked), default=EVER_US[0]))


def chosen(wanted: Wanted, catalogue: Catalogue | None, series: Mapping[SeriesKey, int]) -> dict[SeriesKey, Terms]:
    """The sensors that are wanted and may be given to the audience, and on what terms.  Raises UnknownName.

    A sensor that is stored and stands in no catalogue any more is internal: nobody says that it is shared.
    """
    known: dict[str, tuple[SeriesKey, Terms]] = {}
    for (station, name, unit), _ in sorted(series.items(), key=lambda item: item[1]):
        known[f"{station}:{name}"] = (station, name, unit), Terms("", "", "internal")  # the unit that came last
    for d in () if catalogue is None else catalogue.datastreams:
        assert catalogue is not None  # noqa: S101  (it has datastreams)
        known[d.id] = (d.station, d.property, d.unit), terms_of(d, catalogue)
    stations = {sensor[0] for sensor, _ in known.values()}
    for what, names, there in (("station", wanted.stations, stations), ("sensor", wanted.sensors, set(known))):
        for name in names:
            if name not in there:
                raise UnknownName(unknown(what, name, there))
    shared = {key: found for key, found in known.items() if may_see(found[1].sharing, wanted.audience)}
    for name in wanted.sensors:
        if name not in shared:
            raise UnknownName(f"{name} is {known[name][1].sharing}: it is not shared with {wanted.audience}")
    is_all = not (wanted.stations or wanted.sensors)
    picked = [s for key, s in sorted(shared.items()) if is_all or key in wanted.sensors or s[0][0] in wanted.stations]
    if not picked:
        raise UnknownName(f"none of these sensors is shared with {wanted.audience}")
    return dict(picked)


async def _made(
    stored: StoredHistory,
    asked: Sequence[Asked],
    progress: Progress,
    terms: Mapping[SeriesKey, Terms],
    out: Path,
    folder: Path,
) -> Path:
    """The whole file, in `folder`."""
    source = _Telling(stored, progress)
    if out.suffix == ".parquet":
        return await ParquetExport(source, stored.store, folder).make(asked, progress, _stay, terms)
    with told(f"{out} cannot be written"):
        path = new_file(folder, out.suffix)
    async for lines in csv_lines(source, asked, progress, terms):
        keep_room(folder)
        await stored.store.ask(partial(_append, path, lines, out))  # closing it waits for this
    return path


def _append(path: Path, lines: bytes, out: Path) -> None:
    with told(f"{out} cannot be written"), path.open("ab") as table:
        table.write(lines)


async def _stay() -> None:
    """Whoever waits at a terminal ends the program."""


def _give_name(path: Path, out: Path) -> None:
    """The file gets its name, and is durable under it.  Raises OSError."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)  # as any program's file, not as a temporary one
    _make_durable(path, os.O_RDONLY)
    path.replace(out)
    _make_durable(out.parent, os.O_RDONLY | os.O_DIRECTORY)


def _make_durable(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Telling:
    """What observations are read from; says on standard error now and then how far that is."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source, self._progress = source, progress
        self._is_terminal = sys.stderr.isatty()
        self._began_s = self._told_s = time.monotonic()

    def narrowed(self, asked: Asked) -> Asked:
        return self._source.narrowed(asked)

    async def pieces(self, asked: Asked) -> AsyncIterator[Rows]:
        async for rows in self._source.pieces(asked):
            yield rows
            self._tell(time.monotonic())

    def _tell(self, now_s: float) -> None:
        if now_s - self._told_s < (ON_TERMINAL_EVERY_S if self._is_terminal else TOLD_EVERY_S):
            return
        self._told_s, done = now_s, self._progress
        line = (
            f"siaga: export: {done.share:.0%}, sensor {done.sensors_done + 1} of {done.sensors}, {done.rows:,} rows,"
            f" {now_s - self._began_s:.0f} s"
        )
        sys.stderr.write(f"\r{line}\x1b[K" if self._is_terminal else f"{line}\n")
        sys.stderr.flush()


def _say_what_is_missing(stored: StoredHistory, from_us: int) -> None:
    held_from_us = stored.held_from_us
    if held_from_us != NEVER and from_us < held_from_us:
        _say(
            f"what was stored before {rfc3339(held_from_us)} may be missing: it went, to stay within bounds or damaged"
        )
    if stored.rows_missing:
        _say(f"{stored.rows_missing} rows of the log are missing: retired before they were compacted, or damaged")


def _say(words: str) -> None:
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""  # of the line that said how far it is
    sys.stderr.write(f"{clear}siaga: export: {words}\n")
