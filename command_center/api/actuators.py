"""`/actuators`: sirens and lamps, who sounded them, and when each was proven last."""

import asyncio
from typing import Final, Literal

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.actuators import store
from command_center.actuators.command import PERSON, TEST, Order
from command_center.actuators.desk import ActuatorDesk
from command_center.actuators.trouble import Trouble
from command_center.actuators.view import ActuatorView, CommandView, actuator_view, command_view
from command_center.api.answers import ApiError, Comment, Remark, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Id, Limit, number_of
from command_center.clock import now_us
from command_center.operations import Operations
from command_center.people import Role
from sensors.actuator import Actuator

_NEWEST: Final = 2**62


class Telling(msgspec.Struct, frozen=True):
    """What an actuator is told, and why."""

    set: Literal["on", "off"]
    comment: Comment


class Testing(msgspec.Struct, frozen=True):
    """Words to a test."""

    comment: Remark = ""


class ActuatorList(Page[ActuatorView], frozen=True, kw_only=True):
    """The actuators, and what is wrong with them now."""

    troubles: list[Trouble]


class OneActuator(ActuatorView, frozen=True, kw_only=True):
    """One, and everything that it was told, the newest first."""

    commands: list[CommandView]
    next: str | None


def router(desk: ActuatorDesk, operations: Operations) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/actuators", tags=["actuators"])

    @routes.get("")
    @tells(ActuatorList)
    async def list_actuators() -> Response:
        """Every actuator of the city, with what it was told last, what it said, and the days since it was proven.

        `troubles` has what is wrong now: unconfirmed, expired, sounds_alone (an autonomous siren against a gauge that
        says normal), broker.
        """
        at_us = now_us()
        items = [_view(desk, one, at_us) for one in desk.actuators]
        return answer(ActuatorList(items=items, troubles=desk.troubles(at_us)))

    @routes.get("/{name}")
    @tells(OneActuator, refuses=(404,))
    async def one_actuator(name: Id, after: AfterNumber = "", limit: Limit = 100) -> Response:
        """One actuator, and everything that it was told, the newest first."""
        at_us, actuator = now_us(), _found(desk, name)
        before = number_of(after) or _NEWEST
        told = await asyncio.to_thread(store.in_order, operations, name, before, limit)
        view = _view(desk, actuator, at_us)
        commands = [command_view(command, at_us) for _, command in told]
        following = str(told[-1][0]) if len(told) == limit else None
        return answer(OneActuator(**msgspec.structs.asdict(view), commands=commands, next=following))

    @routes.post("/{name}/set")
    @tells(ActuatorView, takes=Telling(set="on", comment="Warga RW 3 diminta ke titik kumpul"), refuses=(404, 409))
    async def set_actuator(request: Request, name: Id) -> Response:
        """Sound it, or stop it, with words; whether it did is told by `last.state`."""
        said, actuator = await body_of(request, Telling), _found(desk, name)
        _check_role(request, actuator)
        order = Order(on=said.set == "on", why=PERSON, by=request.state.user, comment=said.comment)
        await desk.order(actuator, order, now_us())
        return answer(_view(desk, actuator, now_us()))

    @routes.post("/{name}/test")
    @tells(ActuatorView, takes=Testing(comment="Uji bulanan"), refuses=(404, 409))
    async def test_actuator(request: Request, name: Id) -> Response:
        """Sound it for five seconds: where it says that it did, it is proven end to end."""
        said, actuator = await body_of(request, Testing), _found(desk, name)
        _check_role(request, actuator)
        await desk.order(actuator, Order(on=True, why=TEST, by=request.state.user, comment=said.comment), now_us())
        return answer(_view(desk, actuator, now_us()))

    return routes


def _view(desk: ActuatorDesk, actuator: Actuator, at_us: int) -> ActuatorView:
    name = actuator.actuator
    return actuator_view(actuator, desk.newest.get(name), desk.said.get(name), desk.proven_us.get(name), at_us)


def _found(desk: ActuatorDesk, name: str) -> Actuator:
    actuator = desk.find(name)
    if actuator is None:
        raise ApiError(404, "not_found", f"there is no actuator {name!r}", "path.name")
    return actuator


def _check_role(request: Request, actuator: Actuator) -> None:
    """Raises ApiError 403 where the caller's role is less than the row asks for."""
    role = request.state.caller.role
    if role is None or not role.covers(Role(actuator.who)):
        raise ApiError(403, "forbidden", f"{actuator.actuator} is for a {actuator.who}, you are {role}", "path.name")
