"""What the record of an incident says of each thing that happened, in Indonesian and English."""

from typing import Final

import msgspec

from command_center.actuators.command import Command
from command_center.alarms.alarm import SILENT_LEVEL, Change, Event
from command_center.alarms.text import Teller
from sensors.catalogue import Catalogue, Text

_EVENTS: Final = {
    Event.RAISED: Text("{level} tercapai", "{level} reached"),
    Event.WORSE: Text("memburuk: {level} tercapai", "worse: {level} reached"),
    Event.CHANGED: Text("tingkat berubah: {level}", "level changed: {level}"),
    Event.RETURNED: Text("kembali normal, terakhir {level}", "back to normal, last {level}"),
    Event.SILENT: Text("tanpa data", "no data"),
    Event.HEARD: Text("data datang lagi", "heard again"),
    Event.VERIFY: Text("penurunan tidak dipercaya: periksa", "a fall is not believed: verify"),
    Event.CONFIRMED: Text("{level} dipastikan oleh pembacaan yang baik", "{level} confirmed by a good reading"),
    Event.POSSIBLE: Text("bisa jadi {level} (tanpa data)", "could be {level} (no data)"),
    Event.ACKNOWLEDGED: Text("alarm diakui", "alarm acknowledged"),
    Event.NOTE: Text("catatan", "note"),
    Event.CLOSED: Text("alarm ditutup", "alarm closed"),
    Event.LOG_CHANGED: Text("log pembacaan diganti", "the log of readings was replaced"),
    Event.SHELVED: Text("alarm ditunda", "alarm shelved"),
    Event.UNSHELVED: Text("penundaan berakhir", "no longer shelved"),
    Event.REFUTED: Text("alarm dibantah", "alarm refuted"),
    Event.SPEAKS_AGAIN: Text("alarm berbunyi lagi", "alarm speaks again"),
    Event.SET_ASIDE: Text("disisihkan (pemeliharaan/tidak beroperasi)", "set aside (maintenance/out of service)"),
    Event.BACK: Text("beroperasi lagi", "in service again"),
    Event.RELEASED: Text("sirene dan pesan massal dilepas", "sirens and mass messages released"),
}
_OUTCOMES: Final = {
    "begun": Text("pesan dimulai, hasilnya tidak diketahui", "message begun, its end is not known"),
    "sent": Text("pesan terkirim", "message sent"),
    "refused": Text("pesan DITOLAK", "message REFUSED"),
    "unknown": Text("pesan mungkin terkirim", "message perhaps sent"),
    "waiting": Text("pesan menunggu, belum dicoba", "message waits, not tried yet"),
    "withdrawn": Text("pesan ditarik sebelum dikirim", "message withdrawn before it was sent"),
}
_WHY: Final = {
    "first": Text("pemberitahuan pertama", "first notice"),
    "escalated": Text("eskalasi", "escalation"),
    "repeat": Text("pengulangan", "repeat"),
    "released": Text("dilepas ke banyak orang", "released to the many"),
}
_ACTS: Final = {
    "opened": Text("tindakan terbuka", "action opened"),
    "taken": Text("tindakan diambil", "action taken"),
    "done": Text("tindakan dilaksanakan", "action done"),
    "undone": Text("tindakan dicabut", "action taken back"),
    "note": Text("catatan tindakan", "note on the action"),
}
_WARNED: Final = {
    "drafted": Text("konsep peringatan dibuat", "warning drafted"),
    "rewritten": Text("konsep peringatan ditulis ulang", "draft written anew"),
    "edited": Text("konsep peringatan disunting", "draft edited"),
    "authorised": Text("peringatan disetujui", "warning authorised"),
    "issued": Text("PERINGATAN DITERBITKAN", "WARNING ISSUED"),
    "discarded": Text("konsep peringatan dibuang", "draft discarded"),
    "superseded": Text("peringatan digantikan", "warning superseded"),
    "cancelled": Text("peringatan dibatalkan", "warning cancelled"),
}
_HISTORY: Final = Text("riwayat", "historical")
_LIMIT: Final = Text("batas", "limit")
_LATE: Final = Text("terlambat", "late")
_CHANGE: Final = msgspec.json.Decoder(Change)


def event_words(event: str, change: str | None, datastream: str, catalogue: Catalogue) -> tuple[Text, int | None]:
    """What happened to an alarm, and the phenomenon time of what the detector found; `change` is its JSON."""
    found = None if change is None else _CHANGE.decode(change)
    words = _EVENTS[Event(event)]
    unit = getattr(catalogue.datastream_by_id.get(datastream), "unit", "")
    said = [
        _event_in(Teller("id", catalogue, 0), words, found, unit),
        _event_in(Teller("en", catalogue, 0), words, found, unit),
    ]
    if found is not None and found.historical:
        said = [f"{said[0]} ({_HISTORY.id})", f"{said[1]} ({_HISTORY.en})"]
    return Text(*said), None if found is None else found.time_us


def _event_in(teller: Teller, words: Text, change: Change | None, unit: str) -> str:
    said = teller.pick(words)
    if change is None:
        return said.format(level="").strip()
    level = "" if change.level == SILENT_LEVEL else teller.level_name(change.level)
    text = said.format(level=level).strip()
    if change.value is None:
        return text
    text += f": {teller.measured(change.value, unit)}"
    return text if change.limit is None else f"{text} ({teller.pick(_LIMIT)} {teller.measured(change.limit, unit)})"


def notice_words(outcome: str, why: str, *, late: bool) -> Text:
    """What became of a message."""
    done, kind = _OUTCOMES.get(outcome, Text(outcome, outcome)), _WHY.get(why, Text(why, why))
    return Text(
        f"{done.id} ({kind.id}{f', {_LATE.id}' if late else ''})",
        f"{done.en} ({kind.en}{f', {_LATE.en}' if late else ''})",
    )


def action_words(act: str, what: Text, opd: str) -> Text:
    """What happened to a standing action."""
    did = _ACTS.get(act, Text(act, act))
    return Text(f"{did.id}: {what.id} ({opd})", f"{did.en}: {what.en} ({opd})")


def warning_words(act: str, identifier: str, status: str) -> Text:
    """What was done about a warning; one that is not Actual says so."""
    did = _WARNED.get(act, Text(act, act))
    mark = "" if status == "Actual" else f" [{status}]"
    return Text(f"{did.id}{mark}: {identifier}", f"{did.en}{mark}: {identifier}")


def siren_words(command: Command) -> list[tuple[int, Text]]:
    """When an actuator was told, and when it said that it did it."""
    name, on = command.actuator, command.on
    told = Text(
        f"perintah {'BUNYI' if on else 'MATI'} ke {name} (upaya {command.attempt})",
        f"{name} told to switch {'ON' if on else 'OFF'} (attempt {command.attempt})",
    )
    if command.confirmed_us is None:
        mark = Text(f"{told.id}, TIDAK ada konfirmasi", f"{told.en}, NOT confirmed")
        return [(command.issued_us, mark)]
    confirmed = Text(f"{name} menjawab: sudah {'bunyi' if on else 'mati'}", f"{name} confirms: {'on' if on else 'off'}")
    return [(command.issued_us, told), (command.confirmed_us, confirmed)]
