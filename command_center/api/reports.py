"""`/sensors/{id}/report`: a gauge in words."""

from fastapi import APIRouter, Response

from command_center.api.answers import ApiError, answer
from command_center.api.sensors import known_sensor
from command_center.clock import now_us
from command_center.notify.report import report
from command_center.picture.picture import Picture
from command_center.sensor_view import SensorBook


def router(book: SensorBook, picture: Picture) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/sensors", tags=["sensors"])

    @routes.get("/{sensor_id}/report")
    async def report_of(sensor_id: str) -> Response:
        """What it says now, in both languages: `chat`, and `radio`, short to be read out."""
        sensor, directory = known_sensor(book, picture, sensor_id), picture.directory
        if directory is None:
            raise ApiError(503, "no_log", "there is no log yet: the sensors come with it")
        indonesian, english = (report(sensor, directory.catalogue, language, now_us()) for language in ("id", "en"))
        return answer({"sensor": sensor.id, "id": indonesian, "en": english})

    return routes
