"""`siaga cap check`."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from command_center.alerts.commands import CAP
from command_center.alerts.write import to_xml
from sensors.settings import Settings
from tests.unit.command_center.alerts.messages import message


def check(*files: Path) -> int:
    parser = ArgumentParser()
    CAP.add_arguments(parser)
    return CAP.run(parser.parse_args(["check", *map(str, files)]), Settings())


def test_each_file_gets_its_lines_and_any_fault_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(to_xml(message()))
    bad.write_bytes(to_xml(message(sender="a b", scope="Private")))
    assert check(good, bad, tmp_path / "none.xml") == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{good}: ok",
        f"{bad}: alert.sender: expected a name without blanks, commas, < and &, got 'a b'",
        f"{bad}: alert.addresses: expected a text, as scope is Private, got none",
        f"{tmp_path / 'none.xml'}: cannot be read: No such file or directory",
    ]
    assert check(good) == 0
