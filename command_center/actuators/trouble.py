"""What is wrong with sirens and lamps, in words: for the wall, for health, and for whoever is to be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from command_center.actuators.command import TEST, Command, Standing
from command_center.actuators.sounding import shown_by_gauges
from command_center.alarms.alarm import Alarm
from command_center.audience import Audience
from command_center.troubles.trouble import Condition
from sensors.actuator import Actuator
from sensors.catalogue import Catalogue, Text
from sensors.times import HOUR_US

LINK_SEVERITY: Final = 2  # nothing sounds yet: who mends it has to know
TEST_SEVERITY: Final = 2  # of a test that failed
LEAST_SEVERITY: Final = 3  # of a siren that people count on
UNPROVEN_US: Final = 90 * 24 * HOUR_US  # FACTS 3.10: unproven for so long is said


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.  `kind`: unconfirmed, expired, sounds_alone, broker."""

    actuator: str  # or the name of a broker
    kind: str
    since_us: int
    text: Text
    severity: int = LINK_SEVERITY  # 1–4, as alarms have it
    place: str = ""  # the actuator's station, or its area
    cause: str = ""  # the alarm for which it was to sound: for another one people are told again
    audience: Audience = Audience.MAINTAINERS

    @property
    def condition(self) -> Condition:
        """It, as a source of the trouble desk."""
        return Condition(
            subject=self.actuator,
            kind=self.kind,
            since_us=self.since_us,
            text=self.text,
            severity=self.severity,
            place=self.place,
            cause=self.cause,
            audience=self.audience,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the actuators: the newest command of each, what became of the try before it, what each said
    last, and the alarms that are open.
    """

    newest: Mapping[str, Command]
    failed: Mapping[str, Standing]
    said: Mapping[str, tuple[bool, int]]
    alarms: Iterable[Alarm]


def troubles(catalogue: Catalogue, seen: Seen, now_us: int) -> list[Trouble]:
    """Everything that is wrong with the catalogue's actuators, in its order."""
    found = []
    for actuator in catalogue.actuators:
        command = seen.newest.get(actuator.actuator)
        if command is not None:
            before = seen.failed.get(actuator.actuator, Standing.UNCONFIRMED)
            found += _of_command(actuator, command, before, now_us)
        if actuator.is_autonomous:
            found += _alone(actuator, catalogue, seen)
    return found


def is_unproven(actuator: Actuator, proven_us: int | None, now_us: int) -> bool:
    """Whether nobody knows if it still works: told and confirmed too long ago, or never."""
    return not actuator.is_autonomous and (proven_us is None or now_us - proven_us > UNPROVEN_US)


def _of_command(actuator: Actuator, command: Command, before: Standing, now_us: int) -> list[Trouble]:
    """What is wrong with a command.  While it is tried again, what was wrong with the try before still is: `before`."""
    standing = command.standing(now_us)
    if command.attempt > 1 and standing in (Standing.WAITING, Standing.SENT):
        standing = before
    name, word = actuator.actuator, Text("menyala" if command.on else "mati", command.word)
    match standing:
        case Standing.UNCONFIRMED:
            text = Text(
                f"{name} disuruh {word.id} dan tidak menjawab: periksa di tempat",
                f"{name} was told {word.en} and did not answer: go and look",
            )
            return [_failed(actuator, command, "unconfirmed", text)]
        case Standing.EXPIRED:
            text = Text(
                f"Perintah {word.id} tidak sampai ke broker {name}: periksa jaringan",
                f"The command {word.en} did not reach the broker of {name}: check the network",
            )
            return [_failed(actuator, command, "expired", text)]
        case _:
            return []


def _failed(actuator: Actuator, command: Command, kind: str, text: Text) -> Trouble:
    """A command that came to nothing.  A test that fails is the maintainers'; else people have to go there."""
    is_test = command.why == TEST
    return Trouble(
        actuator=actuator.actuator,
        kind=kind,
        since_us=command.issued_us,
        text=text,
        severity=TEST_SEVERITY if is_test else max(LEAST_SEVERITY, command.severity),
        place=actuator.station or actuator.area,
        cause=command.alarm_id,
        audience=Audience.MAINTAINERS if is_test else Audience.BOTH,
    )


def link_trouble(broker: str, why: str, since_us: int) -> Trouble:
    """No link to the broker that sirens and lamps hang on."""
    text = Text(f"Broker sirene {broker} tidak terhubung: {why}", f"No link to the sirens' broker {broker}: {why}")
    return Trouble(actuator=broker, kind="broker", since_us=since_us, text=text)


def _alone(actuator: Actuator, catalogue: Catalogue, seen: Seen) -> list[Trouble]:
    """An autonomous siren has a switch of its own: where it sounds, it may be our gauge that is wrong."""
    said = seen.said.get(actuator.actuator)
    if said is None or not said[0] or shown_by_gauges(actuator, seen.alarms, catalogue):
        return []
    text = Text(
        f"{actuator.actuator} berbunyi, alat ukur kita normal: periksa alat ukur",
        f"{actuator.actuator} sounds, our gauge says normal: check the gauge",
    )
    return [
        Trouble(
            actuator=actuator.actuator,
            kind="sounds_alone",
            since_us=said[1],
            text=text,
            severity=LEAST_SEVERITY,
            place=actuator.station or actuator.area,
            audience=Audience.BOTH,
        )
    ]
