"""Alarms that no screen has shown for 30 s, as conditions: the worst of them, each told by itself.

Where no screen has shown anything since the start, that is one condition, and not one more message of every alarm.
"""

from collections.abc import Sequence
from typing import Final

from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.audience import Audience, audience_of_alarm
from command_center.picture.picture import Picture
from command_center.receipts import UNSEEN_AFTER_S, Receipts, annunciation_id
from command_center.troubles.trouble import Condition
from sensors.catalogue import Catalogue, Text

SCREENS: Final = "screens"  # the subject where no screen shows anything
MOST_TOLD: Final = 20  # at a time; the others are counted on the wall and follow when these are seen


class Unseen:
    """A source of the trouble desk."""

    def __init__(self, receipts: Receipts, desk: AlarmDesk, picture: Picture) -> None:
        self._receipts, self._desk, self._picture = receipts, desk, picture

    def __call__(self, now_us: int) -> list[Condition]:
        """Those of now.  A gauge that was lost in calm is the maintainers' matter: no screen has to show it."""
        directory = self._picture.directory
        if directory is None:
            return []
        silence = directory.catalogue.city.silence
        found = [
            alarm
            for alarm in self._receipts.unseen(self._desk.open_alarms(), now_us)
            if audience_of_alarm(alarm, silence) is not Audience.MAINTAINERS
        ]
        if found and self._receipts.is_blind:
            return [_nobody_looks([alarm for alarm in found if not alarm.shown.exercise] or found)]
        worst = sorted(found, key=lambda alarm: (alarm.shown.exercise, -alarm.severity, alarm.raised_us))
        return [_condition(alarm, directory.catalogue) for alarm in worst[:MOST_TOLD]]


def _nobody_looks(alarms: Sequence[Alarm]) -> Condition:
    return Condition(
        subject=SCREENS,
        kind="unseen",
        since_us=min(_called_us(alarm) for alarm in alarms),
        text=Text(
            "Tidak ada layar yang menampilkan alarm sejak Siaga dimulai: buka dinding atau konsol",
            "No screen has shown an alarm since Siaga started: open a wall or a console",
        ),
        severity=max(alarm.severity for alarm in alarms),
        exercise=all(alarm.shown.exercise for alarm in alarms),
    )


def _called_us(alarm: Alarm) -> int:
    return alarm.raised_us if alarm.called_us is None else alarm.called_us


def _condition(alarm: Alarm, catalogue: Catalogue) -> Condition:
    code = alarm.datastream.partition(":")[0]
    station = catalogue.station_by_id.get(code)
    name = code if station is None else station.name
    return Condition(
        subject=annunciation_id(alarm),
        kind="unseen",
        since_us=_called_us(alarm),
        text=Text(
            f"Tidak ada layar yang menampilkan alarm {name} selama {UNSEEN_AFTER_S} detik: periksa dinding dan konsol",
            f"No screen has shown the alarm of {name} for {UNSEEN_AFTER_S} s: look after wall and console",
        ),
        severity=alarm.severity,
        place=code,
        exercise=alarm.shown.exercise,
    )
