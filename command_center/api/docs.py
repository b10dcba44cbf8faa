"""`/docs`: every route on one page, made from the routes themselves; nothing is fetched from anywhere else."""

import asyncio
from html import escape
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from command_center.api.answers import answer
from command_center.api.conditional import unless_known
from command_center.api.contract import JSON

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Siaga API</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ font: 600 1rem/1.5 ui-monospace, monospace; margin: 2rem 0 0; }}
p {{ margin: 0; }} pre {{ background: #f3f3f3; margin: 0; padding: 0.5rem; overflow: auto; }}
 td {{ padding-right: 1.5rem; vertical-align: top; }} code {{ font-family: ui-monospace, monospace; }}
</style>
<h1>Siaga API</h1>
<p>Reading is open on loopback, elsewhere it needs <code>Authorization: Bearer</code> with the token of
<code>POST /api/v1/login</code>. Lists are <code>{{"items": [...], "next": cursor or null}}</code>; pass
<code>next</code> back as <code>after</code>. Errors are <code>{{"error": {{"code", "message", "where"}}}}</code>.
<code>WS /api/v1/live</code> sends a snapshot, then numbered deltas.
Fields, types and bounds: <a href="/openapi.json">openapi.json</a>.</p>
{routes}
</html>
"""


def router(app: FastAPI) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Every route."""
        document = await asyncio.to_thread(app.openapi)  # the first time it is made: that takes most of a second
        paths: dict[str, dict[str, Any]] = document["paths"]
        shown = [_route(path, method, what) for path, methods in paths.items() for method, what in methods.items()]
        return HTMLResponse(_PAGE.format(routes="\n".join(shown)))

    @routes.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        """The document."""
        return unless_known(request, answer(await asyncio.to_thread(app.openapi)))

    return routes


def _route(path: str, method: str, what: dict[str, Any]) -> str:
    rows = "".join(_parameter(parameter) for parameter in what.get("parameters", ()))
    table = f"<table>{rows}</table>" if rows else ""
    title = f"<h2>{escape(method.upper())} {escape(path)}</h2>"
    return f"{title}\n<p>{escape(what.get('description', ''))}</p>{table}{_body(what)}{_answers(what)}"


def _parameter(parameter: dict[str, Any]) -> str:
    name, text = escape(parameter["name"]), escape(parameter.get("description", ""))
    return f"<tr><td><code>{name}</code></td><td>{text}</td></tr>"


def _body(what: dict[str, Any]) -> str:
    """An example of the body, as it is sent."""
    if "requestBody" not in what:
        return ""
    content = what["requestBody"]["content"][JSON]
    text = msgspec.json.format(msgspec.json.encode(content["example"]), indent=2).decode()
    return f"<p>Body ({_type(content)}), for example:</p><pre>{escape(text)}</pre>"


def _answers(what: dict[str, Any]) -> str:
    """What it may answer: the statuses, each with the type of its body."""
    told = [f"{status}{_types(answer)}" for status, answer in what["responses"].items()]
    return f"<p>Answers: {escape(' · '.join(told))}</p>"


def _types(answer: dict[str, Any]) -> str:
    found = [_type(content) or media for media, content in answer.get("content", {}).items()]
    return f" {', '.join(found)}" if found else ""


def _type(content: dict[str, Any]) -> str:
    return str(content["schema"].get("$ref", "")).rpartition("/")[2]
