"""The tables of operations.db, by what each version added."""

import sqlite3
from collections.abc import Callable
from typing import Final

from command_center import audit

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

_ACTUATORS: Final = """
CREATE TABLE actuation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    actuator TEXT NOT NULL,
    why TEXT NOT NULL,                         -- alarm, person, test
    is_on INTEGER NOT NULL,
    confirmed_us INTEGER,                      -- NULL: the actuator has not said that it did it
    body TEXT NOT NULL                         -- JSON of command_center.actuators.command.Command
);
CREATE INDEX actuation_of_actuator ON actuation (actuator, number);
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

_NOTICES: Final = """
ALTER TABLE annunciation ADD COLUMN exercise INTEGER NOT NULL DEFAULT 0;
CREATE TABLE planned_call (                    -- whose first notices are planned
    annunciation INTEGER PRIMARY KEY REFERENCES annunciation (number),
    alarm_id TEXT NOT NULL,
    call INTEGER NOT NULL,
    planned_us INTEGER NOT NULL,
    UNIQUE (alarm_id, call)
);
INSERT INTO planned_call SELECT number, alarm_id, call, at_us FROM annunciation;  -- of an older version: nobody is told
CREATE TABLE notice (                          -- the outbox: one row per chat or number
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alarm_id TEXT NOT NULL,                    -- empty: a test
    call INTEGER NOT NULL,
    target TEXT NOT NULL,                      -- where its address is, never the address
    ordinal INTEGER NOT NULL,
    contact TEXT NOT NULL,
    severity INTEGER NOT NULL,
    why TEXT NOT NULL,
    planned_us INTEGER NOT NULL,
    not_before_us INTEGER NOT NULL,
    late INTEGER NOT NULL,
    exercise INTEGER NOT NULL,
    datastream TEXT NOT NULL,                  -- of the annunciation: datastream, level, rank, when
    level TEXT NOT NULL,
    rank INTEGER NOT NULL,
    called_us INTEGER NOT NULL,
    progress TEXT NOT NULL,                    -- waiting, sent, withdrawn
    attempts INTEGER NOT NULL,
    perhaps_received INTEGER NOT NULL,         -- an attempt began and nobody knows how it ended
    done_us INTEGER,
    reason TEXT NOT NULL DEFAULT '',           -- why it was withdrawn
    UNIQUE (alarm_id, call, target, ordinal)
);
CREATE INDEX notice_done ON notice (done_us);
CREATE INDEX notice_waiting ON notice (target, number) WHERE progress = 'waiting';
CREATE TABLE notice_attempt (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    notice INTEGER NOT NULL REFERENCES notice (number),
    at_us INTEGER NOT NULL,
    ended_us INTEGER,                          -- NULL: nobody knows how it ended
    outcome TEXT NOT NULL,                     -- begun, sent, refused, unknown
    unrecorded INTEGER NOT NULL,               -- made while this file took no writes
    detail TEXT NOT NULL
);
CREATE INDEX notice_attempt_of_notice ON notice_attempt (notice, number);
"""

_TROUBLES: Final = """
CREATE TABLE trouble (                         -- of the means of warning: a siren that does not answer, …
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    raised_us INTEGER NOT NULL,
    cleared_us INTEGER,                        -- NULL: it is still so
    body TEXT NOT NULL                         -- JSON of command_center.troubles.trouble.Trouble
);
CREATE INDEX trouble_cleared ON trouble (cleared_us);
"""

# What each version added: a file of an older one is brought up to date when it is opened, in one transaction.  A step
# is SQL, or what it takes Python for: a function of the connection, within that transaction.
Step = str | Callable[[sqlite3.Connection], None]
SCHEMA: Final[tuple[Step, ...]] = (
    _FIRST,
    _SET_ASIDE,
    _ACTIONS,
    audit.chain_older,
    _PEOPLE,
    _WARNINGS,
    _NOTICES,
    _ACTUATORS,
    _TROUBLES,
)
SCHEMA_VERSION: Final = len(SCHEMA)
