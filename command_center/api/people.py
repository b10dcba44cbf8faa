"""`/users` and `/tokens`: who there is.  For admins; a password or token that was made is in the answer, this once."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.accounts import Accounts
from command_center.api.answers import answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import Id
from command_center.clock import now_us
from command_center.people import NewName, NewPassword, Role, Scope, User
from command_center.tokens import Token, Tokens
from sensors.times import rfc3339


class NewUser(msgspec.Struct, frozen=True):
    """A user to be made; without a password one is made."""

    name: NewName
    role: Role
    password: NewPassword | None = None


class NewRole(msgspec.Struct, frozen=True):
    """Another role."""

    role: Role


class OtherPassword(msgspec.Struct, frozen=True):
    """Another password; without one it is made."""

    password: NewPassword | None = None


class NewToken(msgspec.Struct, frozen=True):
    """A token to be made."""

    name: NewName
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=10)]


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user."""

    name: str
    role: str
    password_set_at: str


class UserRole(msgspec.Struct, frozen=True, kw_only=True):
    """A user's role."""

    name: str
    role: Role


class MadeUser(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new user; `password` where it was made, this once."""

    name: str
    role: Role
    password: str | None = None


class MadePassword(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user whose password is another now; `password` where it was made, this once."""

    name: str
    password: str | None = None


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """Who is no user any more."""

    name: str
    removed: bool = True


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without its secret."""

    name: str
    scopes: tuple[Scope, ...]
    made_at: str
    made_by: str
    used_at: str | None  # to 10 minutes


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new token; `token` is told this once."""

    name: str
    scopes: list[Scope]
    token: str


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """A token that opens nothing any more."""

    name: str
    revoked: bool = True


def router(accounts: Accounts, hashing: asyncio.Semaphore) -> APIRouter:
    """`/users`; `hashing` bounds how many passwords are hashed at once."""
    routes = APIRouter(prefix="/users", tags=["people"])

    @routes.get("")
    @tells(Page[UserView])
    async def list_users() -> Response:
        """Everybody, with role and the time when the password was set last."""
        users = await asyncio.to_thread(accounts.users)
        return answer(Page(items=[_user_view(user) for user in users]))

    @routes.post("")
    @tells(MadeUser, status=201, takes=NewUser(name="siti", role=Role.OPERATOR), refuses=(409,))
    async def add_user(request: Request) -> Response:
        """A new user.  A password that was made is in the answer, and nowhere else."""
        new = await body_of(request, NewUser)
        async with hashing:
            password = await asyncio.to_thread(
                accounts.add, new.name, new.role, new.password or "", request.state.user, now_us()
            )
        return answer(MadeUser(name=new.name, role=new.role, password=_made(password, new.password)), 201)

    @routes.post("/{name}/role")
    @tells(UserRole, takes=NewRole(role=Role.SUPERVISOR), refuses=(404, 409))
    async def set_role(request: Request, name: Id) -> Response:
        """Another role; the user's sessions end.  409 for the last admin."""
        wanted = await body_of(request, NewRole)
        await asyncio.to_thread(accounts.set_role, name, wanted.role, request.state.user, now_us())
        return answer(UserRole(name=name, role=wanted.role))

    @routes.post("/{name}/password")
    @tells(MadePassword, takes=OtherPassword(), refuses=(404, 409))
    async def set_password(request: Request, name: Id) -> Response:
        """Another password; the user's sessions end.  One that was made is in the answer, and nowhere else."""
        wanted = await body_of(request, OtherPassword)
        async with hashing:
            password = await asyncio.to_thread(
                accounts.set_password, name, wanted.password or "", request.state.user, now_us()
            )
        return answer(MadePassword(name=name, password=_made(password, wanted.password)))

    @routes.post("/{name}/remove")
    @tells(Removed, refuses=(404, 409))
    async def remove(request: Request, name: Id) -> Response:
        """A user less; the user's sessions end.  409 for the last admin."""
        await asyncio.to_thread(accounts.remove, name, request.state.user, now_us())
        return answer(Removed(name=name))

    return routes


def token_router(tokens: Tokens) -> APIRouter:
    """`/tokens`."""
    routes = APIRouter(prefix="/tokens", tags=["people"])

    @routes.get("")
    @tells(Page[TokenView])
    async def list_tokens() -> Response:
        """Every token of a screen, an agency or a program: scopes, who made it when, its last use to 10 minutes."""
        listed = await asyncio.to_thread(tokens.listed)
        return answer(Page(items=[_token_view(token) for token in listed]))

    @routes.post("")
    @tells(MadeToken, status=201, takes=NewToken(name="dinas-pu", scopes=[Scope.READ, Scope.EXPORT]), refuses=(409,))
    async def add_token(request: Request) -> Response:
        """A new token; it is in the answer, and nowhere else."""
        new = await body_of(request, NewToken)
        secret = await asyncio.to_thread(tokens.add, new.name, new.scopes, request.state.user, now_us())
        return answer(MadeToken(name=new.name, scopes=sorted(set(new.scopes)), token=secret), 201)

    @routes.post("/{name}/revoke")
    @tells(Revoked, refuses=(404,))
    async def revoke(request: Request, name: Id) -> Response:
        """The token opens nothing from now on; a live view that it opened ends within 15 s."""
        await asyncio.to_thread(tokens.revoke, name, request.state.user, now_us())
        return answer(Revoked(name=name))

    return routes


def _made(password: str, given: str | None) -> str | None:
    return None if given else password


def _user_view(user: User) -> UserView:
    return UserView(name=user.name, role=user.role, password_set_at=rfc3339(user.changed_us))


def _token_view(token: Token) -> TokenView:
    return TokenView(
        name=token.name,
        scopes=token.scopes,
        made_at=rfc3339(token.made_us),
        made_by=token.made_by,
        used_at=None if token.used_us is None else rfc3339(token.used_us),
    )
