"""`/healthz`, `/readyz`, `/metrics`: for whoever watches over it."""

from fastapi import APIRouter, Response

from command_center.api.answers import answer
from command_center.clock import now_us
from command_center.health import Health
from command_center.metrics import CONTENT_TYPE, Metrics


def router(health: Health, metrics: Metrics) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def healthz() -> Response:
        """Every part, the gateway too; 503 when operations.db or the log takes no writes, or the gateway is silent."""
        at_us = now_us()
        return answer(health.report(at_us), 503 if health.faults(at_us) else 200)

    @routes.get("/readyz")
    async def readyz() -> Response:
        """200 once the log is read to its end and the gateway is linked; else 503 with what is missing."""
        missing = health.waits_for(now_us())
        return answer({"ready": not missing, "waits_for": missing}, 503 if missing else 200)

    @routes.get("/metrics")
    async def prometheus() -> Response:
        """For Prometheus; the gateway's figures are `siaga_gateway_*`."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return routes
