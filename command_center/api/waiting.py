"""Whether somebody still waits for what takes long."""

from fastapi import Request

from command_center.api.answers import ApiError


async def stay(request: Request, what: str) -> None:
    """Raises ApiError 503 where whoever asked for `what` is gone: nobody reads it, it is counted as every refusal."""
    if await request.is_disconnected():
        raise ApiError(503, "dropped", f"whoever asked for {what} is gone")
