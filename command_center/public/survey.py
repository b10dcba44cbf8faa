"""Goes round the city for the public page: only what is shared with everybody, only gauges of rivers.

Reads the picture and the alarms in memory, and the issued warnings of operations.db.
"""

import asyncio
import math
from collections.abc import Iterable
from typing import Final

from command_center.alarms.desk import AlarmDesk
from command_center.alarms.view import as_seen
from command_center.alerts import store
from command_center.alerts.message import Info
from command_center.alerts.record import Record
from command_center.beside import Beside, Kinship
from command_center.operations import Operations
from command_center.picture.directory import Directory
from command_center.picture.picture import Picture
from command_center.public.facts import AreaFacts, CityFacts, GaugeFacts, WarningFacts
from command_center.public.gauge import NOUNS, Reading, Seen, gauge_facts
from command_center.public.words import say
from command_center.wall_status import EXERCISE_LASTS_US, StatusBoard
from command_center.waves import WaveView
from sensors.catalogue import Area, Catalogue, Datastream, Text
from sensors.origin import Origin
from sensors.rules import levels_in_force
from sensors.sharing import Audience, may_see

MAX_WARNINGS: Final = 5  # in force at a time; the newest
MAX_RECORDS: Final = 100  # issued last: those in force are among them
MS_US: Final = 1_000
_OF_AREAS: Final = ("kelurahan", "desa")


class Survey:
    """Over the picture; `take` gives the facts of now."""

    def __init__(self, operations: Operations, picture: Picture, desk: AlarmDesk, board: StatusBoard) -> None:
        self._operations, self._picture, self._desk, self._board = operations, picture, desk, board
        self._kinship: tuple[Directory | None, Kinship] = (None, Kinship((), 1.0))

    async def take(self, now_us: int) -> CityFacts | None:
        """The facts at `now_us`; None before there is a catalogue.  Raises OperationsError."""
        records = await asyncio.to_thread(store.published, self._operations, MAX_RECORDS)
        directory = self._picture.directory
        return None if directory is None else self._facts(directory, records, now_us)

    def _facts(self, directory: Directory, records: Iterable[Record], now_us: int) -> CityFacts:
        catalogue = directory.catalogue
        refreshed_ms = self._board.status(now_us).refreshed_ms
        whom = whom_to_ask(catalogue)
        return CityFacts(
            name=catalogue.city.name,
            areas=self._areas(directory, whom, now_us),
            warnings=tuple(_warning(one, catalogue) for one in records if _is_in_force(one, now_us))[:MAX_WARNINGS],
            whom_to_ask=whom,
            exercise=self._picture.exercise_us > now_us - EXERCISE_LASTS_US,
            as_of_us=None if refreshed_ms is None else refreshed_ms * MS_US,
            valid_min=catalogue.city.public.valid_min,
        )

    def _areas(self, directory: Directory, whom: Text, now_us: int) -> tuple[AreaFacts, ...]:
        catalogue, waves = directory.catalogue, self._picture.waves.view(directory, now_us)
        waves = [one for one in waves if directory.shows(one.upstream, Audience.PUBLIC)]
        concerned: dict[str, list[GaugeFacts]] = {}
        for datastream in directory.datastreams:
            if datastream.kind in NOUNS and may_see(datastream.sharing, Audience.PUBLIC):
                facts = gauge_facts(self._seen(datastream, directory, waves, now_us), catalogue, whom, now_us)
                station = catalogue.station_by_id[datastream.station]
                for code in dict.fromkeys((station.area, *station.affects)):
                    concerned.setdefault(code, []).append(facts)
        return tuple(
            AreaFacts(
                code=area.code,
                name=area.name,
                around=_around(area, catalogue),
                gauges=tuple(sorted(concerned.get(area.code, ()), key=_urgency, reverse=True)),
            )
            for area in catalogue.areas
            if area.kind in _OF_AREAS
        )

    def _seen(self, datastream: Datastream, directory: Directory, waves: Iterable[WaveView], now_us: int) -> Seen:
        alarm, levels = self._desk.open_of(datastream.id), levels_in_force(datastream, now_us)
        return Seen(
            datastream=datastream,
            levels=levels,
            alarm=None if alarm is None else as_seen(alarm, directory, self._picture.latest),
            reading=self._reading(datastream.number),
            beside=self._beside(datastream, directory, now_us),
            waves=[wave for wave in waves if wave.downstream == datastream.id],
        )

    def _reading(self, number: int) -> Reading | None:
        sound = self._picture.latest.sound
        if not sound.heard(number) or math.isnan(sound.value[number]):
            return None
        return Reading(int(sound.time_us[number]), float(sound.value[number]), Origin(int(sound.origin[number])))

    def _beside(self, datastream: Datastream, directory: Directory, now_us: int) -> Beside:
        """What is derived from it and shared with everybody."""
        if self._kinship[0] is not directory:
            public = (d for d in directory.datastreams if may_see(d.sharing, Audience.PUBLIC))
            self._kinship = (directory, Kinship(public, directory.catalogue.pace))
        levels = levels_in_force(datastream, now_us)
        return self._kinship[1].beside(datastream.number, levels, self._picture.latest, self._picture.history)


def whom_to_ask(catalogue: Catalogue) -> Text:
    """Whom people ask: of `[public]`, else of `[cap]`, else the village office."""
    contact, cap = catalogue.city.public.contact, catalogue.city.cap
    if contact is not None:
        number = f", {contact.phone}" if contact.phone else ""
        return Text(f"{contact.id}{number}", f"{contact.en}{number}")
    if cap.contact:
        name = Text(cap.sender_name.id or catalogue.city.name.id, cap.sender_name.en or catalogue.city.name.en)
        return Text(f"{name.id}, {cap.contact}", f"{name.en}, {cap.contact}")
    return say("warga.whoever")


def _urgency(facts: GaugeFacts) -> tuple[int, int]:
    return facts.urgency


def _around(area: Area, catalogue: Catalogue) -> str:
    parent, jurisdiction = catalogue.area_by_code.get(area.parent), catalogue.jurisdiction(area.code)
    names = [f"Kec. {parent.name}"] if parent is not None and parent.kind == "kecamatan" else []
    return ", ".join([*names, *([] if jurisdiction is None else [jurisdiction.name])])


def _is_in_force(record: Record, now_us: int) -> bool:
    return record.is_live(now_us) and record.alert.status == "Actual" and record.alert.scope == "Public"


def _warning(record: Record, catalogue: Catalogue) -> WarningFacts:
    infos = record.alert.info
    indonesian = next((info for info in infos if (info.language or "").startswith("id")), infos[0])
    english = next((info for info in infos if (info.language or "").startswith("en")), indonesian)
    areas, geocode_name = indonesian.area, catalogue.city.cap.geocode_name

    def both(name: str) -> Text:
        return Text(getattr(indonesian, name) or "", getattr(english, name) or "")

    return WarningFacts(
        headline=Text(_headline(indonesian), _headline(english)),
        description=both("description"),
        instruction=both("instruction"),
        sender=both("sender_name"),
        where=Text("; ".join(area.area_desc for area in areas), "; ".join(area.area_desc for area in english.area)),
        expires_us=record.expires_us() or 0,
        codes=tuple(code.value for area in areas for code in area.geocode if code.value_name == geocode_name),
    )


def _headline(info: Info) -> str:
    return info.headline or info.event
