"""A handover as a sheet: who hands over to whom, and the digest as it was then, in one language."""

from typing import Final

from command_center.alarms.text import Language, Teller
from command_center.handover import Section
from command_center.paper.sheet import Sheet, Table, cell
from command_center.shift_book import Handover
from sensors.catalogue import Catalogue, Text

_WORDS: Final = {
    "title": Text("Serah terima sif nomor {}", "Shift handover {}"),
    "from": Text("Dari", "From"),
    "to": Text("Kepada", "To"),
    "at": Text("Diserahkan", "Handed over"),
    "accepted": Text("Diterima", "Accepted"),
    "not_yet": Text("BELUM diterima", "NOT accepted yet"),
    "since": Text("Serah terima sebelumnya", "Handover before"),
    "none": Text("tidak ada", "none"),
    "said": Text("Pesan", "Message"),
    "nothing": Text("Tidak ada.", "None."),
    "more": Text("{} lagi tidak tercatat di sini.", "{} more are not on record here."),
    "line": Text("Catatan", "Entry"),
    "foot": Text("Siaga · {city} · waktu dalam {zone}", "Siaga · {city} · times in {zone}"),
}


def handover_sheet(handover: Handover, catalogue: Catalogue, language: Language, now_us: int) -> Sheet:
    """The sheet; the digest is told as it was when the shift was handed over."""
    teller, city = Teller(language, catalogue, now_us), catalogue.city

    def pick(text: Text) -> str:
        return text.id if language == "id" else text.en

    def say(key: str) -> str:
        return pick(_WORDS[key])

    def stamp(time_us: int | None, absent: str) -> str:
        return say(absent) if time_us is None else f"{teller.stamp(time_us)} {city.zone_label}"

    def table(section: Section) -> Table:
        more = say("more").format(section.left_out) if section.left_out else ""
        return Table(
            title=f"{pick(section.title)} ({len(section.lines) + section.left_out})",
            head=("#", say("line")),
            widths=(1.0, 18.0),
            rows=tuple((str(n), cell(pick(line))) for n, line in enumerate(section.lines, 1)),
            note=more or ("" if section.lines else say("nothing")),
        )

    said = ((say("said"), cell(handover.text)),) if handover.text.strip() else ()
    return Sheet(
        language=language,
        title=say("title").format(handover.number),
        band="",
        facts=(
            (say("from"), cell(handover.by)),
            (say("to"), cell(handover.receiver)),
            (say("at"), stamp(handover.at_us, "none")),
            (say("accepted"), stamp(handover.accepted_us, "not_yet")),
            (say("since"), stamp(handover.digest.since_us, "none")),
            *said,
        ),
        parts=tuple(map(table, handover.digest.sections)),
        foot=cell(say("foot").format(city=pick(city.name), zone=city.zone_label)),
    )
