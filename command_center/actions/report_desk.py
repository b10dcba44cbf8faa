"""Which reports are due, and who gave which: kept in operations.db, counted down from there."""

import asyncio
import sqlite3
from typing import Final

import msgspec

from command_center.actions.report import Due, Given, How, ReportText, Sent, next_report
from command_center.actions.report_text import report_text
from command_center.alarms.desk import AlarmDesk
from command_center.bell import Bell
from command_center.operations import Operations, note_audit
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook

_SENT: Final = msgspec.json.Decoder(Sent)


class ReportDesk:
    """Read by API and wall; one report is next for each alarm at most."""

    def __init__(
        self, desk: AlarmDesk, operations: Operations, picture: Picture, sensors: SensorBook, news: Bell
    ) -> None:
        self._desk, self._operations, self._picture = desk, operations, picture
        self._sensors, self._news = sensors, news
        self._given = given_under_open_alarms(operations)

    def due(self) -> list[Due]:
        """The next report of every alarm that has one, the most urgent first."""
        directory = self._picture.directory
        if directory is None:
            return []
        alarms = self._desk.open_alarms()
        known = {alarm.id for alarm in alarms}
        self._given = {key: given for key, given in self._given.items() if key[0] in known}
        table = directory.catalogue.actions_of
        found = [
            next_report(one, table.get(one.datastream, ()), self._given) for one in alarms if one.datastream in table
        ]
        return sorted((one for one in found if one is not None), key=lambda one: (one.due_us, one.id))

    def text(self, due: Due, sender: str, now_us: int) -> ReportText | None:
        """What a report says now; None where its datastream is no longer in the catalogue."""
        directory = self._picture.directory
        sensor = self._sensors.one(due.alarm.datastream, now_us)
        if directory is None or sensor is None:
            return None
        return report_text(due, sensor, directory.catalogue, now_us, sender)

    async def send(self, report_id: str, by: str, how: How, comment: str, now_us: int) -> Sent | None:
        """Put on record that `by` gave a report; None where no such report is next.  Raises NotStored.

        A second one that says so of the same report gets what the first one put on record.
        """
        async with self._desk.acting() as store_also:
            known = await asyncio.to_thread(find, self._operations, report_id)
            due = next((one for one in self.due() if one.id == report_id), None)
            text = None if due is None else self.text(due, by, now_us)
            if known is not None or due is None or text is None:
                return known
            sent = Sent(
                id=report_id,
                alarm_id=due.alarm.id,
                datastream=due.alarm.datastream,
                level=due.held.level,
                count=due.count,
                by=by,
                how=how,
                comment=comment,
                sent_us=now_us,
                text=text,
            )

            def write(connection: sqlite3.Connection) -> None:
                put(connection, sent)

            await store_also([write])
            self._given[sent.alarm_id, sent.level] = Given(count=sent.count, last_us=now_us, last_by=by)
            self._news.ring()
            return sent


def put(connection: sqlite3.Connection, sent: Sent) -> None:
    """One report, with its audit record."""
    connection.execute(
        "INSERT INTO report (id, alarm_id, level, sent_us, by, body) VALUES (?, ?, ?, ?, ?, ?)",
        (sent.id, sent.alarm_id, sent.level, sent.sent_us, sent.by, msgspec.json.encode(sent).decode()),
    )
    note_audit(connection, sent.sent_us, sent.by, f"report by {sent.how}", sent.id)


def find(operations: Operations, report_id: str) -> Sent | None:
    """The report of that id, where it was given."""
    rows = operations.read("SELECT body FROM report WHERE id = ?", report_id)
    return _SENT.decode(rows[0][0]) if rows else None


def in_order(operations: Operations, after: int, limit: int) -> list[tuple[int, Sent]]:
    """(number, report) in the order in which they were given, after `after`."""
    rows = operations.read("SELECT number, body FROM report WHERE number > ? ORDER BY number LIMIT ?", after, limit)
    return [(number, _SENT.decode(body)) for number, body in rows]


def given_under_open_alarms(operations: Operations) -> dict[tuple[str, str], Given]:
    """What was reported of alarms that are not closed, by (alarm id, level)."""
    rows = operations.read(
        "SELECT alarm_id, level, count(*), max(sent_us), by FROM report"  # `by` of the row that has the maximum
        " WHERE alarm_id IN (SELECT id FROM alarm WHERE state != 'normal') GROUP BY alarm_id, level"
    )
    return {
        (alarm_id, level): Given(count=count, last_us=last_us, last_by=by)
        for alarm_id, level, count, last_us, by in rows
    }
