"""Users and sessions in operations.db: of a password its argon2 hash is kept, of a session its token's SHA-256.

Calls wait for the disk or for argon2 (about 50 ms and 64 MiB): they are made from threads.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from command_center.operations import Operations, note_audit
from sensors.times import HOUR_US

ADMIN: Final = "admin"
MAX_SESSIONS: Final = 100  # per user; the one that expires first makes room
_TOKEN_BYTES: Final = 32
_PASSWORD_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Session:
    """A login.  `token` is told to the client and kept nowhere."""

    user: str
    token: str
    expires_us: int


class Accounts:
    """Who may act, and who is logged in."""

    def __init__(self, operations: Operations, session_hours: float) -> None:
        self._operations = operations
        self._session_us = round(session_hours * HOUR_US)
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())  # unknown users cost the same time as known ones

    def ensure_admin(self, password: str, now_us: int) -> str | None:
        """Make the first user, or give it `password` where that is set and another; a made password, to be shown once.

        A changed password ends the user's sessions.
        """
        stored = self._password_of(ADMIN)
        if stored is None:
            made = password or secrets.token_urlsafe(_PASSWORD_BYTES)
            self._set_password(made, now_us, "user made")
            return None if password else made
        if password and not self._matches(stored, password):
            self._set_password(password, now_us, "password set by the settings")
        return None

    def log_in(self, user: str, password: str, now_us: int) -> Session | None:
        """A new session; None where user and password do not belong together."""
        stored = self._password_of(user)
        if not self._matches(stored or self._nobody, password) or stored is None:
            return None
        session = Session(user, secrets.token_urlsafe(_TOKEN_BYTES), now_us + self._session_us)
        with self._operations.transaction() as connection:
            connection.execute("DELETE FROM session WHERE expires_us <= ?", (now_us,))
            connection.execute(
                "DELETE FROM session WHERE token_sha256 IN (SELECT token_sha256 FROM session WHERE user = ?"
                " ORDER BY expires_us DESC LIMIT -1 OFFSET ?)",
                (user, MAX_SESSIONS - 1),
            )
            connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?)", (_digest(session.token), user, now_us, session.expires_us)
            )
            note_audit(connection, now_us, user, "login")
        return session

    def log_out(self, token: str, user: str, now_us: int) -> None:
        """End a session."""
        with self._operations.transaction() as connection:
            connection.execute("DELETE FROM session WHERE token_sha256 = ?", (_digest(token),))
            note_audit(connection, now_us, user, "logout")

    def user_of(self, token: str, now_us: int) -> str | None:
        """Who is logged in with `token`; None where nobody is."""
        rows = self._operations.read(
            "SELECT user FROM session WHERE token_sha256 = ? AND expires_us > ?", _digest(token), now_us
        )
        return rows[0][0] if rows else None

    def _password_of(self, user: str) -> str | None:
        rows = self._operations.read("SELECT password FROM user WHERE name = ?", user)
        return rows[0][0] if rows else None

    def _set_password(self, password: str, now_us: int, what: str) -> None:
        with self._operations.transaction() as connection:
            connection.execute("DELETE FROM session WHERE user = ?", (ADMIN,))
            connection.execute(
                "INSERT INTO user VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET password = excluded.password,"
                " changed_us = excluded.changed_us",
                (ADMIN, self._hasher.hash(password), now_us),
            )
            note_audit(connection, now_us, "", what, ADMIN)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
