"""The pages as bytes: light, whole, hostile names harmless, and true without a script."""

import re

from msgspec.structs import replace

from command_center.public.facts import WarningFacts
from command_center.public.page import Pages
from command_center.public.survey import MAX_WARNINGS
from sensors.catalogue import Text
from sensors.times import MINUTE_US
from tests.unit.command_center.little_city import NOW_US, minutes
from tests.unit.command_center.public.made import alarm, area, facts, held, real_city, rising, told

LIMIT_BYTES = 100_000
HOSTILE = '<script>alert("x")</script>' + "nama " * 2_000
WARNING = WarningFacts(
    headline=Text("Awas banjir", "Flood danger"),
    description=Text("Air naik.", "The water rises."),
    instruction=Text("Mengungsi sekarang.", "Leave now."),
    sender=Text("BPBD", "Disaster agency"),
    where=Text("Gedongan", "Gedongan"),
    expires_us=minutes(120),
    codes=("35.76.01",),
)


def pages(*areas: object, **fields: object) -> Pages:
    return Pages(facts(*areas, **fields), real_city(), NOW_US)  # type: ignore[arg-type]


def words(html: str, language: str = "id") -> str:
    """What is read in one language, without a script."""
    other = {"id": "e", "en": "i"}[language]
    text = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    text = re.sub(rf'<(\w+) class="?{other}"?[ >].*?</\1>', "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_the_heaviest_list_and_page_are_light() -> None:
    gauge = told(alarm(held("merah"), silence=None), beside=rising())
    long = replace(gauge, station=HOSTILE, advice=Text(HOSTILE, HOSTILE))
    heavy = replace(WARNING, description=Text(HOSTILE, "en"), instruction=Text(HOSTILE, "en"), codes=())
    many = [area(*[long] * 8, name=HOSTILE, code=f"35.76.01.{1000 + n}") for n in range(1_000)]
    made = pages(*many, warnings=(heavy,) * MAX_WARNINGS)
    assert max(len(made.area(many[0]).encode()), len(made.index().encode())) < LIMIT_BYTES
    usual = [area(gauge, name=f"Kelurahan Sumber Tanggul {n}", code=f"35.76.01.{1000 + n}") for n in range(1_000)]
    listed = pages(*usual).index()
    assert len(listed.encode()) < LIMIT_BYTES
    assert listed.count("<li") > 150
    assert f"{1_000 - listed.count('<li')} kelurahan dan desa lagi" in listed


def test_names_are_escaped_and_cut() -> None:
    village = area(replace(told(), station=HOSTILE), name=HOSTILE)
    made = pages(village)
    for html in (made.index(), made.area(village)):
        assert '<script>alert("x")' not in html
        assert len(re.findall("<script>", html)) == 1
    assert "nama " * 30 not in made.text(village)


def test_the_worst_stands_first_and_what_is_not_known_before_what_is_well() -> None:
    villages = (
        area(told(), name="Normal", code="35.76.01.1001"),
        area(told(reading=None), name="Belum", code="35.76.01.1002"),
        area(told(alarm(held("hijau"))), name="Hijau", code="35.76.01.1003"),
        area(told(alarm(held("merah"))), name="Merah", code="35.76.01.1004"),
        area(name="Tanpa pos", code="35.76.01.1005"),
    )
    names = re.findall(r"<u>(.*?)</u>", pages(*villages).index())
    assert names == ["Merah", "Hijau", "Belum", "Normal"]
    assert "Itu bukan tanda aman" in words(pages(*villages).index())
    assert "Ini bukan tanda aman" in words(pages(*villages).area(villages[-1]))


def test_it_says_until_when_it_may_be_used_in_both_languages_and_without_a_script() -> None:
    village = area(told(alarm(held()), beside=rising()))
    html = pages(village).area(village)
    said, english = words(html), words(html, "en")
    assert "Berlaku sampai 22:30 WIB, 22 Nov" in said
    assert "Lewat jam itu DATA LAMA: jangan dipakai" in said
    assert "SIAGA KUNING (tingkat 2 dari 3) sejak 21:00 WIB" in said
    assert "merah dapat tercapai antara 22:25 WIB dan 22:40 WIB" in said
    assert "Good until 22:30 WIB, 22 Nov" in english
    assert "YELLOW ALERT (level 2 of 3) since 21:00 WIB" in english
    assert 'class="is-old"' not in html
    assert f'data-valid-until-ms="{(NOW_US + 30 * MINUTE_US) // 1000}"' in html
    for text in pages(village).text(village).split("\n\n---\n\n"):
        assert re.search(r"(Berlaku sampai|Good until) 22:30 WIB, 22 Nov", text)


def test_of_a_picture_that_is_not_whole_any_more_the_page_is_old_from_the_start() -> None:
    village = area(told())
    for as_of_us in (None, minutes(-31)):
        assert 'class="is-old"' in pages(village, as_of_us=as_of_us).area(village)


def test_an_exercise_bears_a_band_and_a_mixed_page_marks_the_gauge_alone() -> None:
    drill, real = told(alarm(held(exercise=True))), told(alarm(held("merah")))
    whole, mixed = area(drill), area(real, drill)
    made = pages(whole, mixed)
    band, tag = "BUKAN KEADAAN SEBENARNYA", "LATIHAN: data atau batas pos ini bukan yang sebenarnya"
    assert (band in words(made.area(whole)), tag in words(made.area(whole))) == (True, False)
    assert (band in words(made.area(mixed)), words(made.area(mixed)).count(tag)) == (False, 2)  # and in the text
    assert made.text(whole).startswith("SIMULASI / LATIHAN – BUKAN KEADAAN SEBENARNYA")
    assert band in words(pages(area(real), exercise=True).index())


def test_warnings_stand_on_top_where_they_hold_with_their_end() -> None:
    inside, outside = area(told()), area(told(), code="35.16.01.2001")
    made = pages(inside, outside, warnings=(WARNING,))
    said = words(made.area(inside))
    assert said.index("Awas banjir") < said.index("NORMAL")
    assert "Dari BPBD, berlaku sampai 23 Nov 00:00 WIB" in said
    assert "Awas banjir" not in words(made.area(outside))
    assert "Awas banjir" in words(made.index())
    assert "Mengungsi sekarang." in made.text(inside)
    assert all(WARNING.concerns(code) for code in ("35.76", "35.76.01", "35.76.01.1001"))
    assert not WARNING.concerns("35.76.011")
