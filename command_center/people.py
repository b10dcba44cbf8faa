"""Who there is: roles of people, scopes of tokens, and who asks.

A person logs in and has a role; a screen, an agency or a program has a token and the scopes that it was given.  What
each of them opens stands in `command_center.api.rights`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from command_center.errors import NotAllowed
from sensors.sharing import Audience

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z"  # no colon: `cli:…` and `token:…` are nobody's login
SHORTEST_PASSWORD: Final = 8  # characters; NIST SP 800-63B, 5.1.1.1
LONGEST_PASSWORD: Final = 1_000
NewName = Annotated[str, msgspec.Meta(pattern=NAME, max_length=64)]  # in requests
NewPassword = Annotated[str, msgspec.Meta(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)]


class Role(StrEnum):
    """What a person may do; each may do what those before it may."""

    VIEWER = "viewer"  # sees
    OPERATOR = "operator"  # handles alarms
    SUPERVISOR = "supervisor"  # reads the record of who did what
    ADMIN = "admin"  # decides who there is

    def covers(self, least: "Role") -> bool:
        """Whether this role may do what `least` may.

        >>> Role.SUPERVISOR.covers(Role.OPERATOR), Role.VIEWER.covers(Role.OPERATOR)
        (True, False)
        """
        roles = list(Role)
        return roles.index(self) >= roles.index(least)


class Scope(StrEnum):
    """What a token may read.  No token acts: who acts is a person."""

    WALL = "wall"  # what a wall shows, and that it is one of ours
    READ = "read"  # everything that is shared with other agencies; with `wall` what a viewer may read
    EXPORT = "export"  # the log in its order, and tables
    METRICS = "metrics"  # health and figures, for a monitoring system


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user by a session, or (`role` None) a token."""

    name: str  # of a token `token:` and its name
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    expires_us: int | None = None  # when a session runs out if nothing is done with it, µs UTC
    ends_us: int | None = None  # when it runs out whatever is done with it


def audience_of(caller: Caller | None) -> Audience:
    """For whom an answer is made; `caller` None: whoever sits at this machine, which the gate has made sure of.

    People and walls are the command center's own, and so is a program whose token bears the scope `wall`; any other
    token is another agency's.

    >>> audience_of(Caller("token:dinas", scopes=frozenset({Scope.READ}))).value
    'agency'
    """
    if caller is None or caller.role is not None or Scope.WALL in caller.scopes:
        return Audience.INTERNAL
    return Audience.AGENCY if caller.scopes & {Scope.READ, Scope.EXPORT} else Audience.PUBLIC


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A named person."""

    name: str
    role: Role
    changed_us: int  # when the password was set last, µs UTC


def checked_name(name: str) -> str:
    """The name.  Raises NotAllowed where it is none."""
    if re.search(NAME, name) is None:
        raise NotAllowed(
            f"name: expected 1 to 64 letters, digits or . _ @ -, the first a letter or digit, got {name!r}"
        )
    return name


def checked_password(password: str) -> str:
    """The password.  Raises NotAllowed where it is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise NotAllowed(
            f"password: expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, got {len(password)}"
        )
    return password
