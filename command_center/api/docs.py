"""`/docs`: every route on one page, made from the routes themselves; nothing is fetched from anywhere else."""

from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Siaga API</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ font: 600 1rem/1.5 ui-monospace, monospace; margin: 2rem 0 0; }}
p {{ margin: 0; }} td {{ padding-right: 1.5rem; vertical-align: top; }} code {{ font-family: ui-monospace, monospace; }}
</style>
<h1>Siaga API</h1>
<p>Reading is open on loopback, elsewhere it needs <code>Authorization: Bearer</code> with the token of
<code>POST /api/v1/login</code>. Lists are <code>{{"items": [...], "next": cursor or null}}</code>; pass
<code>next</code> back as <code>after</code>. Errors are <code>{{"error": {{"code", "message", "where"}}}}</code>.
<code>WS /api/v1/live</code> sends a snapshot, then numbered deltas.
As data: <a href="/openapi.json">openapi.json</a>.</p>
{routes}
</html>
"""


def router(app: FastAPI) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Every route."""
        paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
        shown = [_route(path, method, what) for path, methods in paths.items() for method, what in methods.items()]
        return HTMLResponse(_PAGE.format(routes="\n".join(shown)))

    return routes


def _route(path: str, method: str, what: dict[str, Any]) -> str:
    rows = "".join(_parameter(parameter) for parameter in what.get("parameters", ()))
    table = f"<table>{rows}</table>" if rows else ""
    return f"<h2>{escape(method.upper())} {escape(path)}</h2>\n<p>{escape(what.get('description', ''))}</p>{table}"


def _parameter(parameter: dict[str, Any]) -> str:
    name, text = escape(parameter["name"]), escape(parameter.get("description", ""))
    return f"<tr><td><code>{name}</code></td><td>{text}</td></tr>"
