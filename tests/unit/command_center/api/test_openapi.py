"""The OpenAPI document tells what the routes do: by the same types, for every route."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI

from command_center.api.contract import Told, told_by
from command_center.api.openapi import endpoints
from tests import plain_http
from tests.unit.command_center.running import Running, running, until


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture(scope="module")
def app(center: Running) -> FastAPI:
    until(lambda: center.center._server is not None)
    server = center.center._server
    assert server is not None
    assert isinstance(server.config.app, FastAPI)
    return server.config.app


@pytest.fixture(scope="module")
def document(center: Running) -> dict[str, Any]:
    found = plain_http.get(f"{center.url}/openapi.json", timeout=60).json()
    assert isinstance(found, dict)
    return found


def told(app: FastAPI) -> dict[tuple[str, str], Told]:
    found = {(method, path): told_by(endpoint) for method, path, endpoint in endpoints(app)}
    assert len(found) > 60
    return {key: one for key, one in found.items() if one is not None}


def bodies_read(endpoint: Any) -> list[type]:
    """The types that an endpoint hands to `body_of`, found in its source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(endpoint)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "body_of"]
    return [eval(ast.unparse(call.args[1]), endpoint.__globals__) for call in calls]  # noqa: S307 - our own source


def test_the_body_that_is_told_is_the_one_that_is_read(app: FastAPI) -> None:
    reading = 0
    for method, path, endpoint in endpoints(app):
        said = told_by(endpoint)
        assert said is not None, f"{method} {path} has no @tells"
        expected = [] if said.takes is None else [type(said.takes)]
        assert bodies_read(endpoint) == expected, f"{method} {path}"
        reading += len(expected)
    assert reading > 30


def test_every_example_is_a_body_that_its_route_takes(app: FastAPI) -> None:
    for key, said in told(app).items():
        if said.takes is not None:
            assert msgspec.json.decode(msgspec.json.encode(said.takes), type=type(said.takes)) == said.takes, key


def test_every_operation_tells_its_answers_and_its_errors(document: dict[str, Any]) -> None:
    shape = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for path, methods in document["paths"].items():
        for method, entry in methods.items():
            answers = entry["responses"]
            assert any(status.startswith("2") for status in answers), (method, path)
            for status, answer in answers.items():
                if status[0] == "4":
                    assert answer["content"] == shape, (method, path, status)
                elif status not in ("204", "304"):
                    assert answer["content"], (method, path, status)


def test_every_parameter_has_bounds(document: dict[str, Any]) -> None:
    bounds = {"maxLength", "maximum", "pattern", "format", "enum"}
    for path, methods in document["paths"].items():
        for method, entry in methods.items():
            for parameter in entry.get("parameters", ()):
                schema = parameter["schema"]
                kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
                kinds = [kind["items"] if "maxItems" in kind else kind for kind in kinds]  # a list, and what is in it
                assert all(bounds & (kind.keys() | schema.keys()) for kind in kinds), (method, path, parameter)


def test_the_page_shows_an_example_of_every_body(center: Running, app: FastAPI) -> None:
    page = plain_http.get(f"{center.url}/docs", timeout=60).text
    assert page.count("for example:") == sum(said.takes is not None for said in told(app).values())
    assert "Regu 2 berangkat dari posko Brangkal" in page
    assert "http://" not in page, "nothing is fetched from elsewhere"
    assert "https://" not in page, "nothing is fetched from elsewhere"
