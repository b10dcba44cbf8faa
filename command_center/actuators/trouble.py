"""What is wrong with sirens and lamps, in words: for the wall, for health, and for whoever is to be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from command_center.actuators.command import Command, Standing
from command_center.actuators.sounding import shown_by_gauges
from command_center.alarms.alarm import Alarm
from sensors.actuator import Actuator
from sensors.catalogue import Catalogue, Text
from sensors.times import HOUR_US

UNPROVEN_US: Final = 90 * 24 * HOUR_US  # FACTS 3.10: unproven for so long is said


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.  `kind`: unconfirmed, expired, sounds_alone, broker."""

    actuator: str  # or the name of a broker
    kind: str
    since_us: int
    text: Text

    @property
    def id(self) -> str:
        """The same as long as it lasts: a notification of it is not sent twice."""
        return f"{self.actuator}.{self.kind}.{self.since_us}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the actuators: the newest command of each, what each said last, and the alarms that are open."""

    newest: Mapping[str, Command]
    said: Mapping[str, tuple[bool, int]]
    alarms: Iterable[Alarm]


def troubles(catalogue: Catalogue, seen: Seen, now_us: int) -> list[Trouble]:
    """Everything that is wrong with the catalogue's actuators, in its order."""
    found = []
    for actuator in catalogue.actuators:
        command = seen.newest.get(actuator.actuator)
        if command is not None:
            found += _of_command(actuator, command, now_us)
        if actuator.is_autonomous:
            found += _alone(actuator, catalogue, seen)
    return found


def is_unproven(actuator: Actuator, proven_us: int | None, now_us: int) -> bool:
    """Whether nobody knows if it still works: told and confirmed too long ago, or never."""
    return not actuator.is_autonomous and (proven_us is None or now_us - proven_us > UNPROVEN_US)


def _of_command(actuator: Actuator, command: Command, now_us: int) -> list[Trouble]:
    name, word = actuator.actuator, Text("menyala" if command.on else "mati", command.word)
    match command.standing(now_us):
        case Standing.UNCONFIRMED:
            text = Text(
                f"{name} disuruh {word.id} dan tidak menjawab: periksa di tempat",
                f"{name} was told {word.en} and did not answer: go and look",
            )
            return [Trouble(actuator=name, kind="unconfirmed", since_us=command.issued_us, text=text)]
        case Standing.EXPIRED:
            text = Text(
                f"Perintah {word.id} tidak sampai ke broker {name}: periksa jaringan",
                f"The command {word.en} did not reach the broker of {name}: check the network",
            )
            return [Trouble(actuator=name, kind="expired", since_us=command.issued_us, text=text)]
        case _:
            return []


def _alone(actuator: Actuator, catalogue: Catalogue, seen: Seen) -> list[Trouble]:
    """An autonomous siren has a switch of its own: where it sounds, it may be our gauge that is wrong."""
    said = seen.said.get(actuator.actuator)
    if said is None or not said[0] or shown_by_gauges(actuator, seen.alarms, catalogue):
        return []
    text = Text(
        f"{actuator.actuator} berbunyi, alat ukur kita normal: periksa alat ukur",
        f"{actuator.actuator} sounds, our gauge says normal: check the gauge",
    )
    return [Trouble(actuator=actuator.actuator, kind="sounds_alone", since_us=said[1], text=text)]
