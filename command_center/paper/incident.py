"""An incident as a sheet: the facts, a hydrograph of each gauge, and everything that happened, in one language."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from command_center.alarms.alarm import Alarm
from command_center.alarms.text import Language, Teller, number
from command_center.history.record import Detail
from command_center.incidents.story import Kind, Story, Told
from command_center.paper.plot import MOST_MARKS, Drawing, Hydrograph, Lane, LevelLine, draw
from command_center.paper.sheet import Figure, Sheet, Table, cell
from command_center.picture.series import Rows
from sensors.catalogue import Catalogue, Datastream, Text
from sensors.quality import Quality
from sensors.rules import levels_in_force
from sensors.times import HOUR_US, SECOND_US, to_datetime

MOST_FIGURES: Final = 12
POINTS: Final = 800  # of a trace, peaks kept
BEFORE_US: Final = 3 * HOUR_US  # shown before the first breach
AFTER_US: Final = HOUR_US  # and after the last return
MISSED_INTERVALS: Final = 3.0  # more than so many without a reading break the trace
_KINDS: Final[Mapping[Kind, Text]] = {
    "breach": Text("Temuan", "Found"),
    "act": Text("Tindakan", "Done"),
    "told": Text("Diberi tahu", "Told"),
}
_WORDS: Final = {
    "title": Text("Urutan kejadian: {}", "Timeline of the incident: {}"),
    "band": Text("SIMULASI / LATIHAN: bukan kejadian nyata", "EXERCISE: this did not happen"),
    "id": Text("Nomor insiden", "Incident"),
    "began": Text("Mulai", "Began"),
    "ended": Text("Berakhir", "Ended"),
    "open": Text("masih terbuka", "still open"),
    "alarms": Text("Alarm", "Alarms"),
    "people": Text("Yang bertindak", "Who acted"),
    "nobody": Text("belum ada", "nobody yet"),
    "made": Text("Dicetak", "Printed"),
    "timeline": Text("Semua kejadian menurut waktu", "Everything that happened, in order of time"),
    "list": Text("Alarm dalam insiden ini", "Alarms of this incident"),
    "time": Text("Waktu", "Time"),
    "kind": Text("Jenis", "Kind"),
    "where": Text("Di mana", "Where"),
    "what": Text("Apa", "What"),
    "who": Text("Siapa", "Who"),
    "itself": Text("(aturan)", "(by rule)"),
    "raised": Text("Terjadi", "Raised"),
    "acknowledged": Text("Diakui", "Acknowledged"),
    "returned": Text("Kembali normal", "Returned"),
    "more_told": Text("{} kejadian lagi tidak dicetak di sini.", "{} more are not printed here."),
    "more_alarms": Text("{} alarm lagi tidak dicetak di sini.", "{} more alarms are not printed here."),
    "more_figures": Text("{} pos lagi tanpa grafik di sini.", "{} more gauges without a graph here."),
    "no_readings": Text("TIDAK ADA pembacaan tersimpan untuk rentang ini.", "NO readings are at hand for this range."),
    "held": Text(
        "Pembacaan sebelum {} mungkin tidak lengkap: sebagian tidak tersimpan lagi.",
        "Readings before {} may be incomplete: some are no longer kept.",
    ),
    "minutes": Text("Digambar dari nilai terendah dan tertinggi tiap menit.", "Drawn from each minute's extremes."),
    "failed": Text("{} pembacaan yang gagal uji mutu tidak digambar.", "{} readings that failed a test are not drawn."),
    "marks": Text("Hanya {} tanda pertama per baris digambar.", "Only the first {} marks of a line are drawn."),
    "found_at": Text("waktu amatan {}", "observed at {}"),
    "foot": Text(
        "Siaga · {city} · waktu dalam {zone} · dicetak {made}", "Siaga · {city} · times in {zone} · printed {made}"
    ),
}


class Readings(NamedTuple):
    """What a gauge measured in [from, to), thinned; `held_from_us`: what lies before it may be missing."""

    rows: Rows
    from_us: int
    to_us: int
    held_from_us: int | None
    detail: Detail


class Source(NamedTuple):
    """What an incident's sheet is made of."""

    story: Story
    name: Text
    readings: Mapping[str, Readings]  # by datastream, in the order of the alarms
    catalogue: Catalogue
    now_us: int


