"""What Schemathesis is told beside the document, loaded into its process by SCHEMATHESIS_HOOKS.

- Two of three calls go to something that is there (`KNOWN` names it), so that they reach deep.
- An answer with a field that the document does not name is a failure: adding is telling.
"""

import os
from typing import Any

import msgspec
import schemathesis
from schemathesis.core.parameters import ParameterLocation

KNOWN: dict[str, list[str]] = msgspec.json.decode(os.environ["SIAGA_API_KNOWN"])
KNOWN_IN_BODIES = {"ids": "alarm_id", "alarm": "alarm_id", "contact": "contact", "to": "user", "scope": "scope"}
MOST_VALUES, MOST_LETTERS = 20, 200
_calls = 0


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Name something that is there, unless the path is to be wrong."""
    global _calls  # noqa: PLW0603 - hooks are functions
    _calls += 1
    is_free = _calls % 3 == 0 and "/users/" not in case.path  # another password of our own would end our session
    is_wrong = case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH)
    for name in () if is_free or is_wrong else case.path_parameters or {}:
        known = next((KNOWN[key] for key in KNOWN if key == name or ("/" in key and key in case.path)), None)
        if known is not None:
            case.path_parameters[name] = known[_calls % len(known)]
    for name, values in (case.query or {}).items():
        if isinstance(values, list):  # a request line over 64 KiB never reaches the application: uvicorn refuses it
            case.query[name] = [str(value)[:MOST_LETTERS] for value in values[:MOST_VALUES]]
    if isinstance(case.body, dict) and not (case.meta and case.meta.is_negative_at(ParameterLocation.BODY)):
        _mend(case, is_free)


def _mend(case: Any, is_free: bool) -> None:
    """Of a right body: whole numbers without a point, which JSON Schema takes for integers and msgspec does not."""
    for name, value in case.body.items():
        if isinstance(value, float) and value.is_integer():
            case.body[name] = int(value)
    for name in () if is_free else sorted(case.body.keys() & KNOWN_IN_BODIES.keys()):
        if name == "scope" and not case.path.endswith("/service-orders"):
            continue
        known = KNOWN[KNOWN_IN_BODIES[name]]
        case.body[name] = known if name == "ids" else known[_calls % len(known)]


@schemathesis.hook
def before_load_schema(_context: Any, document: dict[str, Any]) -> None:
    """Let no type of an answer have fields that it does not tell."""
    schemas = document["components"]["schemas"]
    taken: set[str] = set()
    waiting = [entry.get("requestBody") for methods in document["paths"].values() for entry in methods.values()]
    while waiting:
        for name in _named(waiting.pop()):
            if name not in taken:
                taken.add(name)
                waiting.append(schemas[name])
    for name, schema in schemas.items():
        if name not in taken and "properties" in schema:
            schema["additionalProperties"] = False


def _named(node: Any) -> set[str]:
    """Names of the schemas that a part of the document refers to."""
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_named(value) for value in node.values()))
    return set().union(*(_named(value) for value in node)) if isinstance(node, list) else set()
