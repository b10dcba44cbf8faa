"""Alarms as they are shown, with what lies ahead of their gauges: next level, minutes to it, minutes needed."""

from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.priority import Ahead
from command_center.alarms.release import gauges_beside
from command_center.alarms.view import AlarmView, alarm_view
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook
from sensors.catalogue import Text
from sensors.sharing import Audience
from sensors.times import MINUTE_US, parse_rfc3339


class AlarmViewer:
    """Over the picture, what is derived from each gauge, and the city's standing actions."""

    def __init__(self, picture: Picture, desk: AlarmDesk, book: SensorBook) -> None:
        self._picture, self._desk, self._book = picture, desk, book

    def view(self, alarm: Alarm, now_us: int, audience: Audience = Audience.INTERNAL) -> AlarmView | None:
        """The alarm as it stands; None where there is no catalogue yet.

        What lies ahead is told of what the audience may see.
        """
        directory = self._picture.directory
        if directory is None:
            return None
        return alarm_view(alarm, directory, self._picture.latest, now_us, self._ahead_of(alarm, now_us, audience))

    def beside(self, alarm: Alarm) -> list[str]:
        """The ids of the gauges that may speak for it, or against it: a declared neighbour, the next of its river."""
        directory = self._picture.directory
        datastream = None if directory is None else directory.catalogue.datastream_by_id.get(alarm.datastream)
        if directory is None or datastream is None:
            return []
        return list(dict.fromkeys(gauges_beside(datastream, directory)))

    def _ahead_of(self, alarm: Alarm, now_us: int, audience: Audience) -> Ahead | None:
        """None where nothing is projected within a day."""
        directory = self._picture.directory
        datastream = None if directory is None else directory.catalogue.datastream_by_id.get(alarm.datastream)
        if directory is None or datastream is None or not alarm.active:
            return None
        eta = self._book.eta_of(datastream.number, now_us, audience)
        if eta is None:
            return None
        least_min = eta.middle_min if eta.earliest_min is None else eta.earliest_min
        level = next((one for one in datastream.levels if one.level == eta.level), None)
        if least_min is None or level is None:
            return None
        style = directory.catalogue.city.levels.get(eta.level)
        return Ahead(
            level=Text(eta.level, eta.level) if style is None else style.name,
            severity=level.severity,
            left_min=max(least_min - (now_us - (parse_rfc3339(eta.time) or now_us)) / MINUTE_US, 0.0),
            needed_min=eta.needed_min,
        )
