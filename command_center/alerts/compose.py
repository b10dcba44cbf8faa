"""Warnings composed from alarms: CAP's words by the city's rules, texts in both languages, never Actual without right.

Pure: who calls brings the time, the polygons and the identifier.
"""

from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from command_center.alarms.alarm import Alarm, Held
from command_center.alarms.text import number, sentence
from command_center.alerts import wording
from command_center.alerts.areas import Polygons, area_of
from command_center.alerts.faults import is_marked
from command_center.alerts.message import Alert, Info, Named, time_text
from command_center.alerts.record import About
from sensors.catalogue import Catalogue, Datastream, Text
from sensors.times import MINUTE_US
from sensors.warning_rules import WarningRule

SOON_MIN: Final = 60.0  # CAP 3.2.2: Expected = within the next hour
USUAL_VALID_MIN: Final = 360
MessageType = Literal["Alert", "Update", "Cancel"]
_LOWEST: Final = WarningRule(alarm_severity=1, severity="Minor", urgency="Future", certainty="Possible")


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known when a warning is written."""

    alarm: Alarm
    catalogue: Catalogue
    polygons: Polygons
    now_us: int
    eta_min: float | None = None  # to the next level
    eta_level: str = ""

    @property
    def datastream(self) -> Datastream | None:
        """What the alarm is of; None where the catalogue in force has it no longer."""
        return self.catalogue.datastream_by_id.get(self.alarm.datastream)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which message of a story."""

    identifier: str
    msg_type: MessageType
    status: str
    references: str = ""


def warned_of(alarm: Alarm) -> Held | None:
    """The condition that the public is warned of; None where there is none.

    The worst of the real ones held now; one that is simulated, replayed or made up only where no real one is held.
    """
    held = [one for one in alarm.held if not one.historical]
    return max(held, key=lambda one: (not one.exercise, one.severity, one.rank), default=None)


def status_of(held: Held, catalogue: Catalogue) -> str:
    """Actual only for what is real, in a city that says who it is."""
    return "Actual" if catalogue.city.cap.sender and not held.exercise else "Exercise"


def sender_of(catalogue: Catalogue) -> str:
    """Who sends; a name that nobody can have where the city has none (RFC 2606)."""
    return catalogue.city.cap.sender or f"{catalogue.city.code}.siaga.invalid"


def about(alarm: Alarm, held: Held | None) -> About:
    """What a warning is about; without a condition: that it is over."""
    if held is None:
        return About(datastream=alarm.datastream, alarm_id=alarm.id, since_us=alarm.returned_us or 0)
    return About(
        datastream=alarm.datastream,
        alarm_id=alarm.id,
        level=held.level,
        severity=held.severity,
        since_us=held.time_us,
    )


def composed(scene: Scene, held: Held, wanted: Wanted) -> tuple[Alert, int]:
    """The message for a condition that holds, and for how many minutes it shall be valid."""
    rule = scene.catalogue.city.cap.rule_for(held.severity) or _LOWEST
    hazard = wording.hazard_of("" if scene.datastream is None else scene.datastream.kind)
    responses = rule.response or (hazard.responses.get(held.severity, "Monitor"),)
    is_soon = scene.eta_min is not None and scene.eta_min <= SOON_MIN
    description = _description(scene, held)
    blank = Info(
        category=hazard.category,
        event="",
        response_type=responses,
        urgency="Expected" if rule.urgency == "Future" and is_soon else rule.urgency,
        severity=rule.severity,
        certainty="Possible" if held.verify else rule.certainty,
        parameter=_parameters(scene, held),
    )
    told = _both(scene, blank, hazard.event, (_headline(scene, held), description, wording.instruction(responses)))
    return _alert(scene, told, wanted, rule.valid_min), rule.valid_min


def composed_end(scene: Scene, before: Alert, wanted: Wanted) -> tuple[Alert, int]:
    """The message that says that what was warned of is over: Cancel, or an Update with AllClear."""
    is_cancel = wanted.msg_type == "Cancel"
    hazard = wording.hazard_of("" if scene.datastream is None else scene.datastream.kind)
    first = before.info[0]
    blank = Info(
        category=first.category,
        event="",
        response_type=("AllClear",),
        urgency="Past",
        severity="Minor",
        certainty="Observed",
        parameter=first.parameter,
    )
    title, story = wording.over(is_cancel), sentence(scene.alarm, scene.catalogue, scene.now_us)
    name = _station_name(scene)
    headline = Text(f"{title.id}: {hazard.event.id}, {name}", f"{title.en}: {hazard.event.en}, {name}")
    description = Text(f"{title.id}. {story.id}.", f"{title.en}. {story.en}.")
    told = _both(scene, blank, hazard.event, (headline, description, wording.instruction(("AllClear",))))
    told = tuple(replace(info, area=first.area) for info in told)  # over where it was warned of
    return _alert(scene, told, wanted, USUAL_VALID_MIN), USUAL_VALID_MIN


