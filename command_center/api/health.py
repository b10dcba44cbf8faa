"""`/healthz`, `/readyz`, `/metrics`: for whoever watches over it."""

import msgspec
from fastapi import APIRouter, Response

from command_center.api.answers import answer
from command_center.api.contract import tells
from command_center.clock import now_us
from command_center.health import Health, HealthReport
from command_center.metrics import CONTENT_TYPE, Metrics


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it can be used; `waits_for` says in words what is missing."""

    ready: bool
    waits_for: list[str]


def router(health: Health, metrics: Metrics) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    @tells(HealthReport, also={503: HealthReport})
    async def healthz() -> Response:
        """Every part, the gateway too; 503 when operations.db or the log takes no writes, or the gateway is silent."""
        at_us = now_us()
        return answer(health.report(at_us), 503 if health.faults(at_us) else 200)

    @routes.get("/readyz")
    @tells(Readiness, also={503: Readiness})
    async def readyz() -> Response:
        """200 once the log is read to its end and the gateway is linked; else 503 with what is missing."""
        missing = health.waits_for(now_us())
        return answer(Readiness(ready=not missing, waits_for=missing), 503 if missing else 200)

    @routes.get("/metrics")
    @tells(str, media=(CONTENT_TYPE,))
    async def prometheus() -> Response:
        """For Prometheus; the gateway's figures are `siaga_gateway_*`."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return routes
