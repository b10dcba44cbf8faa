"""Messages of strangers: read, or refused with what was expected, what was there, and where."""

import csv

import pytest
import xmlschema

from command_center.alerts.faults import schema_faults, sense_faults
from command_center.alerts.read import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, from_xml
from command_center.alerts.write import to_xml
from command_center.errors import CapError
from tests.unit.command_center.alerts.messages import message, recorded_messages

GOOD = to_xml(message()).decode()
OPEN = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'


def refusal(text: str | bytes) -> str:
    with pytest.raises(CapError) as refused:
        from_xml(text if isinstance(text, bytes) else text.encode())
    return str(refused.value)


def refusal_of(body: bytes) -> str:
    try:
        from_xml(body)
    except CapError as error:
        return str(error)
    return ""


def test_a_document_type_is_refused_before_its_entities_are_read() -> None:
    bomb = f'<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>{OPEN}<identifier>&b;</identifier></alert>'
    assert refusal(bomb) == "line 1, message: expected no document type (DTD), which may define entities, got one"


def test_nothing_is_fetched_from_an_address_in_a_message() -> None:
    assert "no document type" in refusal(f'<!DOCTYPE x SYSTEM "file:///etc/passwd">{OPEN}</alert>')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"x" * (MAX_BYTES + 1), f"message: expected at most {MAX_BYTES} bytes, got {MAX_BYTES + 1}"),
        (OPEN.encode() + b"<a>" * 100, "got a"),
        (
            (OPEN + '<s xmlns="http://www.w3.org/2000/09/xmldsig#">' * 100).encode(),
            f"expected elements nested at most {MAX_DEPTH} deep, got deeper ones",
        ),
        (
            (OPEN + '<s xmlns="http://www.w3.org/2000/09/xmldsig#"/>' * (MAX_ELEMENTS + 1)).encode(),
            f"expected at most {MAX_ELEMENTS} elements, got more",
        ),
    ],
)
def test_a_message_is_bounded(text: bytes, expected: str) -> None:
    assert expected in refusal(text)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<status>Actual</status>", "", "line 7, alert.msgType: expected status, got msgType"),
        ("<scope>Public</scope>", "", "line 9, alert.info: expected source or scope, got info"),
        ("<sender>", "<sender x='1'>", "line 4, alert.sender: expected no attributes, got 'x'"),
        ("<sender>", "<sender><b/>", "line 4, alert.sender: expected text only, got the element b"),
        ("<info>", "<info>words", "line 10, alert.info: expected elements only, got the text 'words'"),
        (":cap:1.2", ":cap:1.1", "line 2, alert: expected alert of urn:oasis:names:tc:emergency:cap:1.2,"),
        ("</alert>", "", "message: expected XML, got no element found"),
        (
            'encoding="UTF-8"',
            'encoding="klingon"',
            "message: expected XML in a known encoding, got unknown encoding: klingon",
        ),
        (
            "<event>Banjir</event>",
            "<event>Banjir</event>" * 2,
            "line 12, alert.info.event: expected responseType or urgency, got event",
        ),
    ],
)
def test_a_refusal_says_what_and_where(old: str, new: str, expected: str) -> None:
    assert refusal(GOOD.replace(old, new, 1)).startswith(expected)


def test_a_signature_behind_the_message_is_passed_over() -> None:
    signed = GOOD.replace("</alert>", '<S xmlns="http://www.w3.org/2000/09/xmldsig#" Id="a"><V>x</V></S></alert>')
    assert from_xml(signed.encode()) == message()


@pytest.mark.recorded
def test_recorded_messages_are_read_or_refused_as_the_schema_says() -> None:
    folder = recorded_messages()
    schema = xmlschema.XMLSchema(str(folder / "CAP-v1.2.xsd"))
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        files = {row["file"]: row["xsd_result"] for row in csv.DictReader(lines)}
    refused = {file: why for file in files if (why := refusal_of((folder / file).read_bytes()))}
    assert set(refused) == {file for file, result in files.items() if result != "valid"}
    for file, why in refused.items():
        assert ("expected alert of" in why) == (files[file] == "not_cap12_alert"), file
    for file in set(files) - set(refused):
        alert = from_xml((folder / file).read_bytes())
        assert schema_faults(alert) == []
        assert from_xml(to_xml(alert)) == alert
        assert schema.is_valid(to_xml(alert).decode())


@pytest.mark.recorded
def test_what_makes_no_sense_in_a_recorded_message_is_named() -> None:
    folder = recorded_messages()
    found = {file.name: sense_faults(from_xml(file.read_bytes())) for file in folder.glob("*anad*.cap")}
    assert found["canada.cap"] == []
    assert [str(fault) for fault in found["canada_errors.cap"]] == [
        "alert.references: expected what this Update is about, got none"
    ]
