"""How a gauge is told to the public: never better than is known."""

from typing import Any

import pytest
from msgspec.structs import replace

from command_center.alarms.alarm import Aside, Doubt, Refutation
from command_center.public.facts import Condition
from command_center.public.gauge import Reading
from command_center.public.sentences import Teller
from sensors.catalogue import LevelStyle, Text
from sensors.origin import Origin
from sensors.times import MINUTE_US
from sensors.warning_rules import CapRules
from tests.unit.command_center.little_city import NOW_US, little_city, minutes
from tests.unit.command_center.public.made import AT_NOW, alarm, held, real_city, rising, told

SILENT = held("silent", time_us=minutes(-5), lost_rising=True)
REFUTED = Refutation(by="sari", seen="camera", comment="", at_us=NOW_US, until_us=minutes(30), rank=2, severity=3)


@pytest.mark.parametrize(
    ("given", "condition", "state"),
    [
        ({"reading": None}, Condition.NEVER, "BELUM PERNAH ADA DATA"),
        ({"reading": Reading(minutes(-4), 1.0, Origin.LIVE)}, Condition.SILENT,
         "TIDAK ADA DATA sejak 21:56 WIB"),
        ({"alarm": alarm(silence=SILENT)}, Condition.SILENT, "TIDAK ADA DATA sejak 21:59 WIB"),
        ({"alarm": alarm(held(), silence=SILENT)}, Condition.SILENT, "TIDAK ADA DATA sejak 21:59 WIB"),
        ({"alarm": alarm(held(), aside=Aside.SUPPRESSED)}, Condition.ASIDE, "POS SEDANG DIPERBAIKI, bukan tanda aman"),
        ({"alarm": alarm(held(), refutation=REFUTED)}, Condition.REFUTED,
         "PEMBACAAN DIBANTAH PETUGAS, diperiksa sampai 22:30 WIB"),
        ({"levels": ()}, Condition.UNGRADED, "TIDAK ADA BATAS SIAGA di pos ini"),
        ({}, Condition.NORMAL, "NORMAL"),
        ({"alarm": alarm(held("merah", historical=True))}, Condition.NORMAL, "NORMAL"),
        ({"alarm": alarm(held("hijau"), held())}, Condition.LEVEL, "SIAGA KUNING (tingkat 2 dari 3)"),
    ],
)  # fmt: skip
def test_the_state_says_what_is_known(given: dict[str, Any], condition: Condition, state: str) -> None:
    gauge = told(**given)
    assert gauge.condition is condition
    assert Teller(real_city(), NOW_US).state(gauge).id == state
    assert (gauge.advice is None) == (condition is Condition.NORMAL)


def test_a_gauge_that_could_have_reached_a_level_unseen_stands_as_high_as_that() -> None:
    could = held("merah", time_us=minutes(-2))
    gauge = told(alarm(held("hijau"), silence=SILENT, possible=(could,)))
    said = [text.id for text in Teller(real_city(), NOW_US).details(gauge)]
    assert gauge.urgency == (4, 1)
    assert said[:3] == [
        "BISA JADI SUDAH merah sejak 21:58 WIB, tidak terlihat",
        "Air sedang naik saat data hilang.",
        "Sebelum data hilang: Siaga Hijau.",
    ]
    assert "naik" not in said[-1], "of a gauge that is silent nothing is known of now"


def test_the_advice_is_the_citys_own_then_the_warnings_then_whom_to_ask() -> None:
    level, city = alarm(held()), real_city()
    own = LevelStyle(name=Text("K", "Y"), colour="#ffcc00", advice=Text("Naikkan barang.", "Lift things."))
    with_own = replace(city, city=replace(city.city, levels={"kuning": own}))
    without_rules = replace(city, city=replace(city.city, cap=CapRules(rules=())))

    def advice(given: Any) -> str:
        text = told(level, city=given).advice
        assert text is not None
        return text.id

    assert advice(with_own) == "Naikkan barang."
    assert advice(city).startswith("Bersiap mengungsi")
    assert advice(without_rules) == "Hubungi posko uji, 0321-1."


@pytest.mark.parametrize(
    ("beside", "trend", "has_next"),
    [
        (rising(), "naik 34 cm/jam", True),
        (rising(low=-1.0), "tidak jelas naik atau turun", False),
        (rising(low=-50.0, high=-20.0, value=-34.0), "turun 34 cm/jam", False),
        (rising(minute=-20), "naik atau turunnya belum diketahui", False),
    ],
)
def test_it_rises_only_where_both_bounds_say_so_and_a_time_is_told_only_then(
    beside: Any, trend: str, has_next: bool
) -> None:
    gauge = told(alarm(held()), beside=beside)
    assert gauge.trend.id.replace("\N{NARROW NO-BREAK SPACE}", " ") == trend
    assert (gauge.next is not None) == has_next


def test_a_rate_is_told_no_longer_than_it_lasts() -> None:
    found = rising(minute=-1)
    assert found.rate is not None
    short = replace(found, rate=replace(found.rate, lasts_s=59.0))
    assert told(alarm(held()), beside=found).trend.id.startswith("naik ")
    assert told(alarm(held()), beside=short).trend.id == "naik atau turunnya belum diketahui"
    assert told(alarm(held()), beside=short).next is None


def test_a_projection_with_one_end_only_is_none() -> None:
    beside = rising()
    assert beside.eta is not None
    half = replace(beside, eta=replace(beside.eta, latest_min=None))
    past = replace(beside, eta=replace(beside.eta, earliest_min=0.0, latest_min=0.0))
    assert told(alarm(held()), beside=half).next is None
    assert told(alarm(held()), beside=past).next is None
    both = told(alarm(held()), beside=beside).next
    assert both is not None
    assert (both.from_us, both.to_us) == (minutes(25), minutes(40))


def test_what_is_made_up_is_an_exercise_and_what_is_doubted_says_so() -> None:
    assert told(alarm(held()), city=little_city()).exercise, "its worst level is made up"
    assert told(alarm(held(exercise=True))).exercise
    assert told(reading=Reading(NOW_US, 1.0, Origin.SIMULATED)).exercise
    assert not told(alarm(held())).exercise
    doubted = told(alarm(held(verify=True), doubt=Doubt(cause="too_fast", time_us=NOW_US, value=1.0)))
    said = [text.id for text in Teller(real_city(), NOW_US).details(doubted)]
    assert said[-2:] == [
        "Pembacaan ini masih diperiksa.",
        "Air tampak turun, tetapi belum dapat dipercaya: tingkat ini tetap berlaku.",
    ]


def test_a_reading_that_an_officer_gave_is_told_as_such() -> None:
    gauge = told(reading=Reading(AT_NOW.time_us, 480.0, Origin.MANUAL))
    assert "dilaporkan petugas" in Teller(real_city(), NOW_US).reading(gauge).id
    assert NOW_US - AT_NOW.time_us == MINUTE_US
