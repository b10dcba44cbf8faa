"""`/kpis`: the alarm system's own figures, by ISA-18.2 / IEC 62682 and EEMUA 191; `/kpis.csv` for a spreadsheet."""

import asyncio
import csv
import io
from typing import Annotated

from fastapi import APIRouter, Query, Response
from msgspec.structs import asdict

from command_center.alarms import calls as stored
from command_center.alarms.alarm import State
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.figures import STALE_US, Figure, Figures, figures, waits_s
from command_center.api.answers import answer
from command_center.api.contract import CSV, tells
from command_center.api.parameters import Seeing
from command_center.clock import now_us
from command_center.operations import Operations
from command_center.picture.picture import Picture
from sensors.times import HOUR_US

LONGEST_H = 24 * 400
MOST_CALLS = 200_000  # the newest of a span; a year within the targets has 55,000

Hours = Annotated[float, Query(gt=0, le=LONGEST_H, description="so far back; 720 = the 30 days of ISA-18.2")]
Operators = Annotated[int, Query(ge=1, le=100, description="who share the load")]


class JudgedFigure(Figure, frozen=True, kw_only=True):
    """A figure; `met`: it is acceptable, null where there is no target or nothing to count."""

    met: bool | None


class JudgedFigures(Figures, frozen=True, kw_only=True):
    """The figures of a span [from, to), each judged."""

    figures: list[JudgedFigure]  # type: ignore[assignment]


def router(desk: AlarmDesk, operations: Operations, picture: Picture) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["kpis"])

    @routes.get("/kpis")
    @tells(JudgedFigures)
    async def kpis(audience: Seeing, hours: Hours = 24.0, operators: Operators = 1) -> Response:
        """The figures with what is acceptable, the ten datastreams that call most, and the split by severity.

        Of a span that began before there was a record `from` is the record's begin: what was not watched is no calm.
        """
        found = await asyncio.to_thread(_figures, hours, operators)
        judged = [JudgedFigure(**asdict(one), met=one.is_met) for one in found.figures]
        top = [tag for tag in found.top if picture.shows(tag.datastream, audience)]
        return answer(JudgedFigures(**asdict(found) | {"figures": judged, "top": top}))

    @routes.get("/kpis.csv")
    @tells(str, media=(CSV,))
    async def kpis_csv(hours: Hours = 24.0, operators: Operators = 1) -> Response:
        """The same figures, one a line."""
        found = await asyncio.to_thread(_figures, hours, operators)
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(["figure", "value", "unit", "good_up_to", "met", "source", "from", "to", "needs_h"])
        for one in found.figures:
            span = (found.begin, found.end, one.needs_h)
            table.writerow([one.name, one.value, one.unit, one.good, one.is_met, one.source, *span])
        return Response(text.getvalue(), media_type=CSV)

    def _figures(hours: float, operators: int) -> Figures:
        end_us = now_us()
        begin_us = max(end_us - round(hours * HOUR_US), min(stored.begun_us(operations), end_us))
        calls = stored.heard_between(operations, begin_us, end_us, MOST_CALLS)
        opened = desk.open_alarms()
        counts = {
            "chattering": stored.chattering(operations, begin_us, end_us),
            "stale": sum(alarm.active and alarm.raised_us < end_us - STALE_US for alarm in opened),
            "standing": len(opened),
            "shelved": sum(alarm.state is State.SHELVED for alarm in opened),
        }
        waits = waits_s(calls, stored.acknowledged_between(operations, begin_us, end_us))
        return figures(calls, waits, counts, (begin_us, end_us), operators)

    return routes