def dated(alert: Alert, valid_min: int, now_us: int, zone: ZoneInfo) -> Alert:
    """The message as sent at `now_us`, valid for `valid_min` minutes, and marked where it is no real warning."""
    sent, expires = time_text(now_us, zone), time_text(now_us + valid_min * MINUTE_US, zone)
    infos = tuple(replace(info, effective=sent, expires=expires) for info in alert.info)
    return marked(replace(alert, sent=sent, info=infos))


def marked(alert: Alert) -> Alert:
    """The message whose headlines, texts and note cannot be mistaken for a real warning, where it is none."""
    mark = wording.mark(alert.status)
    if not mark.id:
        return alert
    infos = tuple(_marked(info, mark.id if (info.language or "").startswith("id") else mark.en) for info in alert.info)
    return replace(alert, note=alert.note or f"{mark.id}. {mark.en}.", info=infos)


def _marked(info: Info, mark: str) -> Info:
    headline, description = info.headline or "", info.description or ""
    return replace(
        info,
        headline=headline if is_marked(headline) else f"{mark}: {headline}",
        description=description if is_marked(description) else f"{mark}. {description}",
    )


def _alert(scene: Scene, infos: tuple[Info, ...], wanted: Wanted, valid_min: int) -> Alert:
    alert = Alert(
        identifier=wanted.identifier,
        sender=sender_of(scene.catalogue),
        sent="",
        status=wanted.status,
        msg_type=wanted.msg_type,
        source="Siaga",
        scope="Public",
        references=wanted.references or None,
        incidents=scene.alarm.id,
        info=infos,
    )
    return dated(alert, valid_min, scene.now_us, ZoneInfo(scene.catalogue.city.time_zone))


def _both(scene: Scene, blank: Info, event: Text, texts: tuple[Text, Text, Text]) -> tuple[Info, ...]:
    """One info in each language."""
    cap, city = scene.catalogue.city.cap, scene.catalogue.city
    station = scene.catalogue.station_by_id.get(scene.alarm.datastream.partition(":")[0])
    area = () if station is None else (area_of(station, scene.catalogue, scene.polygons),)
    headline, description, instruction = texts
    return tuple(
        replace(
            blank,
            language=code,
            event=getattr(event, language),
            sender_name=getattr(cap.sender_name, language) or cap.sender_name.id or getattr(city.name, language),
            headline=getattr(headline, language),
            description=getattr(description, language),
            instruction=getattr(instruction, language),
            web=cap.web or None,
            contact=cap.contact or None,
            area=area,
        )
        for language, code in wording.LANGUAGES.items()
    )


def _headline(scene: Scene, held: Held) -> Text:
    level, name = _level_name(scene, held.level), _station_name(scene)
    event = wording.hazard_of("" if scene.datastream is None else scene.datastream.kind).event
    return Text(f"{level.id}: {event.id}, {name}", f"{level.en}: {event.en}, {name}")


def _description(scene: Scene, held: Held) -> Text:
    """The alarm as it is warned of, its limit, and what comes next."""
    seen = replace(scene.alarm, held=(held,), worst=held, possible=(), historical=False)
    parts = [sentence(replace(seen, doubt=None), scene.catalogue, scene.now_us)]
    parts[0] = Text(f"{parts[0].id}.", f"{parts[0].en}.")
    if held.limit is not None:
        unit = scene.alarm.unit
        limit = Text(f"{number(held.limit, 'id')} {unit}", f"{number(held.limit, 'en')} {unit}")
        parts.append(Text(wording.limit_reached(limit.id).id, wording.limit_reached(limit.en).en))
    if scene.eta_min is not None and scene.eta_level:
        parts.append(wording.next_level(_level_name(scene, scene.eta_level), round(scene.eta_min)))
    if held.verify:
        parts.append(wording.unsure())
    return Text(" ".join(part.id for part in parts), " ".join(part.en for part in parts))


def _parameters(scene: Scene, held: Held) -> tuple[Named, ...]:
    """The figures for programs."""
    found = {"siaga:datastream": scene.alarm.datastream, "siaga:level": held.level, "siaga:unit": scene.alarm.unit}
    if held.value is not None:
        found["siaga:value"] = f"{held.value:g}"
    if held.limit is not None:
        found["siaga:limit"] = f"{held.limit:g}"
    return tuple(Named(value_name=name, value=value) for name, value in found.items())


def _level_name(scene: Scene, level: str) -> Text:
    style = scene.catalogue.city.levels.get(level)
    return Text(level, level) if style is None else style.name


def _station_name(scene: Scene) -> str:
    name = scene.alarm.datastream.partition(":")[0]
    station = scene.catalogue.station_by_id.get(name)
    return name if station is None else station.name
