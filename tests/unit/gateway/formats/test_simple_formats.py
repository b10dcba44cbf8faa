"""JSON by field paths, plain numbers, lines of values, announcements."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.address_book import AddressBook
from gateway.formats import known_formats, make_format
from sensors.errors import CatalogueError
from sensors.quality import Reason
from sensors.times import parse_rfc3339
from tests.unit.gateway.formats.mapped import NOW, NOW_S, Reader, Row, as_json, mapped, refusals, values

POWER = Row("power", "cabinet", "ENERGY.Power", unit="1", zone="Asia/Jakarta")
LEVEL = Row("level", "cabinet", "level", epoch_unit="s")
RAIN = Row("rain", "other", "rain", unit="mm/h", zone="Asia/Jakarta")


def fields(*rows: Row, **options: Any) -> Reader:
    return Reader(mapped("fields", *(rows or (POWER, LEVEL, RAIN)), **{"device": "topic:2", **options}))


def csv(*rows: Row, **options: Any) -> Reader:
    return Reader(mapped("csv", *(rows or (POWER, LEVEL, RAIN)), **{"device": "topic:2", **options}))


def test_nested_fields_with_a_time_without_a_zone() -> None:
    message = {"Time": "2026-05-29T03:26:35", "ENERGY": {"Power": 12.5, "Period": [1, 2]}, "level": 3}
    result = fields(time="Time").read(("tele/Cabinet/SENSOR", as_json(message)))
    assert values(result) == {0: [12.5], 1: [3]}
    assert result.batch.time_us.tolist() == [NOW - 5_000_000, NOW]
    assert [Reason(r) for r in result.batch.reasons.tolist()] == [Reason.NONE, Reason.NO_ZONE]


def test_the_device_may_stand_in_the_payload_and_the_topic_count_from_its_end() -> None:
    assert fields(device="meta.id").values(("any", as_json({"meta": {"id": "CABINET"}, "level": 1}))) == {1: [1]}
    assert fields(device="topic:-2").values(("a/b/cabinet/up", as_json({"level": 1}))) == {1: [1]}
    of_two = as_json([{"id": "cabinet", "level": 1}, {"id": "other", "rain": 2}])
    assert fields(device="id").values(("any", of_two)) == {1: [1], 2: [2]}


def test_records_are_read_in_time_order_each_by_itself() -> None:
    records = [
        {"t": NOW_S - 1, "level": 3},
        {"t": NOW_S - 9, "level": 2},
        {"t": "never", "level": 1},
        7,
        {"level": "x"},
    ]
    result = fields(time="t", records="data.items").read(("x/cabinet", as_json({"data": {"items": records}})))
    assert values(result) == {1: [2, 3]}
    assert sorted(refusals(result)) == [("bad_time", 2), ("wrong_type", 3)]


@pytest.mark.parametrize("at", [10**30, -(10**400), 2**62, 9e300])
def test_a_time_beyond_any_is_a_clock_fault(at: float) -> None:
    payload = b'{"t": %s, "level": 3}' % str(at).encode()
    result = fields(time="t").read(("x/cabinet", payload))
    assert (values(result), result.clock_faults, result.batch.time_us.tolist()) == ({1: [3]}, 1, [NOW])


def test_named_values_with_their_units() -> None:
    records = [{"parameter": "level", "value": 1.5, "unit": "m"}, {"parameter": "ph", "value": 7}]
    result = fields(name="parameter", value="value", unit="unit", others="ignore").read(("x/cabinet", as_json(records)))
    assert (values(result), result.ignored) == ({1: [150]}, 1)
    wrong = as_json([{"parameter": "level", "value": 1, "unit": "furlong"}])
    assert (
        refusals(fields(name="parameter", value="value", unit="unit").read(("x/cabinet", wrong)))[0][0]
        == "unknown_unit"
    )


@pytest.mark.parametrize(
    ("sent", "options", "read"),
    [
        ("12.5", {"text_numbers": True}, 12.5), (" -3e2 ", {"text_numbers": True}, -300), (True, {}, 1),
        (None, {}, None),
        ("12,5", {"text_numbers": True, "decimal_comma": True}, 12.5), (12, {"text_numbers": True}, 12),
        (10**30, {}, 1e30),
    ],
)  # fmt: skip
def test_values_as_they_are_written(sent: Any, options: dict[str, Any], read: float | None) -> None:
    payload = b'{"level": %d}' % sent if sent == 10**30 else as_json({"level": sent})
    assert fields(**options).values(("x/cabinet", payload)) == {1: [read]}


@pytest.mark.parametrize(
    ("sent", "options", "reason"),
    [
        (b'"12.5"', {}, "wrong_type"), (b'"1.234,5"', {"text_numbers": True, "decimal_comma": True}, "wrong_type"),
        (b'"12,5"', {"text_numbers": True}, "wrong_type"), (b'"NaN"', {"text_numbers": True}, "not_finite"),
        (b"nan", {}, "not_finite"), (b"-Infinity", {}, "not_finite"), (b"1e999", {}, "not_finite"),
        (b"1" + b"0" * 400, {}, "not_finite"), (b"1" * 5000, {}, "not_json"), (b"[1]", {}, "wrong_type"),
        (b'"1_000"', {"text_numbers": True}, "wrong_type"), ('"١"'.encode(), {"text_numbers": True}, "wrong_type"),
    ],
)  # fmt: skip
def test_values_that_are_none(sent: bytes, options: dict[str, Any], reason: str) -> None:
    result = fields(**options).read(("x/cabinet", b'{"level": ' + sent + b"}"))
    assert [letter.reason for letter in result.dead_letters] == [reason]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("x", b"{}", "bad_topic"), ("x/nobody", b'{"a": 1}', "unknown_device"), ("x/cabinet", b"[]", "empty"),
        ("x/cabinet", b'{"a": 1}', "unknown_property"), ("x/cabinet", b"7", "wrong_type"),
        ("x/cabinet", b"[" + b"{}," * 10_000 + b"{}]", "too_many"),
        ("x/cabinet", b'{"a":' * 5000, "too_deep"),
    ],
)  # fmt: skip
def test_messages_that_are_refused_whole(topic: str, payload: bytes, reason: str) -> None:
    assert [letter.reason for letter in fields().read((topic, payload)).dead_letters] == [reason]


def test_a_plain_number() -> None:
    reader = Reader(mapped("number", LEVEL))
    batch = reader.read(("site/cabinet/level", b" 12.5\n")).batch
    assert (batch.value.tolist(), batch.time_us.tolist()) == ([12.5], [NOW])
    other = Reader(mapped("number", LEVEL, device="topic:3", field="topic:1", decimal_comma=True))
    assert other.values(("level/x/cabinet", b"12,5")) == {0: [12.5]}


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("a/cabinet/level", b"", "empty"), ("a/cabinet/level", b"ON", "wrong_type"),
        ("a/cabinet/level", b"NaN", "not_finite"), ("a/cabinet/level", b"1" * 65, "wrong_type"),
        ("a/cabinet/level", b"\xff", "not_utf8"), ("a/cabinet/ph", b"7", "unknown_property"),
        ("a/nobody/level", b"7", "unknown_device"), ("level", b"7", "bad_topic"),
    ],
)  # fmt: skip
def test_what_is_no_plain_number(topic: str, payload: bytes, reason: str) -> None:
    assert [letter.reason for letter in Reader(mapped("number", LEVEL)).read((topic, payload)).dead_letters] == [reason]


def test_lines_by_position_with_a_zone() -> None:
    reader = csv(columns=["time", "", "rain"], delimiter=";", decimal_comma=True, missing=["NAN"])
    payload = b"2026-05-29 03:26:35;x;1,5\r\n2026-05-29 03:26:31;x;\n2026-05-29 03:26:33;x;NAN\n\n"
    result = reader.read(("x/other", payload))
    assert values(result) == {2: [None, None, 1.5]}
    assert [t - NOW for t in result.batch.time_us.tolist()] == [-9_000_000, -7_000_000, -5_000_000]


def test_lines_with_a_header_a_device_and_epoch_times() -> None:
    payload = f'id,time,"level","note, long"\ncabinet,{NOW_S - 2},12.5,"a, b"\ncabinet,{NOW_S - 1}.5,oh,c\nnobody,1,1,d'
    result = csv(header=True, device="id").read(("x", b"\xef\xbb\xbf" + payload.encode()))
    assert (values(result), result.batch.time_us.tolist()) == ({1: [12.5]}, [NOW - 2_000_000])
    assert refusals(result) == [("wrong_type", 1), ("unknown_device", 2)]


def test_lines_with_a_time_in_the_loggers_own_way() -> None:
    reader = csv(columns=["time", "rain"], time_format="%d/%m/%Y %H.%M")
    batch = reader.read(("x/other", b"29/05/2026 03.26,7")).batch
    assert batch.time_us.tolist() == [parse_rfc3339("2026-05-28T20:26:00Z")]
    assert refusals(reader.read(("x/other", b"2026-05-29,7"))) == [("bad_time", 0)]
    assert csv(columns=["rain"]).read(("x/other", b"7")).batch.time_us.tolist() == [NOW]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("%d/%m/%Y %e", "'e' is a bad directive"), ("%d/%m/%Y %", "stray %"), ("%d/%m/%Y %d", "redefinition"),
        ("%H:%M:%S", "expected year, month and day"), ("%d/%m %H:%M", "expected year"), ("soon", "expected year"),
    ],
)  # fmt: skip
def test_a_pattern_that_reads_no_time_is_a_fault_of_the_rule(pattern: str, why: str) -> None:
    letters = csv(columns=["time", "rain"], time_format=pattern).read(("x/other", b"1,2\n1,3")).dead_letters
    assert [letter.reason for letter in letters] == ["unusable_rule"]
    assert f"time_format {pattern!r}" in letters[0].detail
    assert why in letters[0].detail


@pytest.mark.parametrize("pattern", ["%Y-%j %H", "%d %b %y", "%d/%m/%Y %I:%M %p", "%Y%m%d%H%M%S%z"])
def test_patterns_that_tell_the_day_are_taken(pattern: str) -> None:
    written = datetime(2026, 5, 28, 13, tzinfo=UTC).strftime(pattern)
    result = csv(columns=["time", "rain"], time_format=pattern).read(("x/other", f"{written},7".encode()))
    assert (values(result), result.clock_faults) == ({2: [7]}, 0)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"), (b"\n\n", "empty"), (b"\xff,1", "not_utf8"), (b'"1,2', "wrong_type"),
        (b"1,2\n" * 10_001, "too_many"), (b"1," * 1001, "too_many"), (b"1", "unknown_property"),
    ],
)  # fmt: skip
def test_lines_that_are_refused(payload: bytes, reason: str) -> None:
    result = csv(columns=["time", "rain"]).read(("x/other", payload))
    assert {letter.reason for letter in result.dead_letters} == {reason}


def test_an_announcement_is_kept_as_one() -> None:
    config = {
        "~": "ultra/1", "name": "Level", "stat_t": "~/state", "unit_of_meas": "cm", "val_tpl": "{{ value_json.d }}",
        "dev": {"ids": ["ultra-1"], "name": "Ultrasonic"},
    }  # fmt: skip
    reader = Reader(mapped("homeassistant"))
    letter = reader.read(("homeassistant/sensor/ultra/level/config", as_json(config))).dead_letters[0]
    assert letter.reason == "announcement"
    assert letter.detail == (
        "device 'ultra-1' (Ultrasonic); component name 'Level', state_topic 'ultra/1/state', "
        "value_template '{{ value_json.d }}', unit 'cm'"
    )
    several = {"device": {"identifiers": "a"}, "components": {"1": {"name": "One"}, "2": {"name": "Two"}}}
    detail = reader.read(("homeassistant/device/a/config", as_json(several))).dead_letters[0].detail
    assert detail == "device 'a'; component name 'One'; component name 'Two'"


def test_half_a_surrogate_pair_reaches_no_dead_letter() -> None:
    payload = rb'{"device": {"ids": "a", "name": "\ud800"}}'
    letter = Reader(mapped("homeassistant")).read(("homeassistant/sensor/x/config", payload)).dead_letters[0]
    assert letter.detail.startswith(r"device 'a' (\ud800)")
    assert letter.detail.encode()  # as the log will


def test_an_announcement_taken_back_and_what_is_none() -> None:
    reader = Reader(mapped("homeassistant"))
    for topic in ("homeassistant/sensor/x/config", "homeassistant/status"):
        result = reader.read((topic, b"" if "config" in topic else b"online"))
        assert (result.ignored, result.dead_letters) == (1, ())
    assert reader.read(("homeassistant/sensor/x/config", b"[]")).dead_letters[0].reason == "wrong_type"


def test_every_format_is_found_and_checks_its_options() -> None:
    names = {"chirpstack", "csv", "fields", "homeassistant", "native", "number", "senml", "sparkplug", "ttn"}
    assert names <= set(known_formats())
    for name in names:
        city = mapped(name, colour="red")
        with pytest.raises(CatalogueError, match="colour"):
            make_format(city.city.ingest[0], AddressBook(city))


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("fields", {}, "device"), ("fields", {"device": "topic:0"}, "level"),
        ("fields", {"device": "topic:x"}, "topic:N"),
        ("number", {"device": "id"}, "topic:N"), ("csv", {"device": "id"}, "columns or header"),
        ("csv", {"device": "id", "header": True, "decimal_comma": True}, "delimiter"),
        ("csv", {"device": "id", "header": True, "delimiter": "x"}, "delimiter"),
        ("senml", {"device": "topic:1", "separator": "/"}, "not both"), ("chirpstack", {"others": "drop"}, "others"),
        ("sparkplug", {"rebirth_interval_s": "soon"}, "rebirth_interval_s"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(name: str, options: dict[str, Any], says: str) -> None:
    city = mapped(name, **options)
    with pytest.raises(CatalogueError, match=says):
        make_format(city.city.ingest[0], AddressBook(city))
