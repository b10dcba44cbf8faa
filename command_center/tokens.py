"""API tokens of screens, agencies and programs in operations.db: a name, scopes, and of the token its SHA-256.

A token reads and never acts.  It holds until it is revoked.  Calls wait for the disk: they are made from threads.
"""

import logging
import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from command_center.accounts import digest
from command_center.errors import NotAllowed, NotStored, UnknownName
from command_center.operations import Operations, note_audit
from command_center.people import Caller, Scope, checked_name
from sensors.times import MINUTE_US

PREFIX: Final = "siaga_"  # no session begins so
MAX_TOKENS: Final = 1_000
USED_US: Final = 10 * MINUTE_US  # the last use is known so exactly: one write in ten minutes
_TOKEN_BYTES: Final = 32
_log = logging.getLogger("command_center.tokens")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without the secret."""

    name: str
    scopes: tuple[Scope, ...]
    made_us: int  # µs UTC
    made_by: str
    used_us: int | None  # the last use, to 10 minutes; None: never


class Tokens:
    """Which tokens there are, and whose is which."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def listed(self) -> list[Token]:
        """Every token, by name."""
        rows = self._operations.read("SELECT name, scopes, made_us, made_by, used_us FROM token ORDER BY name")
        return [
            Token(name=name, scopes=_scopes(scopes), made_us=made_us, made_by=made_by, used_us=used_us)
            for name, scopes, made_us, made_by, used_us in rows
        ]

    def add(self, name: str, scopes: Iterable[Scope], by: str, now_us: int) -> str:
        """A new token: the secret, to be shown once.  Raises NotAllowed, NotStored."""
        secret = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        given = " ".join(sorted(set(scopes)))
        if not given:
            raise NotAllowed(f"a token needs a scope: expected some of {', '.join(Scope)}")
        with self._operations.transaction() as connection:
            [(tokens, twins)] = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE lower(name) = lower(?)) FROM token", (checked_name(name),)
            ).fetchall()
            if twins:
                raise NotAllowed(f"there is a token {name!r} already: revoke it first")
            if tokens >= MAX_TOKENS:
                raise NotAllowed(f"there are {MAX_TOKENS} tokens: revoke some first")
            connection.execute(
                "INSERT INTO token (name, sha256, scopes, made_us, made_by) VALUES (?, ?, ?, ?, ?)",
                (name, digest(secret), given, now_us, by),
            )
            note_audit(connection, now_us, by, "token made", f"{name} {given}")
        return secret

    def revoke(self, name: str, by: str, now_us: int) -> None:
        """The token opens nothing from now on.  Raises UnknownName, NotStored."""
        with self._operations.transaction() as connection:
            if not connection.execute("DELETE FROM token WHERE name = ?", (name,)).rowcount:
                raise UnknownName(f"there is no token {name!r}")
            note_audit(connection, now_us, by, "token revoked", name)

    def who(self, secret: str, now_us: int) -> Caller | None:
        """Whose token it is; None where it is nobody's."""
        rows = self._operations.read("SELECT name, scopes, used_us FROM token WHERE sha256 = ?", digest(secret))
        if not rows:
            return None
        name, scopes, used_us = rows[0]
        if used_us is None or now_us - used_us >= USED_US:
            self._note_use(name, now_us)
        return Caller(f"token:{name}", scopes=frozenset(_scopes(scopes)))

    def _note_use(self, name: str, now_us: int) -> None:
        try:
            with self._operations.transaction() as connection:
                connection.execute("UPDATE token SET used_us = ? WHERE name = ?", (now_us, name))
        except NotStored as error:
            _log.warning("the last use of the token %s is not stored: %s", name, error)


def _scopes(text: str) -> tuple[Scope, ...]:
    return tuple(Scope(scope) for scope in text.split())
