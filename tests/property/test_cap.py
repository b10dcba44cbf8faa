"""CAP messages: XML and back without a loss, nothing else but a named refusal, and the schema's own judgement."""

import re

import msgspec
import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from command_center.alerts.faults import faults, schema_faults
from command_center.alerts.message import Alert
from command_center.alerts.read import from_xml
from command_center.alerts.write import to_xml
from command_center.errors import CapError
from tests.unit.command_center.alerts.messages import ALERTS, INFOS, message, recorded_messages


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(recorded_messages() / "CAP-v1.2.xsd"))


@given(ALERTS)
def test_what_is_written_is_read_again(alert: Alert) -> None:
    assert from_xml(to_xml(alert)) == alert


@given(ALERTS)
def test_json_carries_the_same(alert: Alert) -> None:
    assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert


@pytest.mark.recorded
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ALERTS)
def test_our_rules_are_the_schemas(schema: xmlschema.XMLSchema, alert: Alert) -> None:
    assert (not schema_faults(alert)) == schema.is_valid(to_xml(alert).decode())


@pytest.mark.recorded
@settings(max_examples=200, deadline=None)
@given(INFOS, st.data())
def test_moved_and_lost_elements_are_refused_as_by_the_schema(
    schema: xmlschema.XMLSchema, info: msgspec.Struct, data: st.DataObject
) -> None:
    lines = to_xml(msgspec.structs.replace(message(), info=(info, message().info[0]))).decode().splitlines()
    whole = [i for i, line in enumerate(lines) if re.fullmatch(r"\s*<(\w+)>[^<]*</\1>", line)]
    line = lines.pop(data.draw(st.sampled_from(whole)))
    if data.draw(st.booleans()):
        lines.insert(data.draw(st.integers(2, len(lines) - 1)), line)
    text = "\n".join(lines)
    try:
        is_ours = not schema_faults(from_xml(text.encode()))
    except CapError:
        is_ours = False
    assert is_ours == schema.is_valid(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_named_refusal(body: bytes) -> None:
    assert refusal_of(body) == "" or "expected" in refusal_of(body)


@given(st.data())
def test_a_spoilt_message_is_one_or_a_named_refusal(data: st.DataObject) -> None:
    body = bytearray(to_xml(message()))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert refusal_of(bytes(body)) == "" or "expected" in refusal_of(bytes(body))


def refusal_of(body: bytes) -> str:
    """Why the bytes are no message; "" where they are one, of which every fault can be named."""
    try:
        faults(from_xml(body))
    except CapError as error:
        return str(error)
    return ""
