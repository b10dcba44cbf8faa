"""Users and sessions in operations.db: of a password its argon2 hash is kept, of a session its token's SHA-256.

A session in use is extended, so that it never runs out under an operator's hands; at its end it is over all the same.
Another password, another role and a removal end the sessions of that user.  Nobody can take away the last admin.

Calls wait for the disk or for argon2 (about 50 ms and 64 MiB): they are made from threads.
"""

import hashlib
import logging
import secrets
import sqlite3
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from command_center.errors import NotAllowed, NotStored, UnknownName
from command_center.operations import Operations, note_audit
from command_center.people import Caller, Role, User, checked_name, checked_password
from sensors.times import HOUR_US, MINUTE_US

ADMIN: Final = "admin"
MAX_USERS: Final = 1_000
MAX_SESSIONS: Final = 100  # per user; the one that expires first makes room
LONGEST_SESSION_US: Final = 16 * HOUR_US  # in use or not: two shifts of eight hours, or a double one
EXTEND_US: Final = 5 * MINUTE_US  # a use writes when it gains so much: reading stays reading
_TOKEN_BYTES: Final = 32
_PASSWORD_BYTES: Final = 12
_log = logging.getLogger("command_center.accounts")


@dataclass(frozen=True, slots=True)
class Session:
    """A login.  `token` is told to the client and kept nowhere."""

    user: str
    token: str
    expires_us: int  # if nothing is done with it
    ends_us: int  # whatever is done with it


