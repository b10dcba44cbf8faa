"""`siaga user …` and `siaga token …`: who there is; beside a running command center, too.  Light: imports when it runs.

What is done here is on record as `cli:` and the name of who is logged in at the machine.
"""

import contextlib
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sensors.command import Command
from sensors.settings import Settings
from sensors.times import rfc3339

if TYPE_CHECKING:
    from command_center.operations import Operations

ROLES = ("viewer", "operator", "supervisor", "admin")  # command_center.people.Role
SCOPES = ("wall", "read", "export", "metrics")  # command_center.people.Scope
Run = Callable[["Operations", Namespace, str, int], None]


def _user_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, text: str, run: Run, *, named: bool = True) -> ArgumentParser:
        added = actions.add_parser(name, help=text, description=text)
        added.set_defaults(run_action=run)
        if named:
            added.add_argument("name", metavar="NAME")
        added.add_argument("--data-dir", metavar="DIR", help="where operations.db is kept (default: data)")
        return added

    add = action("add", "make a user; the password is made and shown once", _add_user)
    add.add_argument("--role", choices=ROLES, required=True)
    password = action("password", "give another password, made and shown once; the sessions end", _set_password)
    for asking in (add, password):
        asking.add_argument("--ask", action="store_true", help="ask for the password instead of making one")
    action("role", "give another role; the sessions end", _set_role).add_argument("role", choices=ROLES, metavar="ROLE")
    action("remove", "remove a user; the sessions end, what was done stays on record", _remove_user)
    action("list", "who there is", _list_users, named=False)


def _token_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a token for a screen, an agency or a program; it is shown once")
    add.set_defaults(run_action=_add_token)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--scope", choices=SCOPES, action="append", required=True, help="what it opens; repeatable")
    revoke = actions.add_parser("revoke", help="end a token")
    revoke.set_defaults(run_action=_revoke_token)
    revoke.add_argument("name", metavar="NAME")
    actions.add_parser("list", help="which tokens there are, and their last use").set_defaults(run_action=_list_tokens)
    for action in actions.choices.values():
        action.add_argument("--data-dir", metavar="DIR", help="where operations.db is kept (default: data)")


def _run(arguments: Namespace, settings: Settings) -> int:
    run: Run = arguments.run_action
    with _opened(Path(arguments.data_dir or settings.data_dir)) as operations:
        run(operations, arguments, f"cli:{_login()}", time.time_ns() // 1000)
    return 0


@contextlib.contextmanager
def _opened(data_dir: Path) -> Iterator["Operations"]:
    """operations.db, which must be there: a wrong folder gets no new one."""
    from command_center.errors import StartError
    from command_center.operations import FILE, Operations

    os.umask(0o077)
    if not (data_dir / FILE).is_file():
        raise StartError(
            f"{data_dir / FILE}: is not there; --data-dir names the folder of a Siaga that was started once"
        )
    operations = Operations(data_dir)
    try:
        yield operations
    finally:
        operations.close()


def _login() -> str:
    """Who is logged in at the machine; a number where the machine knows no name."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _asked() -> str:
    """A password: typed twice at a terminal, else a line of the standard input.  Raises NotAllowed."""
    import getpass

    from command_center.errors import NotAllowed
    from command_center.people import checked_password

    if not sys.stdin.isatty():
        return checked_password(sys.stdin.readline().rstrip("\n"))
    first = checked_password(getpass.getpass("password: "))
    if getpass.getpass("once more: ") != first:
        raise NotAllowed("password: the two are not the same")
    return first


def _add_user(operations: "Operations", arguments: Namespace, by: str, now_us: int) -> None:
    from command_center.accounts import Accounts
    from command_center.people import Role

    given = _asked() if arguments.ask else ""
    password = Accounts(operations, 1).add(arguments.name, Role(arguments.role), given, by, now_us)
    print(f"{arguments.name} is {arguments.role}{_shown(password, given)}")


def _set_password(operations: "Operations", arguments: Namespace, by: str, now_us: int) -> None:
    from command_center.accounts import Accounts

    given = _asked() if arguments.ask else ""
    password = Accounts(operations, 1).set_password(arguments.name, given, by, now_us)
    print(f"{arguments.name} has another password{_shown(password, given)}")


def _shown(password: str, given: str) -> str:
    return "" if given else f", password: {password}  (shown this once)"


def _set_role(operations: "Operations", arguments: Namespace, by: str, now_us: int) -> None:
    from command_center.accounts import Accounts
    from command_center.people import Role

    Accounts(operations, 1).set_role(arguments.name, Role(arguments.role), by, now_us)
    print(f"{arguments.name} is {arguments.role}")


def _remove_user(operations: "Operations", arguments: Namespace, by: str, now_us: int) -> None:
    from command_center.accounts import Accounts

    Accounts(operations, 1).remove(arguments.name, by, now_us)
    print(f"{arguments.name} is removed")


def _list_users(operations: "Operations", _arguments: Namespace, _by: str, _now_us: int) -> None:
    from command_center.accounts import Accounts

    for user in Accounts(operations, 1).users():
        print(f"{user.name}\t{user.role}\tpassword set {rfc3339(user.changed_us)}")


def _add_token(operations: "Operations", arguments: Namespace, by: str, now_us: int) -> None:
    from command_center.people import Scope
    from command_center.tokens import Tokens

    secret = Tokens(operations).add(arguments.name, map(Scope, arguments.scope), by, now_us)
    print(f"{arguments.name}: {secret}  (shown this once)")
    print("as a header: Authorization: Bearer and the token" + _wall_hint(arguments.scope))


def _wall_hint(scopes: list[str]) -> str:
    return "; for a wall open http://HOST:PORT/?token=… once at the screen" if "wall" in scopes else ""


def _revoke_token(operations: "Operations", arguments: Namespace, by: str, now_us: int) -> None:
    from command_center.tokens import Tokens

    Tokens(operations).revoke(arguments.name, by, now_us)
    print(f"{arguments.name} opens nothing any more")


def _list_tokens(operations: "Operations", _arguments: Namespace, _by: str, _now_us: int) -> None:
    from command_center.tokens import Tokens

    for token in Tokens(operations).listed():
        used = "never" if token.used_us is None else rfc3339(token.used_us)
        print(f"{token.name}\t{' '.join(token.scopes)}\tmade {rfc3339(token.made_us)} by {token.made_by}\tused {used}")


USER = Command("people and their roles: add, role, password, remove, list", _user_arguments, _run)
TOKEN = Command("tokens of screens, agencies and programs: add, revoke, list", _token_arguments, _run)
