"""`/alarms/…`: what people do about alarms."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Request, Response

from command_center.alarms.acts import LONGEST_REFUTATION_US, LONGEST_SHELF_US, Acts
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.view import AlarmView
from command_center.alarms.viewer import AlarmViewer
from command_center.api.answers import ApiError, Comment, Remark, answer, body_of
from command_center.api.contract import Items, tells
from command_center.api.parameters import Id
from command_center.clock import now_us
from sensors.sharing import Audience
from sensors.times import MINUTE_US


class Act(msgspec.Struct, frozen=True):
    """What a person says about an act."""

    comment: Remark = ""


class ActOnSeveral(msgspec.Struct, frozen=True):
    """What a person says about an act on several alarms."""

    ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=500)]
    comment: Remark = ""


class ActWithReason(msgspec.Struct, frozen=True):
    """What a person says about an act that needs words."""

    comment: Comment


class Shelving(ActWithReason, frozen=True):
    """For how long."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_SHELF_US // MINUTE_US)] = 30


class Refuting(ActWithReason, frozen=True):
    """By what it was seen, and for how long that is believed."""

    seen: Literal["camera", "radio", "neighbour", "on_site"] = "on_site"
    minutes: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_REFUTATION_US // MINUTE_US)] = 30


def router(desk: AlarmDesk, viewer: AlarmViewer) -> APIRouter:
    """The routes."""
    routes, acts = APIRouter(prefix="/alarms", tags=["alarms"]), Acts(desk)
    _seeing(routes, acts, desk, viewer)
    _muting(routes, acts, viewer)
    return routes


def view_of(alarm: Alarm, viewer: AlarmViewer, audience: Audience = Audience.INTERNAL) -> AlarmView:
    """The alarm as it stands.  Raises ApiError 503 where there is no catalogue yet."""
    view = viewer.view(alarm, now_us(), audience)
    if view is None:
        raise ApiError(503, "no_log", "there is no log yet, and so no catalogue to name things by")
    return view


def found_alarm(alarm: Alarm | None, alarm_id: str) -> Alarm:
    """The alarm.  Raises ApiError 404 where there is none."""
    if alarm is None:
        raise ApiError(404, "not_found", f"there is no alarm {alarm_id!r}", "path.alarm_id")
    return alarm


def _seeing(routes: APIRouter, acts: Acts, desk: AlarmDesk, viewer: AlarmViewer) -> None:
    """Seen, noted, closed."""

    @routes.post("/acknowledge")
    @tells(
        Items[AlarmView],
        takes=ActOnSeveral(ids=["5d0f6f3c9b1e4a27-1841-0"], comment="Dilihat, regu 1 dikirim"),
        refuses=(404,),
    )
    async def acknowledge_all(request: Request) -> Response:
        """Say of several alarms at once, all of them or none, that you have seen them and act on them."""
        act = await body_of(request, ActOnSeveral)
        alarms = await acts.acknowledge(act.ids, request.state.user, act.comment, now_us())
        if alarms is None:
            known = [one for one in act.ids if await desk.find(one) is None]
            raise ApiError(404, "not_found", f"there is no alarm {known[0]!r}: none was acknowledged", "body.ids")
        return answer(Items(items=[view_of(alarm, viewer) for alarm in alarms]))

    @routes.post("/{alarm_id}/acknowledge")
    @tells(AlarmView, takes=Act(comment="Dilihat, regu 1 dikirim"), refuses=(404,))
    async def acknowledge(request: Request, alarm_id: Id) -> Response:
        """Say that you have seen it and act on it; the first to do so stays on record."""
        act = await body_of(request, Act)
        return _one(await acts.acknowledge([alarm_id], request.state.user, act.comment, now_us()), alarm_id, viewer)

    @routes.post("/{alarm_id}/note")
    @tells(AlarmView, takes=ActWithReason(comment="Penjaga pintu air: naik 5 cm dalam 10 menit"), refuses=(404,))
    async def note(request: Request, alarm_id: Id) -> Response:
        """Put a note on record."""
        act = await body_of(request, ActWithReason)
        return _one(await acts.note(alarm_id, request.state.user, act.comment, now_us()), alarm_id, viewer)

    @routes.post("/{alarm_id}/close")
    @tells(AlarmView, takes=Act(comment="Kembali normal, dicek di lokasi"), refuses=(404, 409))
    async def close(request: Request, alarm_id: Id) -> Response:
        """Take an alarm off the list that has returned; 409 while it is active."""
        act = await body_of(request, Act)
        return _one(await acts.close(alarm_id, request.state.user, act.comment, now_us()), alarm_id, viewer)


def _muting(routes: APIRouter, acts: Acts, viewer: AlarmViewer) -> None:
    """Shelved, refuted, confirmed."""

    @routes.post("/{alarm_id}/shelve")
    @tells(AlarmView, takes=Shelving(comment="Sensor dibersihkan", minutes=30), refuses=(404, 409))
    async def shelve(request: Request, alarm_id: Id) -> Response:
        """Mute it up to the level that it shows, for a time and with a reason; 409 for the highest level."""
        act = await body_of(request, Shelving)
        now = now_us()
        until_us = now + act.minutes * MINUTE_US
        return _one(await acts.shelve(alarm_id, request.state.user, act.comment, now, until_us), alarm_id, viewer)

    @routes.post("/{alarm_id}/unshelve")
    @tells(AlarmView, takes=Act(comment="Sensor bersih"), refuses=(404, 409))
    async def unshelve(request: Request, alarm_id: Id) -> Response:
        """Take it off the shelf; what still holds and nobody has seen calls again."""
        act = await body_of(request, Act)
        return _one(await acts.unshelve(alarm_id, request.state.user, act.comment, now_us()), alarm_id, viewer)

    @routes.post("/{alarm_id}/refute")
    @tells(
        AlarmView,
        takes=Refuting(comment="Kamera: air jauh di bawah tanda", seen="camera", minutes=30),
        refuses=(404, 409),
    )
    async def refute(request: Request, alarm_id: Id) -> Response:
        """State that it is not so, and by what you saw that; the gauge speaks again after at most 60 minutes."""
        act = await body_of(request, Refuting)
        now = now_us()
        until_us = now + act.minutes * MINUTE_US
        return _one(
            await acts.refute(alarm_id, request.state.user, act.seen, act.comment, now, until_us), alarm_id, viewer
        )

    @routes.post("/{alarm_id}/confirm")
    @tells(AlarmView, takes=ActWithReason(comment="Terlihat di kamera jembatan"), refuses=(404, 409))
    async def confirm(request: Request, alarm_id: Id) -> Response:
        """State that it is so, as you saw: what waits for that (sirens, mass messages) goes out."""
        act = await body_of(request, ActWithReason)
        return _one(await acts.confirm(alarm_id, request.state.user, act.comment, now_us()), alarm_id, viewer)


def _one(alarms: list[Alarm] | None, alarm_id: str, viewer: AlarmViewer) -> Response:
    return answer(view_of(found_alarm(None if alarms is None else alarms[0], alarm_id), viewer))
