"""What our warnings say, in Indonesian and English, from one place: by hazard, response and message type."""

from typing import Final, Literal

import msgspec

from sensors.catalogue import Text

LANGUAGES: Final[dict[Literal["id", "en"], str]] = {"id": "id-ID", "en": "en-US"}  # CAP's default is en-US: always set


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm is about, for the public."""

    category: tuple[str, ...]
    event: Text
    responses: dict[int, str]  # by the alarm's severity


_PREPARE: Final = {4: "Prepare", 3: "Prepare", 2: "Monitor", 1: "Monitor"}
_FLOOD: Final = Hazard(
    category=("Met",), event=Text("Banjir", "Flood"), responses={4: "Evacuate", 3: "Prepare", 2: "Monitor", 1: "None"}
)
_HAZARDS: Final[dict[str, Hazard]] = {
    "river_level": _FLOOD,
    "discharge": _FLOOD,
    "rain": Hazard(
        category=("Met",),
        event=Text("Hujan lebat", "Heavy rain"),
        responses={4: "Avoid", 3: "Prepare", 2: "Monitor", 1: "None"},
    ),
    "air": Hazard(
        category=("Env", "Health"),
        event=Text("Udara tidak sehat", "Unhealthy air"),
        responses={4: "Shelter", 3: "Avoid", 2: "Monitor", 1: "None"},
    ),
    "traffic": Hazard(
        category=("Transport",),
        event=Text("Gangguan lalu lintas", "Traffic disruption"),
        responses={4: "Avoid", 3: "Avoid", 2: "Monitor", 1: "None"},
    ),
}
_HAZARDS["ispu"] = _HAZARDS["air"]
_OTHER: Final = Hazard(category=("Other",), event=Text("Keadaan bahaya", "Hazard"), responses=_PREPARE)

_INSTRUCTIONS: Final[dict[str, Text]] = {
    "Evacuate": Text(
        "Segera mengungsi ke tempat yang lebih tinggi atau titik kumpul. Dahulukan anak, lansia dan penyandang"
        " disabilitas. Matikan listrik bila aman. Ikuti petunjuk petugas.",
        "Move now to higher ground or the assembly point. Children, the old and people with disabilities first. Switch"
        " off the electricity if that is safe. Follow the officers' directions.",
    ),
    "Prepare": Text(
        "Bersiap mengungsi: amankan dokumen, obat dan barang penting, jauhi tepi sungai, pantau informasi resmi.",
        "Prepare to leave: secure documents, medicine and valuables, keep away from river banks, follow official news.",
    ),
    "Monitor": Text(
        "Tetap waspada, jauhi tepi sungai dan pantau informasi resmi.",
        "Stay alert, keep away from river banks and follow official news.",
    ),
    "Avoid": Text(
        "Hindari daerah ini; tunda perjalanan dan ikuti petunjuk petugas.",
        "Avoid the area; put off journeys and follow the officers' directions.",
    ),
    "Shelter": Text(
        "Tetap di dalam ruangan, tutup pintu dan jendela, pakai masker bila harus keluar.",
        "Stay indoors, close doors and windows, wear a mask if you must go out.",
    ),
    "AllClear": Text(
        "Keadaan berangsur normal. Tetap ikuti petunjuk petugas.",
        "The situation is returning to normal. Keep following the officers' directions.",
    ),
}
_FOLLOW: Final = Text("Ikuti petunjuk petugas.", "Follow the officers' directions.")
_MARKS: Final = {
    "Exercise": Text("LATIHAN - BUKAN KEJADIAN NYATA", "EXERCISE - NOT A REAL EVENT"),
    "Test": Text("UJI COBA - ABAIKAN", "TEST - PLEASE IGNORE"),
    "Draft": Text("DRAF - BELUM DISAHKAN", "DRAFT - NOT AUTHORISED"),
}
_DRILL: Final = _MARKS["Test"]


def hazard_of(kind: str) -> Hazard:
    """What a datastream of a kind warns of."""
    return _HAZARDS.get(kind, _OTHER)


def instruction(responses: tuple[str, ...]) -> Text:
    """What people shall do."""
    found = [_INSTRUCTIONS[one] for one in responses if one in _INSTRUCTIONS] or [_FOLLOW]
    return Text(" ".join(text.id for text in found), " ".join(text.en for text in found))


def mark(status: str) -> Text:
    """What a message that is no real warning begins with; empty texts for an Actual one."""
    return Text("", "") if status == "Actual" else _MARKS.get(status, _DRILL)


def over(is_cancel: bool) -> Text:
    """How the end of a warning is called."""
    return Text("Peringatan dicabut", "Warning cancelled") if is_cancel else Text("Keadaan aman", "All clear")


def limit_reached(limit: str) -> Text:
    """The limit behind a level."""
    return Text(f"Batas tingkat ini {limit}.", f"The limit of this level is {limit}.")


def next_level(level: Text, minutes: int) -> Text:
    """When the next level comes if it goes on so."""
    return Text(
        f"Bila terus naik, {level.id} dapat tercapai dalam sekitar {minutes} menit.",
        f"If it goes on rising, {level.en} can be reached in about {minutes} minutes.",
    )


def unsure() -> Text:
    """A reading that somebody must still look at."""
    return Text("Pembacaan masih diperiksa.", "The reading is still being checked.")
