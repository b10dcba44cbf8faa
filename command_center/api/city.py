"""`/city`: names, places and map layers, as the catalogue in force has them."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from command_center.api.answers import ApiError, answer
from command_center.api.city_view import CityView, city_view
from command_center.api.conditional import unless_known
from command_center.api.contract import tells
from command_center.api.parameters import Number
from command_center.picture.picture import Picture
from sensors.catalogue import Catalogue
from sensors.city import city_folder
from sensors.errors import CatalogueError

MEDIA_TYPES: Final = {".geojson": "application/geo+json", ".pmtiles": "application/vnd.pmtiles"}


def router(picture: Picture, city: str) -> APIRouter:
    """The routes; `city` is the built-in name or the folder that holds the layers' files."""
    routes = APIRouter(prefix="/city", tags=["city"])

    @routes.get("")
    @tells(CityView, refuses=(304,))
    async def whole_city(request: Request) -> Response:
        """The city.  With an ETag: send it back as `If-None-Match`, and 304 says that nothing changed."""
        return unless_known(request, answer(city_view(_catalogue(picture))))

    @routes.get("/layers/{number}")
    @tells(bytes, media=tuple(MEDIA_TYPES.values()), refuses=(304, 404))
    async def layer(request: Request, number: Number) -> Response:
        """The file of a map layer; of PMTiles, parts of it (Range)."""
        layers = _catalogue(picture).city.layers
        path = _file(city, layers[number].file) if 0 <= number < len(layers) else None
        if path is None:
            raise ApiError(404, "not_found", f"there is no layer {number}, or its file is missing", "path.number")
        return unless_known(request, FileResponse(path, stat_result=path.stat(), media_type=MEDIA_TYPES[path.suffix]))

    return routes


def _catalogue(picture: Picture) -> Catalogue:
    if picture.directory is None:
        raise ApiError(503, "no_log", "there is no log yet: the catalogue comes with it")
    return picture.directory.catalogue


def _file(city: str, name: str) -> Path | None:
    """The file of that very name in the city's folder, nowhere else; None where there is none."""
    try:
        folder = city_folder(city).resolve()
    except CatalogueError:
        return None
    path = (folder / name).resolve()
    return path if path.parent == folder and path.suffix in MEDIA_TYPES and path.is_file() else None
