"""operations.db: what only the command center writes (alarms and their events, users, sessions, audit, its cursor).

SQLite in WAL mode, `synchronous=FULL`: what an operator was told is done is on disk.  One connection behind a lock;
calls wait for the disk, so they are made from threads.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from command_center import audit
from command_center.errors import NotStored, OperationsError

FILE: Final = "operations.db"

_FIRST: Final = """
CREATE TABLE alarm (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they were born
    id TEXT NOT NULL UNIQUE,
    log_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    datastream TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL                         -- JSON of command_center.alarms.alarm.Alarm
);
CREATE INDEX alarm_of_datastream ON alarm (datastream, number);
CREATE INDEX alarm_of_state ON alarm (state, number);
CREATE TABLE alarm_event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alarm_id TEXT NOT NULL REFERENCES alarm (id),
    at_us INTEGER NOT NULL,
    event TEXT NOT NULL,
    by TEXT NOT NULL,                          -- empty: the detector
    comment TEXT NOT NULL,
    change TEXT                                -- JSON of command_center.alarms.alarm.Change; NULL for what people did
);
CREATE INDEX alarm_event_of_alarm ON alarm_event (alarm_id, number);
CREATE TABLE user (name TEXT PRIMARY KEY, password TEXT NOT NULL, changed_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE session (
    token_sha256 TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES user (name),
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE cursor (reader TEXT PRIMARY KEY, log_id TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
"""

_SET_ASIDE: Final = """
CREATE TABLE service_order (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL,                       -- a datastream, or a station
    ended_us INTEGER,                          -- NULL: in force
    body TEXT NOT NULL                         -- JSON of command_center.alarms.orders.Order
);
CREATE INDEX service_order_in_force ON service_order (ended_us);
CREATE TABLE annunciation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they were made
    alarm_id TEXT NOT NULL REFERENCES alarm (id),
    call INTEGER NOT NULL,                     -- the how-manieth of its alarm
    at_us INTEGER NOT NULL,
    datastream TEXT NOT NULL,
    level TEXT NOT NULL,
    rank INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    why TEXT NOT NULL,                         -- the event that made it
    muted TEXT NOT NULL,                       -- empty: heard; else why not
    UNIQUE (alarm_id, call)
);
CREATE INDEX annunciation_by_time ON annunciation (at_us);
ALTER TABLE alarm ADD COLUMN incident TEXT NOT NULL DEFAULT '';
CREATE INDEX alarm_of_incident ON alarm (incident, number);
"""

_ACTIONS: Final = """
CREATE TABLE action (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they were opened
    id TEXT NOT NULL UNIQUE,
    alarm_id TEXT NOT NULL REFERENCES alarm (id),
    state TEXT NOT NULL,
    body TEXT NOT NULL                         -- JSON of command_center.actions.action.Action
);
CREATE INDEX action_of_state ON action (state, number);
CREATE INDEX action_of_alarm ON action (alarm_id);
CREATE TABLE action_event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    action_id TEXT NOT NULL REFERENCES action (id),
    at_us INTEGER NOT NULL,
    act TEXT NOT NULL,
    by TEXT NOT NULL,                          -- empty: the detector
    comment TEXT NOT NULL
);
CREATE INDEX action_event_of_action ON action_event (action_id, number);
CREATE TABLE report (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alarm_id TEXT NOT NULL REFERENCES alarm (id),
    level TEXT NOT NULL,
    sent_us INTEGER NOT NULL,
    by TEXT NOT NULL,
    body TEXT NOT NULL                         -- JSON of command_center.actions.report.Sent
);
CREATE INDEX report_of_alarm ON report (alarm_id, level, number);
"""

_PEOPLE: Final = """
ALTER TABLE user ADD COLUMN role TEXT NOT NULL DEFAULT 'viewer';
UPDATE user SET role = 'admin';               -- before roles there was nobody but the first user
CREATE TABLE token (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,               -- of the secret, which is kept nowhere
    scopes TEXT NOT NULL,                      -- blanks between
    made_us INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    used_us INTEGER
) WITHOUT ROWID;
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    by TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE handover (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    by TEXT NOT NULL,
    receiver TEXT NOT NULL,
    text TEXT NOT NULL,
    journal_number INTEGER NOT NULL,           -- the newest note that the digest knows
    digest TEXT NOT NULL,                      -- JSON of command_center.handover.Digest, as it was then
    accepted_us INTEGER                        -- by the receiver, and nobody else
);
"""

_WARNINGS: Final = """
CREATE TABLE cap_alert (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they were drafted
    id TEXT NOT NULL UNIQUE,                   -- the message's identifier
    made_for TEXT NOT NULL UNIQUE,             -- nothing is made for the same twice
    chain TEXT NOT NULL,                       -- identifier of the first message of its story
    datastream TEXT NOT NULL,                  -- empty: written by hand
    state TEXT NOT NULL,
    scope TEXT NOT NULL,
    issued_us INTEGER,                         -- NULL: not issued
    body TEXT NOT NULL,                        -- JSON of command_center.alerts.record.Record
    xml BLOB                                   -- the very bytes that were issued
);
CREATE INDEX cap_alert_of_state ON cap_alert (state, number);
CREATE INDEX cap_alert_of_chain ON cap_alert (chain, number);
CREATE INDEX cap_alert_issued ON cap_alert (issued_us);
CREATE TABLE cap_act (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL REFERENCES cap_alert (id),
    at_us INTEGER NOT NULL,
    act TEXT NOT NULL,
    by TEXT NOT NULL,                          -- empty: a rule
    revision INTEGER NOT NULL,
    comment TEXT NOT NULL
);
CREATE INDEX cap_act_of_alert ON cap_act (alert_id, number);
"""

# What each version added: a file of an older one is brought up to date when it is opened, in one transaction.  A step
# is SQL, or what it takes Python for: a function of the connection, within that transaction.
Step = str | Callable[[sqlite3.Connection], None]
SCHEMA: Final[tuple[Step, ...]] = (_FIRST, _SET_ASIDE, _ACTIONS, audit.chain_older, _PEOPLE, _WARNINGS)
SCHEMA_VERSION: Final = len(SCHEMA)

Write = Callable[[sqlite3.Connection], None]  # a part of a transaction


class Operations:
    """The open database.  Usable from several threads; each call is one short transaction.

    Raises OperationsError where the file cannot be opened, is no operations.db or is one of another schema version.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._lock = threading.Lock()
        self.error = ""  # why the newest write failed; empty = it did not
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        except sqlite3.Error as error:
            raise OperationsError(f"{self._path}: cannot be opened: {error}") from error
        try:
            self._prepare()
        except (sqlite3.Error, OperationsError) as error:
            self._connection.close()
            raise OperationsError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when the block is left; NotStored, and nothing of it kept, where that fails."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                self.error = str(error)
                raise NotStored(f"{self._path}: cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise
            self.error = ""

    def read(self, statement: str, *values: object) -> list[Any]:
        """The rows of a SELECT, copied out."""
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise OperationsError(f"{self._path}: cannot be read: {error}") from error

    def audit_head(self) -> audit.Head:
        """The newest record of the audit chain.  Raises OperationsError."""
        rows = self.read(audit.HEAD)
        return audit.Head(*rows[0]) if rows else audit.Head(0, audit.GENESIS)

    def audit_after(self, after: int, limit: int) -> list[audit.Record]:
        """The audit records behind number `after`, oldest first.  Raises OperationsError."""
        return [audit.record(row) for row in self.read(audit.BEHIND, after, limit)]

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        try:
            self._connection.execute("BEGIN IMMEDIATE")  # before the version is read: another process may be at it
            _bring_up_to_date(self._connection)
            self._connection.execute("COMMIT")
        finally:
            self._roll_back()


def note_audit(connection: sqlite3.Connection, at_us: int, who: str, what: str, detail: str = "") -> None:
    """Put an act on record, in the transaction that does it."""
    audit.append(connection, at_us, who, what, detail)


@contextlib.contextmanager
def reading(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The file for reading only, beside whoever writes it.  Raises OperationsError, of what is read inside, too."""
    path = data_dir / FILE
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as found:
            (version,) = found.execute("PRAGMA user_version").fetchone()
            if version != SCHEMA_VERSION:
                raise OperationsError(
                    f"{path}: expected schema version {SCHEMA_VERSION}, got {version};"
                    " a start of the command center brings an older file up to date"
                )
            yield found
    except sqlite3.Error as error:
        raise OperationsError(f"{path}: cannot be read: {error}") from error


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise OperationsError(f"schema version: expected at most {SCHEMA_VERSION}, got {version}")
    for step in SCHEMA[version:]:
        if isinstance(step, str):
            for statement in _statements(step):
                connection.execute(statement)
        else:
            step(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _statements(text: str) -> Iterator[str]:
    """The statements of a step, one by one: `executescript` would commit what is open."""
    statement = ""
    for part in text.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
