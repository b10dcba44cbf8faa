"""`/actions`: standing actions, who has them, and what people say about them."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from command_center.actions import store
from command_center.actions.action import Action, ActionAct, ActionEvent, ActionState
from command_center.actions.acts import ActionActs
from command_center.actions.view import ActionView, ActionWithEvents, action_view, with_events
from command_center.api.answers import ApiError, Comment, Remark, answer, body_of
from command_center.api.contract import Page, tells
from command_center.api.parameters import AfterNumber, Id, Limit, Seeing, number_of, states_pattern
from command_center.clock import now_us
from command_center.operations import Operations
from command_center.picture.picture import Picture
from sensors.sharing import Audience

OPEN = tuple(state for state in ActionState if state is not ActionState.UNDONE)


class Saying(msgspec.Struct, frozen=True):
    """What a person says about an act."""

    comment: Remark = ""


class Taking(Saying, frozen=True):
    """Whether it is taken over from somebody."""

    over: bool = False


class Noting(msgspec.Struct, frozen=True):
    """What is to be on record."""

    comment: Comment


class Undoing(Noting, frozen=True):
    """Why, and by what it was seen that it can be taken back, where the gauge cannot tell."""

    seen: Literal["", "camera", "radio", "neighbour", "on_site"] = ""


def router(acts: ActionActs, operations: Operations, picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/actions", tags=["actions"])

    def view(action: Action) -> ActionView:
        return action_view(action, acts.gauge_of(action, now_us()))

    @routes.get("")
    @tells(Page[ActionView])
    async def list_actions(
        audience: Seeing,
        state: Annotated[
            str,
            Query(
                description="states, comma between; `open` = all but undone, and so is empty; `all`",
                json_schema_extra=states_pattern((*ActionState, "open", "all")),
            ),
        ] = "",
        after: AfterNumber = "",
        limit: Limit = 1_000,
    ) -> Response:
        """Standing actions in the order in which they were opened; those not stored yet stand behind all others."""
        states, unstored = _states(state), acts.unstored  # before the read: one stored meanwhile is not missed
        found = await asyncio.to_thread(store.in_order, operations, states, number_of(after) or 0, limit)
        items = {one.id: one for _, one in found}
        if len(found) < limit:
            items |= {one.id: one for one in unstored if one.state in states}
        following = str(found[-1][0]) if found else None
        seen = [one for one in items.values() if picture.shows(one.datastream, audience)]
        return answer(Page(items=[view(one) for one in seen], next=following))

    @routes.get("/{action_id}")
    @tells(ActionWithEvents, refuses=(404,))
    async def one_action(action_id: Id, audience: Seeing) -> Response:
        """One action, and everything that happened to it."""
        action = _found(await acts.find(action_id), action_id, picture, audience)
        events = await asyncio.to_thread(store.events_of, operations, action_id)
        return answer(with_events(view(action), events))

    _acting(routes, acts, view)
    return routes


def _acting(routes: APIRouter, acts: ActionActs, view: Callable[[Action], ActionView]) -> None:
    """What people do about them."""

    @routes.post("/{action_id}/take")
    @tells(ActionView, takes=Taking(comment="Regu 2 berangkat dari posko Brangkal", over=False), refuses=(404, 409))
    async def take(request: Request, action_id: Id) -> Response:
        """Say that you have it in hand; with `over` also from somebody who had it."""
        said = await body_of(request, Taking)
        event = _event(request, action_id, ActionAct.TAKEN, said.comment)
        return answer(view(_found(await acts.take(event, over=said.over), action_id)))

    @routes.post("/{action_id}/done")
    @tells(ActionView, takes=Saying(comment="Pompa 2 menyala sejak 22:40"), refuses=(404, 409))
    async def done(request: Request, action_id: Id) -> Response:
        """Say that it is carried out; it stands until it is taken back."""
        said = await body_of(request, Saying)
        event = _event(request, action_id, ActionAct.DONE, said.comment)
        return answer(view(_found(await acts.carry_out(event), action_id)))

    @routes.post("/{action_id}/undo")
    @tells(ActionView, takes=Undoing(comment="Air sudah di bawah tanggul", seen="on_site"), refuses=(404, 409))
    async def undo(request: Request, action_id: Id) -> Response:
        """Take it back, with words; 409 while the level forbids it."""
        said = await body_of(request, Undoing)
        event = _event(request, action_id, ActionAct.UNDONE, said.comment)
        return answer(view(_found(await acts.undo(event, said.seen), action_id)))

    @routes.post("/{action_id}/note")
    @tells(ActionView, takes=Noting(comment="the road is under 20 cm of water"), refuses=(404, 409))
    async def note(request: Request, action_id: Id) -> Response:
        """Put a note on record."""
        said = await body_of(request, Noting)
        event = _event(request, action_id, ActionAct.NOTE, said.comment)
        return answer(view(_found(await acts.note(event), action_id)))


def _states(text: str) -> tuple[ActionState, ...]:
    """The states named; the open ones where none is.  Raises ApiError 422."""
    names = {name.strip() for name in text.split(",") if name.strip()} or {"open"}
    wrong = sorted(names - {*ActionState, "open", "all"})
    if wrong:
        known = f"open, all, {', '.join(ActionState)}"
        raise ApiError(422, "invalid", f"no state {wrong[0]!r}; known are {known}", "query.state")
    return tuple(s for s in ActionState if s in names or "all" in names or ("open" in names and s in OPEN))


def _event(request: Request, action_id: str, act: ActionAct, comment: str) -> ActionEvent:
    return ActionEvent(action_id=action_id, at_us=now_us(), act=act, by=request.state.user, comment=comment)


def _found(
    action: Action | None, action_id: str, picture: Picture | None = None, audience: Audience = Audience.INTERNAL
) -> Action:
    """The action, where the audience may see what opened it.  Raises ApiError 404."""
    if action is None or (picture is not None and not picture.shows(action.datastream, audience)):
        raise ApiError(404, "not_found", f"there is no action {action_id!r}", "path.action_id")
    return action
