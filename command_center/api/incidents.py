"""`/incidents`: what happens in the city, one for each basin, road, station or faulty link, with its alarms."""

import asyncio

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.alarms import store
from command_center.alarms.acts import Acts
from command_center.alarms.alarm import HIGHEST_SEVERITY, Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.view import AlarmView, AlarmWithEvents, alarm_with_events
from command_center.alarms.viewer import AlarmViewer
from command_center.api.alarm_acts import Act, view_of
from command_center.api.answers import ApiError, answer, body_of
from command_center.api.contract import Items, Page, tells
from command_center.api.parameters import Id, Seeing
from command_center.clock import now_us
from command_center.incidents.timeline import Moment, timeline
from command_center.incidents.view import IncidentView, incident_views
from command_center.operations import Operations
from command_center.picture.picture import Picture
from sensors.sharing import Audience

MOST_ALARMS = 2_000  # of one incident that are told in full


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many alarms were annunciated in the last ten minutes, and whether that is a flood (ISA-18.2)."""

    calls_10_min: int
    flood: bool


class IncidentList(Page[IncidentView], frozen=True, kw_only=True):
    """The open incidents, the worst first."""

    load: Load


class OneIncident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident; `incident` is null once it is over."""

    id: str
    open: bool
    incident: IncidentView | None
    alarms: list[AlarmWithEvents]
    timeline: list[Moment]


class ActOnIncident(Act, frozen=True):
    """What a person says about an act on an incident; `folded`: only on what a wall's card of it stands for."""

    folded: bool = False


def router(desk: AlarmDesk, operations: Operations, picture: Picture, viewer: AlarmViewer) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/incidents", tags=["incidents"])

    @routes.get("")
    @tells(IncidentList)
    async def list_incidents(audience: Seeing) -> Response:
        """The open ones, the worst first, and how many alarms were annunciated in the last ten minutes."""
        now = now_us()
        calls = desk.load.at(now)
        load = Load(calls_10_min=calls, flood=desk.load.is_flood)
        return answer(IncidentList(items=views(audience), load=load))

    @routes.get("/{incident_id}")
    @tells(OneIncident, refuses=(404,))
    async def one_incident(incident_id: Id, audience: Seeing) -> Response:
        """One, open or over: its alarms, and everything that happened to them in the order of time."""
        return answer(await _told(incident_id, audience))

    def views(audience: Audience) -> list[IncidentView]:
        """What the alarms make of themselves that the audience may see."""
        if picture.directory is None:
            raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
        seen = [alarm for alarm in desk.open_alarms() if picture.shows(alarm.datastream, audience)]
        return incident_views(seen, picture.directory.catalogue)

    async def _told(incident_id: str, audience: Audience) -> OneIncident:
        stored = await asyncio.to_thread(store.of_incident, operations, incident_id, MOST_ALARMS)
        alarms: list[Alarm] = [desk.newest(alarm) for alarm in stored]
        known = {alarm.id for alarm in alarms}
        alarms += [a for a in desk.open_alarms() if a.incident == incident_id and a.id not in known]
        alarms = [alarm for alarm in alarms if picture.shows(alarm.datastream, audience)]
        if not alarms:
            raise ApiError(404, "not_found", f"there is no incident {incident_id!r}", "path.incident_id")
        told = [(alarm, await asyncio.to_thread(store.events_of, operations, alarm.id)) for alarm in alarms]
        view = next((one for one in views(audience) if one.id == incident_id), None)
        return OneIncident(
            id=incident_id,
            open=view is not None,
            incident=view,
            alarms=[alarm_with_events(view_of(alarm, viewer, audience), events) for alarm, events in told],
            timeline=timeline(told),
        )

    _acting(routes, desk, viewer)
    return routes


def _acting(routes: APIRouter, desk: AlarmDesk, viewer: AlarmViewer) -> None:
    """What people do about one."""
    acts = Acts(desk)

    @routes.post("/{incident_id}/acknowledge")
    @tells(
        Items[AlarmView],
        takes=ActOnIncident(comment="Banjir Brangkal: regu 1 dan 2 dikirim"),
        refuses=(404,),
    )
    async def acknowledge(request: Request, incident_id: Id) -> Response:
        """Say of all its unacknowledged alarms at once that you have seen them and act on them.

        With `folded` the highest level that holds, and what is set aside, stays as it is: a wall never folds them.
        """
        act = await body_of(request, ActOnIncident)
        ours = [alarm for alarm in desk.open_alarms() if alarm.incident == incident_id]
        if not ours:
            raise ApiError(404, "not_found", f"no incident {incident_id!r} is open", "path.incident_id")
        ids = [a.id for a in ours if a.unacknowledged and not (act.folded and stands_alone(a))]
        done = await acts.acknowledge(ids, request.state.user, act.comment, now_us()) if ids else []
        return answer(Items(items=[view_of(alarm, viewer) for alarm in done or []]))


def stands_alone(alarm: Alarm) -> bool:
    """Whether the alarm is listed by itself though there is a flood (`display/static/incident_order.js`)."""
    return bool(alarm.muted) or (alarm.active and alarm.severity >= HIGHEST_SEVERITY)
