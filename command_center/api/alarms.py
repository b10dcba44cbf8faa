"""`/alarms`: the list, one alarm with its story, and what people do about it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response
from msgspec.structs import asdict

from command_center.alarms import store
from command_center.alarms.alarm import Alarm, State
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.view import AlarmView, AlarmWithEvents, alarm_with_events
from command_center.alarms.viewer import AlarmViewer
from command_center.api.alarm_acts import found_alarm, view_of
from command_center.api.answers import ApiError, answer
from command_center.api.contract import Page, tells
from command_center.api.parameters import After, Id, Limit, Seeing, place_of, states_pattern
from command_center.api.place import Place
from command_center.operations import Operations
from command_center.picture.picture import Picture
from command_center.receipts import Receipts
from sensors.times import rfc3339

STATES = tuple(State)
OPEN = tuple(state for state in State if state is not State.NORMAL)


class OneAlarm(AlarmWithEvents, frozen=True, kw_only=True):
    """An alarm, its story, and when a screen first showed its newest annunciation."""

    painted_at: str | None


def router(
    desk: AlarmDesk, operations: Operations, picture: Picture, viewer: AlarmViewer, receipts: Receipts
) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/alarms", tags=["alarms"])

    @routes.get("")
    @tells(Page[AlarmView])
    async def list_alarms(
        audience: Seeing,
        state: Annotated[
            str,
            Query(
                description="states, comma between; `open` = all but normal; empty = all",
                json_schema_extra=states_pattern((*STATES, "open")),
            ),
        ] = "",
        after: After = "",
        limit: Limit = 1_000,
    ) -> Response:
        """Alarms in the order in which they were raised, those included that operations.db has not taken yet.

        Those of what is not shared with you are left out.
        """
        states = _states(state)
        page = await _page(desk, operations, states, place_of(after), limit)
        seen = [alarm for alarm in page if picture.shows(alarm.datastream, audience)]
        items = [view_of(alarm, viewer, audience) for alarm in seen if states is None or alarm.state in states]
        return answer(Page(items=items, next=_cursor(page[-1]) if page else None))

    @routes.get("/{alarm_id}")
    @tells(OneAlarm, refuses=(404,))
    async def one_alarm(alarm_id: Id, audience: Seeing) -> Response:
        """One alarm, everything that happened to it, and when a screen first showed its newest annunciation."""
        found = await desk.find(alarm_id)
        is_seen = found is not None and picture.shows(found.datastream, audience)
        alarm = found_alarm(found if is_seen else None, alarm_id)
        events = await asyncio.to_thread(store.events_of, operations, alarm_id)
        painted_us = receipts.painted_us(alarm)
        painted_at = None if painted_us is None else rfc3339(painted_us)
        told = alarm_with_events(view_of(alarm, viewer, audience), events)
        return answer(OneAlarm(**asdict(told), painted_at=painted_at))

    return routes


def _states(text: str) -> tuple[State, ...] | None:
    """The states named; None where none is."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    wrong = sorted(names - {*STATES, "open"})
    if wrong:
        raise ApiError(422, "invalid", f"no state {wrong[0]!r}; known are open, {', '.join(STATES)}", "query.state")
    if not names:
        return None
    return tuple(state for state in State if state in names or ("open" in names and state in OPEN))


async def _page(
    desk: AlarmDesk, operations: Operations, states: tuple[State, ...] | None, after: Place, limit: int
) -> list[Alarm]:
    """The alarms behind `after` as memory knows them.

    Where operations.db takes no writes, memory is ahead of it: alarms that it holds in another state are looked at as
    well (so some of the page may not be of `states`), and those that it does not hold come behind all others.
    """
    unstored = desk.unstored_alarms()  # before the read: an alarm stored meanwhile is found twice, never missed
    begin = next((i + 1 for i, alarm in enumerate(unstored) if _behind(alarm) == after), None)
    if begin is not None:
        return unstored[begin : begin + limit]
    number = await asyncio.to_thread(_number, operations, after)
    found = await asyncio.to_thread(store.in_order, operations, states, desk.pending_ids(), number, limit)
    stored = {alarm.id: desk.newest(alarm) for _, alarm in found}
    return [*stored.values(), *(alarm for alarm in unstored if alarm.id not in stored)][:limit]


def _number(operations: Operations, place: Place) -> int:
    """The number behind which a page begins; 0, the beginning, for a log of which no alarm is known."""
    return store.number_at(operations, place.log_id, place.seq, place.n - 1) or 0


def _cursor(alarm: Alarm) -> str:
    return str(_behind(alarm))


def _behind(alarm: Alarm) -> Place:
    return Place(alarm.log_id, alarm.born.seq, alarm.born.ordinal + 1)
