"""Writing warnings: what a draft says, from the alarm, the catalogue, the map layers and a person's own words."""

import asyncio
import logging
import secrets
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from command_center.alarms.alarm import Alarm
from command_center.alerts import compose
from command_center.alerts.areas import Polygons, read_polygons
from command_center.alerts.compose import MessageType, Scene, Wanted
from command_center.alerts.life import MAX_INFOS, Line, Note, ValidMin
from command_center.alerts.message import Alert, Info, reference
from command_center.alerts.record import About, Record, State
from command_center.beside import eta_at
from command_center.errors import NotAllowed
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook
from command_center.wall_status import EXERCISE_LASTS_US
from sensors.catalogue import Catalogue
from sensors.city import city_folder
from sensors.errors import CatalogueError
from sensors.times import to_datetime

MAX_REFERENCES: Final = 50  # of one message: whoever missed an update still drops what came before it

_log = logging.getLogger("command_center.alerts")


class Drafting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a warning is to be written for: an alarm, or nothing that Siaga knows of, then in a person's own words."""

    alarm: Line = ""
    status: Literal["Actual", "Exercise", "Test"] = "Exercise"  # of one in own words; an alarm brings its own
    info: Annotated[tuple[Info, ...], msgspec.Meta(max_length=MAX_INFOS)] = ()
    valid_min: ValidMin = compose.USUAL_VALID_MIN
    scope: Literal["Public", "Restricted", "Private"] = "Public"
    restriction: Line | None = None
    addresses: Note | None = None
    note: Note | None = None


class Writer:
    """Writes drafts; stores none."""

    def __init__(self, picture: Picture, book: SensorBook, city: str) -> None:
        self._picture, self._book, self._city = picture, book, city
        self._polygons: tuple[int, Polygons] | None = None  # of which version of the catalogue

    @property
    def catalogue(self) -> Catalogue | None:
        """The catalogue in force; None before the log was read."""
        directory = self._picture.directory
        return None if directory is None else directory.catalogue

    def known(self) -> Catalogue:
        """The catalogue in force.  Raises NotAllowed where there is none yet."""
        catalogue = self.catalogue
        if catalogue is None:
            raise NotAllowed("there is no log yet, and so no catalogue to warn by")
        return catalogue

    def is_exercise(self, now_us: int) -> bool:
        """Whether readings are simulated or replayed at this time."""
        return self._picture.exercise_us > now_us - EXERCISE_LASTS_US

    def new_id(self, now_us: int) -> str:
        """An identifier that no other message has: city, local time, and six random letters."""
        city = self.known().city
        local = to_datetime(now_us).astimezone(ZoneInfo(city.time_zone))
        return f"{city.code}-{local:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"

    async def scene(self, alarm: Alarm, now_us: int) -> Scene:
        """What is known of an alarm when a warning is written.  Raises NotAllowed where there is no catalogue yet."""
        sensor = self._book.one(alarm.datastream, now_us)
        eta = None if sensor is None else eta_at(sensor.rate, sensor.eta, now_us)
        return Scene(
            alarm=alarm,
            catalogue=self.known(),
            polygons=await self._areas(),
            now_us=now_us,
            eta_min=None if eta is None else eta.middle_min,
            eta_level="" if eta is None else eta.level,
        )

    async def written(self, alarm: Alarm, msg_type: MessageType, head: Record | None, now_us: int) -> Record:
        """A message about an alarm as it stands, or about its end, not stored yet; its `made_for` is still empty."""
        scene, held = await self.scene(alarm, now_us), compose.warned_of(alarm)
        is_end = msg_type == "Cancel" or held is None
        if head is None:
            assert held is not None, "a story begins with a condition"  # noqa: S101 - a mistake of ours
            status = compose.status_of(held, scene.catalogue)
        else:
            status = head.alert.status
        wanted = Wanted(self.new_id(now_us), msg_type, status, "" if head is None else references_behind(head))
        if head is not None and is_end:
            alert, valid_min = compose.composed_end(scene, head.alert, wanted)
            about = compose.about(alarm, None)
        else:
            assert held is not None  # noqa: S101 - see above
            alert, valid_min = compose.composed(scene, held, wanted)
            about = compose.about(alarm, held)
        return Record(
            id=wanted.identifier,
            chain=wanted.identifier if head is None else head.chain,
            made_for="",
            state=State.DRAFT,
            about=about,
            alert=alert,
            valid_min=valid_min,
            made_by="",
            made_us=now_us,
        )

    def copied(self, head: Record, kind: Literal["Update", "Cancel"], now_us: int) -> Record:
        """The next message of a story in own words: the same words, until somebody edits them."""
        identifier = self.new_id(now_us)
        alert = replace(head.alert, identifier=identifier, msg_type=kind, references=references_behind(head))
        return Record(
            id=identifier,
            chain=head.chain,
            made_for="",
            state=State.DRAFT,
            about=About(),
            alert=alert,
            valid_min=head.valid_min,
            made_by="",
            made_us=now_us,
        )

    def in_own_words(self, drafting: Drafting, now_us: int) -> Record:
        """A first message in a person's own words; Actual only where the city may and nothing is simulated."""
        catalogue, identifier = self.known(), self.new_id(now_us)
        is_drill = not catalogue.city.cap.sender or self.is_exercise(now_us)
        alert = Alert(
            identifier=identifier,
            sender=compose.sender_of(catalogue),
            sent="",
            status="Exercise" if drafting.status == "Actual" and is_drill else drafting.status,
            msg_type="Alert",
            source="Siaga",
            scope=drafting.scope,
            restriction=drafting.restriction,
            addresses=drafting.addresses,
            note=drafting.note,
            info=drafting.info,
        )
        return Record(
            id=identifier,
            chain=identifier,
            made_for="",
            state=State.DRAFT,
            about=About(),
            alert=compose.dated(alert, drafting.valid_min, now_us, ZoneInfo(catalogue.city.time_zone)),
            valid_min=drafting.valid_min,
            made_by="",
            made_us=now_us,
        )

    async def _areas(self) -> Polygons:
        """The polygons of the city's layers, read once for each version of the catalogue."""
        directory = self._picture.directory
        version = -1 if directory is None else directory.version
        if self._polygons is None or self._polygons[0] != version:
            self._polygons = version, await asyncio.to_thread(_polygons_of, self.known(), self._city)
        return self._polygons[1]


def _polygons_of(catalogue: Catalogue, city: str) -> Polygons:
    try:
        return read_polygons(city_folder(city), catalogue.city.layers)
    except (OSError, msgspec.MsgspecError, CatalogueError, ValueError, TypeError, IndexError) as error:
        _log.error("the city's map layers cannot be read: warnings name areas by code only: %s", error)
        return {}


def references_behind(head: Record) -> str:
    """The references of the message that follows: the one before it, and those that it named, the newest last."""
    return " ".join([*(head.alert.references or "").split(), reference(head.alert)][-MAX_REFERENCES:])
