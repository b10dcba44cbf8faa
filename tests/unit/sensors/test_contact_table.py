"""contacts.csv, rosters.csv and [notify]: faults by line, no secret stored or repeated, the rest runs."""

from pathlib import Path

import pytest

from sensors.city import load_city
from tests.e2e.small_city import write_city

HEADER = "contact,name,language,urls,group,areas,least_severity,mass,test,canary,source\n"
SECRET = "tgram://123456:very-secret/42"


def city(folder: Path, contacts: str, rosters: str = "", notify: str = "") -> Path:
    folder = write_city(folder / "city")
    (folder / "contacts.csv").write_text(HEADER + contacts)
    if rosters:
        (folder / "rosters.csv").write_text("contact,days,begins,ends,source\n" + rosters)
    with (folder / "city.toml").open("a") as file:
        file.write(notify)
    return folder


def test_contacts_and_rosters_are_read_and_their_faults_named(tmp_path: Path) -> None:
    folder = city(
        tmp_path,
        "POSKO,Posko,id,env:POSKO file:posko.url,posko,35.76 *,2,no,yes,ya,for tests\n"
        f"LEAK,Leak,id,{SECRET},posko,*,1,no,no,no,for tests\n"
        "OURS,Ours,id,env:SIAGA_POSKO,posko,*,1,no,no,no,for tests\n"
        "FAR,Far,id,env:FAR,posko,99.99,1,no,no,no,for tests\n"
        "HIGH,High,id,env:HIGH,posko,*,5,no,no,no,for tests\n"
        "posko,Again,id,env:AGAIN,posko,*,1,no,no,no,for tests\n",
        "POSKO,mon sun,19:00,07:00,for tests\nPOSKO,funday,07:00,19:00,for tests\nPOSKO,mon,7,19:00,for tests\n"
        "NOBODY,mon,07:00,19:00,for tests\n",
    )
    catalogue, faults = load_city(str(folder))
    [posko] = catalogue.contacts
    assert (posko.urls, posko.areas, posko.least_severity) == (("env:POSKO", "file:posko.url"), ("35.76", "*"), 2)
    assert (posko.mass, posko.test, posko.canary) == (False, True, True)
    assert [duty.days for duty in catalogue.rosters] == [("mon", "sun")]
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [
        ("contacts.csv", 3, "urls"),
        ("contacts.csv", 4, "urls"),
        ("contacts.csv", 5, "areas"),
        ("contacts.csv", 6, "least_severity"),
        ("contacts.csv", 7, "contact"),
        ("rosters.csv", 3, "days"),
        ("rosters.csv", 4, "begins"),
        ("rosters.csv", 5, "contact"),
    ]
    assert "very-secret" not in catalogue.canonical().decode() + "".join(map(str, faults))


def test_steps_come_in_the_order_of_their_times_and_name_groups_that_are_there(tmp_path: Path) -> None:
    steps = "".join(
        f'\n[[notify.steps]]\ngroup = "{group}"\nafter_min = {after}\n'
        for group, after in (("posko", 15.0), ("nobody", 5.0), ("piket", 0.0))
    )
    folder = city(
        tmp_path,
        "A,A,id,env:A,posko,*,1,no,no,no,for tests\nB,B,id,env:B,piket,*,1,no,no,no,for tests\n",
        notify=f"\n[notify]\nrepeat_every_min = {{ 4 = 5.0 }}\n{steps}",
    )
    catalogue, faults = load_city(str(folder))
    assert [step.group for step in catalogue.city.notify.steps] == ["piket", "posko"]
    assert [str(fault) for fault in faults] == ["city.toml: notify.steps: no group 'nobody' in contacts.csv"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('quiet_from = "22:00"', "quiet_from"),
        ("quiet_severity = 4", "highest is never quiet"),
        ("repeat_every_min = { 4 = 0.1 }", "repeat_every_min.4"),
    ],
)
def test_rules_that_cannot_be_are_left_out_and_named(tmp_path: Path, rule: str, said: str) -> None:
    folder = city(tmp_path, "A,A,id,env:A,posko,*,1,no,no,no,for tests\n", notify=f"\n[notify]\n{rule}\n")
    catalogue, [fault] = load_city(str(folder))
    assert said in str(fault)
    assert catalogue.city.notify.quiet_from == ""


@pytest.mark.parametrize("name", ["mojokerto", "kotamobagu"])
def test_a_built_in_city_names_nobody_real(name: str) -> None:
    catalogue, faults = load_city(name)
    assert not faults
    assert catalogue.contacts
    assert {contact.source for contact in catalogue.contacts} == {"illustrative"}


def test_maintainers_are_a_group_that_is_there_or_a_fault(tmp_path: Path) -> None:
    row = "A,Ani,id,env:A,teknisi,*,1,no,no,no,for tests\n"
    folder = city(tmp_path / "right", row, notify='\n[notify]\nmaintainers = "teknisi"\n')
    catalogue, faults = load_city(str(folder))
    assert (catalogue.city.notify.maintainers, faults) == ("teknisi", ())
    folder = city(tmp_path / "wrong", row, notify='\n[notify]\nmaintainers = "montir"\n')
    catalogue, faults = load_city(str(folder))
    assert (catalogue.city.notify.maintainers, [fault.column for fault in faults]) == ("", ["notify.maintainers"])