def range_of(alarms: Sequence[Alarm], now_us: int) -> tuple[int, int]:
    """The time that the graphs show: all of the alarms, and some of what lies around them."""
    ends = [now_us if alarm.returned_us is None and alarm.is_open else _end(alarm) for alarm in alarms]
    return min(alarm.raised_us for alarm in alarms) - BEFORE_US, min(max(ends) + AFTER_US, now_us)


def charted(alarms: Sequence[Alarm], catalogue: Catalogue) -> list[Datastream]:
    """The gauges that get a graph, each once, by the order of their alarms; those that have a number."""
    found: dict[str, Datastream] = {}
    for alarm in alarms:
        datastream = catalogue.datastream_by_id.get(alarm.datastream)
        if datastream is not None:
            found.setdefault(datastream.id, datastream)
    return list(found.values())


def incident_sheet(source: Source, language: Language) -> Sheet:
    """The sheet."""
    return _Writer(source, language).sheet()


class _Writer:
    def __init__(self, source: Source, language: Language) -> None:
        self._source, self._language = source, language
        self._catalogue = source.catalogue
        self._teller = Teller(language, source.catalogue, source.now_us)

    def sheet(self) -> Sheet:
        story, city = self._source.story, self._catalogue.city
        made = self._teller.stamp(self._source.now_us)
        foot = self._say("foot").format(city=self._pick(city.name), zone=city.zone_label, made=made)
        is_exercise = any(held.exercise for alarm in story.alarms for held in (*alarm.held, alarm.worst))
        gauges = charted(story.alarms, self._catalogue)
        figures = [self._figure(gauge) for gauge in gauges[:MOST_FIGURES]]
        more = len(gauges) - len(figures)
        note = self._say("more_figures").format(more) if more else ""
        return Sheet(
            language=self._language,
            title=cell(self._say("title").format(self._pick(self._source.name))),
            band=self._say("band") if is_exercise else "",
            facts=self._facts(made),
            parts=(*figures, self._alarms(note), self._timeline()),
            foot=cell(foot),
        )

    def _facts(self, made: str) -> tuple[tuple[str, str], ...]:
        story = self._source.story
        alarms, label = story.alarms, self._catalogue.city.zone_label
        is_open = any(alarm.is_open for alarm in alarms)
        ended = self._say("open") if is_open else f"{self._teller.stamp(max(map(_end, alarms)))} {label}"
        people = sorted({told.by for told in story.told if told.by and told.kind == "act"})
        return (
            (self._say("id"), cell(story.incident)),
            (self._say("began"), f"{self._teller.stamp(min(a.raised_us for a in alarms))} {label}"),
            (self._say("ended"), ended),
            (self._say("alarms"), str(len(alarms) + story.alarms_left_out)),
            (self._say("people"), cell(", ".join(people)) or self._say("nobody")),
            (self._say("made"), f"{made} {label}"),
        )

    def _alarms(self, note: str) -> Table:
        story = self._source.story
        more = self._say("more_alarms").format(story.alarms_left_out) if story.alarms_left_out else ""
        return Table(
            title=self._say("list"),
            head=tuple(map(self._say, ("what", "raised", "acknowledged", "returned"))),
            widths=(5.0, 2.2, 3.0, 2.2),
            rows=tuple(self._alarm(alarm) for alarm in story.alarms),
            note=" ".join(filter(None, (more, note))),
        )

    def _alarm(self, alarm: Alarm) -> tuple[str, ...]:
        acknowledged = "–" if alarm.acknowledged_us is None else self._teller.stamp(alarm.acknowledged_us)
        by = f" {alarm.acknowledged_by}" if alarm.acknowledged_by else ""
        returned = "–" if alarm.returned_us is None else self._teller.stamp(alarm.returned_us)
        raised = self._teller.stamp(alarm.raised_us)
        return cell(self._teller.tell(alarm)), raised, cell(f"{acknowledged}{by}"), returned

    def _timeline(self) -> Table:
        story = self._source.story
        return Table(
            title=self._say("timeline"),
            head=tuple(map(self._say, ("time", "kind", "where", "what", "who"))),
            widths=(2.2, 1.8, 2.8, 4.7, 2.3),
            rows=tuple(map(self._row, story.told)),
            note=self._say("more_told").format(story.told_left_out) if story.told_left_out else "",
        )

    def _row(self, told: Told) -> tuple[str, ...]:
        what = self._pick(told.what)
        if told.time_us is not None and abs(told.at_us - told.time_us) >= SECOND_US:
            what += f" ({self._say('found_at').format(self._teller.stamp(told.time_us))})"
        if told.comment:
            what += f": {told.comment}"
        where = self._teller.gauge_name(told.datastream)
        who = told.by or (self._say("itself") if told.kind == "act" else "")
        return (self._teller.stamp(told.at_us), self._pick(_KINDS[told.kind]), *map(cell, (where, what, who)))

    def _figure(self, datastream: Datastream) -> Figure:
        readings = self._source.readings[datastream.id]
        failed = readings.rows["quality"] >= Quality.FAIL
        notes = [self._say("no_readings")] if not len(readings.rows) else []
        if readings.held_from_us is not None and readings.held_from_us > readings.from_us:
            notes.append(self._say("held").format(self._teller.stamp(readings.held_from_us)))
        if readings.detail == "minute":
            notes.append(self._say("minutes"))
        if failed.any():
            notes.append(self._say("failed").format(int(failed.sum())))
        lanes = self._lanes(datastream.id)
        if any(len(lane.times_us) > MOST_MARKS for lane in lanes):
            notes.append(self._say("marks").format(MOST_MARKS))
        title = f"{self._teller.gauge_name(datastream.id)} ({self._teller.measured(0, datastream.unit)[1:].strip()})"
        return Figure(title=cell(title), drawing=self._drawing(datastream, readings, lanes), note=" ".join(notes))

    def _drawing(self, datastream: Datastream, readings: Readings, lanes: Sequence[Lane]) -> Drawing:
        rows, span_us = readings.rows, readings.to_us - readings.from_us
        zone = ZoneInfo(self._catalogue.city.time_zone)
        offset = to_datetime(readings.from_us).astimezone(zone).utcoffset()
        styles = self._catalogue.city.levels
        levels = [
            LevelLine(
                text=f"{cell(self._teller.level_name(level.level))[:18]} {number(level.value, self._language)}",
                value=level.value,
                colour=styles[level.level].colour if level.level in styles else "",
            )
            for level in levels_in_force(datastream, readings.to_us)
        ]
        graph = Hydrograph(
            times_us=rows["time_us"],
            values=np.where(rows["quality"] >= Quality.FAIL, np.nan, rows["value"]),
            gap_us=max(int(MISSED_INTERVALS * datastream.interval_calm_s * SECOND_US), 4 * span_us // POINTS),
            levels=levels,
            lanes=lanes,
            from_us=readings.from_us,
            to_us=readings.to_us,
            offset_us=0 if offset is None else int(offset.total_seconds()) * SECOND_US,
            clock=self._teller.short,
            number=lambda value: number(value, self._language),
        )
        return draw(graph)

    def _lanes(self, datastream: str) -> list[Lane]:
        ours = [told for told in self._source.story.told if told.datastream == datastream]

        def when(told: Told) -> int:
            return told.at_us if told.time_us is None else told.time_us

        return [
            Lane(self._pick(word), [when(told) for told in ours if told.kind == kind]) for kind, word in _KINDS.items()
        ]

    def _say(self, key: str) -> str:
        return self._pick(_WORDS[key])

    def _pick(self, text: Text) -> str:
        return text.id if self._language == "id" else text.en


def _end(alarm: Alarm) -> int:
    return max(alarm.raised_us, alarm.returned_us or 0, alarm.closed_us or 0)