class Accounts:
    """Who may act, and who is logged in."""

    def __init__(self, operations: Operations, session_hours: float) -> None:
        self._operations = operations
        self._session_us = round(session_hours * HOUR_US)
        self._longest_us = max(self._session_us, LONGEST_SESSION_US)
        self._hasher = PasswordHasher()
        self._nobody = hash_of_nothing(self._hasher)  # unknown users cost the same time as known ones

    def ensure_admin(self, password: str, now_us: int) -> str | None:
        """Make `admin` where nobody has that role; give it `password` where that is set and another.

        Returns a password that was made, to be shown once.
        """
        stored = self._password_of(ADMIN)
        if stored is None and not any(user.role is Role.ADMIN for user in self.users()):
            made = password or made_password()
            self._insert(ADMIN, Role.ADMIN, made, "", now_us)
            return None if password else made
        if stored is not None and password and not self._matches(stored, password):
            self._store_password(ADMIN, password, "", now_us, "password set by the settings")
        return None

    def users(self) -> list[User]:
        """Everybody, by name."""
        rows = self._operations.read("SELECT name, role, changed_us FROM user ORDER BY name")
        return [User(name=name, role=Role(role), changed_us=changed_us) for name, role, changed_us in rows]

    def add(self, name: str, role: Role, password: str, by: str, now_us: int) -> str:
        """A new user; the password, which is made where none is given.  Raises NotAllowed, NotStored."""
        password = checked_password(password or made_password())
        self._insert(checked_name(name), role, password, by, now_us)
        return password

    def _insert(self, name: str, role: Role, password: str, by: str, now_us: int) -> None:
        hashed = self._hasher.hash(password)
        with self._operations.transaction() as connection:
            [(users, twins)] = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE lower(name) = lower(?)) FROM user", (name,)
            ).fetchall()
            if twins:
                raise NotAllowed(f"there is a user {name!r} already (capital letters make no other name)")
            if users >= MAX_USERS:
                raise NotAllowed(f"there are {MAX_USERS} users: remove some first")
            connection.execute(
                "INSERT INTO user (name, password, role, changed_us) VALUES (?, ?, ?, ?)", (name, hashed, role, now_us)
            )
            note_audit(connection, now_us, by, "user made", f"{name} {role}")

    def set_role(self, name: str, role: Role, by: str, now_us: int) -> None:
        """Another role; the user logs in anew.  Raises UnknownName, NotAllowed, NotStored."""
        with self._operations.transaction() as connection:
            before = _role_of(connection, name)
            if before is role:
                return
            if before is Role.ADMIN:
                _refuse_last_admin(connection, name)
            _end_sessions(connection, name)
            connection.execute("UPDATE user SET role = ? WHERE name = ?", (role, name))
            note_audit(connection, now_us, by, "role set", f"{name} {before} => {role}")

    def set_password(self, name: str, password: str, by: str, now_us: int) -> str:
        """Another password, made where none is given; returned.  Raises UnknownName, NotAllowed, NotStored."""
        password = checked_password(password or made_password())
        self._store_password(name, password, by, now_us, "password set")
        return password

    def change_own_password(self, name: str, old: str, new: str, now_us: int) -> Session | None:
        """A user's own new password, and a session in place of all before; None where `old` is wrong."""
        checked_password(new)
        if not self._matches(self._password_of(name) or self._nobody, old):
            return None
        self._store_password(name, new, name, now_us, "password set")
        return self.log_in(name, new, now_us)

    def remove(self, name: str, by: str, now_us: int) -> None:
        """A user less.  Raises UnknownName, NotAllowed, NotStored."""
        with self._operations.transaction() as connection:
            role = _role_of(connection, name)
            if role is Role.ADMIN:
                _refuse_last_admin(connection, name)
            _end_sessions(connection, name)
            connection.execute("DELETE FROM user WHERE name = ?", (name,))
            note_audit(connection, now_us, by, "user removed", f"{name} {role}")

    def log_in(self, user: str, password: str, now_us: int) -> Session | None:
        """A new session; None where user and password do not belong together."""
        stored = self._password_of(user)
        if not self._matches(stored or self._nobody, password) or stored is None:
            return None
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(user, token, now_us + self._session_us, now_us + self._longest_us)
        with self._operations.transaction() as connection:
            if (
                connection.execute("SELECT 1 FROM user WHERE (name, password) = (?, ?)", (user, stored)).fetchone()
                is None
            ):
                return None  # removed, or given another password, while argon2 was at it
            connection.execute("DELETE FROM session WHERE expires_us <= ?", (now_us,))
            connection.execute(
                "DELETE FROM session WHERE token_sha256 IN (SELECT token_sha256 FROM session WHERE user = ?"
                " ORDER BY expires_us DESC LIMIT -1 OFFSET ?)",
                (user, MAX_SESSIONS - 1),
            )
            connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?)", (digest(session.token), user, now_us, session.expires_us)
            )
            note_audit(connection, now_us, user, "login")
        return session

    def log_out(self, token: str, user: str, now_us: int) -> None:
        """End a session."""
        with self._operations.transaction() as connection:
            connection.execute("DELETE FROM session WHERE token_sha256 = ?", (digest(token),))
            note_audit(connection, now_us, user, "logout")

    def who(self, token: str, now_us: int) -> Caller | None:
        """Who is logged in with `token`, whose session this use extends; None where nobody is."""
        rows = self._operations.read(
            "SELECT user, role, created_us, expires_us FROM session JOIN user ON name = user"
            " WHERE token_sha256 = ? AND expires_us > ?",
            digest(token),
            now_us,
        )
        if not rows:
            return None
        user, role, created_us, expires_us = rows[0]
        ends_us = created_us + self._longest_us
        extended_us = min(now_us + self._session_us, ends_us)
        if extended_us - expires_us >= min(EXTEND_US, self._session_us // 4):
            expires_us = self._extend(token, expires_us, extended_us)
        return Caller(user, Role(role), expires_us=expires_us, ends_us=ends_us)

    def _extend(self, token: str, expires_us: int, extended_us: int) -> int:
        """When the session runs out now.  Where it cannot be stored it stays as it was: seeing goes on."""
        try:
            with self._operations.transaction() as connection:
                connection.execute(
                    "UPDATE session SET expires_us = ? WHERE token_sha256 = ?", (extended_us, digest(token))
                )
        except NotStored as error:
            _log.warning("a session in use is not extended: %s", error)
            return expires_us
        return extended_us

    def _password_of(self, user: str) -> str | None:
        rows = self._operations.read("SELECT password FROM user WHERE name = ?", user)
        return rows[0][0] if rows else None

    def _store_password(self, name: str, password: str, by: str, now_us: int, what: str) -> None:
        hashed = self._hasher.hash(password)
        with self._operations.transaction() as connection:
            _role_of(connection, name)
            _end_sessions(connection, name)
            connection.execute("UPDATE user SET password = ?, changed_us = ? WHERE name = ?", (hashed, now_us, name))
            note_audit(connection, now_us, by, what, name)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False


def hash_of_nothing(hasher: PasswordHasher) -> str:
    """A hash of no known password, which takes as long to compare as another of this hasher; at no cost."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, result = (b64encode(secrets.token_bytes(n)).rstrip(b"=").decode() for n in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19${cost}${salt}${result}"


def digest(token: str) -> str:
    """What is kept of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


def made_password() -> str:
    """A new password, 96 bits."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def _role_of(connection: sqlite3.Connection, name: str) -> Role:
    row = connection.execute("SELECT role FROM user WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise UnknownName(f"there is no user {name!r}")
    return Role(row[0])


def _refuse_last_admin(connection: sqlite3.Connection, name: str) -> None:
    others = connection.execute("SELECT 1 FROM user WHERE role = ? AND name <> ?", (Role.ADMIN, name)).fetchone()
    if others is None:
        raise NotAllowed(f"{name} is the last admin: make another one first")


def _end_sessions(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM session WHERE user = ?", (name,))
