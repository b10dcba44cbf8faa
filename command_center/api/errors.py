"""Every error in one shape: {"error": {"code", "message", "where"}}."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from command_center.api.answers import ApiError, error_answer
from command_center.errors import (
    AlarmActive,
    AlertFaulty,
    CapError,
    HistoryBusy,
    HistoryError,
    NotAllowed,
    NotStored,
    OperationsError,
    UnknownName,
)
from gateway.errors import LogError, LogMissing

_log = logging.getLogger("command_center.api")


def install(app: FastAPI) -> None:
    """Answer every exception of `app` in the one shape."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind, status, code in (
        (AlarmActive, 409, "alarm_active"),
        (NotAllowed, 409, "not_allowed"),
        (UnknownName, 404, "not_found"),
        (AlertFaulty, 422, "faulty_alert"),
        (CapError, 422, "not_cap"),
        (NotStored, 503, "not_stored"),
        (HistoryBusy, 503, "busy"),
        (HistoryError, 503, "history_unreadable"),
        (OperationsError, 503, "operations_unreadable"),
        (LogMissing, 503, "no_log"),
        (LogError, 503, "log_unreadable"),
    ):
        app.add_exception_handler(kind, _of(status, code))
    app.add_exception_handler(Exception, _unexpected)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if isinstance(error, ApiError):
        answer = error_answer(error.status_code, error.code, error.detail, error.where)
        answer.headers.update(error.headers or {})
        return answer
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    response = error_answer(error.status_code, code, f"{error.detail}: {request.method} {request.url.path}", "path")
    response.headers.update(error.headers or {})
    return response


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    first = error.errors()[0]
    return error_answer(422, "invalid", first["msg"], ".".join(str(part) for part in first["loc"]))


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s: %r", request.method, request.url.path, error)
    return error_answer(500, "internal", "Siaga made a mistake; its log says which", request.url.path)


def _of(status: int, code: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        where = error.where if isinstance(error, AlertFaulty | CapError) else request.url.path
        return error_answer(status, code, str(error), where)

    return handler
