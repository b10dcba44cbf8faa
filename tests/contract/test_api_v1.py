"""No field of v1 vanishes or changes its type: the document against `api_v1.json`, as it was released.

Adding is free: write it down with `python -m tests.contract.test_api_v1`, and the difference is seen in the commit.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import plain_http
from tests.unit.command_center.running import running

RELEASED = Path(__file__).with_name("api_v1.json")
_TELLING = ("type", "enum", "const", "format")  # what of a schema is a promise; texts and defaults are none


def promises(document: dict[str, Any]) -> dict[str, str]:
    """Every operation, parameter, body, answer and field of a document, with what is promised of it."""
    found: dict[str, str] = {}
    for path, methods in document["paths"].items():
        for method, entry in methods.items():
            name = f"{method.upper()} {path}"
            found[name] = "takes " + _content(entry.get("requestBody", {}))
            for parameter in entry.get("parameters", ()):
                found[f"{name} ?{parameter['name']}"] = _text(parameter["schema"])
            for status, answer in entry["responses"].items():
                if status.startswith("2"):
                    found[f"{name} {status}"] = "gives " + _content(answer)
    for type_name, schema in document["components"]["schemas"].items():
        found[type_name] = _text(schema)
        for field, below in schema.get("properties", {}).items():
            found[f"{type_name}.{field}"] = _text(below)
    return found


def _content(part: dict[str, Any]) -> str:
    told = part.get("content", {})
    return ", ".join(f"{media} {_text(told[media].get('schema', {}))}" for media in sorted(told)) or "nothing"


def _text(schema: dict[str, Any]) -> str:
    """What a schema promises, in a line."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(sorted(_text(one) for one in schema["anyOf"]))
    own = " ".join(f"{key}={schema[key]}" for key in _TELLING if key in schema)
    items, values = schema.get("items"), schema.get("additionalProperties")
    inner = [_text(one) for one in (items, values) if isinstance(one, dict)]
    return f"{own or 'anything'}{f' of {inner[0]}' if inner else ''}"


def broken(released: dict[str, str], now: dict[str, str]) -> list[str]:
    """What was promised and is not kept."""
    gone = [f"{key} is gone" for key in released if key not in now]
    other = [f"{key} was {was}, is {now[key]}" for key, was in released.items() if now.get(key, was) != was]
    return gone + other


def document_of(data_dir: Path) -> dict[str, Any]:
    with running(data_dir) as center:
        found: dict[str, Any] = plain_http.get(f"{center.url}/openapi.json", timeout=60).json()
    return found


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return document_of(tmp_path_factory.mktemp("data"))


def test_what_v1_promised_is_kept_and_what_is_new_is_written_down(document: dict[str, Any]) -> None:
    released, now = msgspec.json.decode(RELEASED.read_bytes(), type=dict[str, str]), promises(document)
    assert len(released) > 500
    assert broken(released, now) == []
    new = sorted(now.keys() - released.keys())
    assert new == [], "promised from now on? then run python -m tests.contract.test_api_v1"


def test_a_field_that_goes_or_changes_is_found(document: dict[str, Any]) -> None:
    now = promises(document)
    key = "AlarmView.severity"
    assert now[key] == "type=integer"
    assert broken(now, {k: v for k, v in now.items() if k != key}) == [f"{key} is gone"]
    assert broken(now, now | {key: "type=string"}) == [f"{key} was type=integer, is type=string"]
    assert broken(now, now | {"AlarmView.new": "type=string"}) == []


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        written = msgspec.json.encode(dict(sorted(promises(document_of(Path(folder))).items())))
    RELEASED.write_bytes(msgspec.json.format(written, indent=1) + b"\n")
