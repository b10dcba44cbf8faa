"""How far the broker is opened: never with passwords in the clear unless somebody said so."""

import ssl
from pathlib import Path

import pytest

from gateway.devices.opening import opening
from gateway.errors import BrokerError
from sensors.errors import SettingsError
from sensors.settings import BrokerSettings

ANYWHERE = "0.0.0.0"  # noqa: S104  (never listened on here)


def test_by_default_it_is_of_this_machine_alone(tmp_path: Path) -> None:
    found = opening(BrokerSettings(), 1883, tmp_path)
    assert (found.is_local, found.door.url, found.door.device_host) == (True, "mqtt://127.0.0.1:1883", "127.0.0.1")


def test_beyond_it_the_refusal_names_the_three_ways(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        opening(BrokerSettings(host=ANYWHERE), 1883, tmp_path)
    for way in ('tls = "self-signed"', "cert_file and key_file", "closed_network = true"):
        assert way in str(caught.value)


def test_a_closed_network_is_somebodys_word(tmp_path: Path) -> None:
    found = opening(BrokerSettings(host=ANYWHERE, name="10.1.2.3", closed_network=True), 1883, tmp_path)
    assert (found.is_local, found.door.url, found.door.device_host) == (False, "mqtt://127.0.0.1:1883", "10.1.2.3")


def test_a_certificate_is_made_once_and_again_only_for_other_names(tmp_path: Path) -> None:
    def made(name: str) -> tuple[bytes, bytes]:
        found = opening(BrokerSettings(host=ANYWHERE, tls="self-signed", name=name), 8883, tmp_path)
        ssl.create_default_context(cafile=found.door.ca_file).load_cert_chain(found.cert_file, found.key_file)
        assert found.door.url == "mqtts://127.0.0.1:8883"
        return Path(found.door.ca_file).read_bytes(), Path(found.cert_file).read_bytes()

    first, again, other = made("siaga.kota.test"), made("siaga.kota.test"), made("10.1.2.3")
    assert first == again
    assert (first[0] == other[0], first[1] == other[1]) == (True, False)  # devices trust the authority: it stays


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (BrokerSettings(cert_file="a.crt"), "go together"),
        (BrokerSettings(cert_file="a.crt", key_file="a.key", tls="self-signed"), "either"),
    ],
)
def test_half_a_certificate_is_refused(settings: BrokerSettings, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=reason):
        opening(settings, 1883, tmp_path)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"none\.crt"):
        opening(BrokerSettings(cert_file=str(tmp_path / "none.crt"), key_file="k"), 1883, tmp_path)


def test_a_certificate_of_ones_own_names_the_host_that_devices_connect_to(tmp_path: Path) -> None:
    made = opening(BrokerSettings(host=ANYWHERE, tls="self-signed", name="siaga.kota.test"), 8883, tmp_path)
    files = BrokerSettings(host=ANYWHERE, cert_file=made.cert_file, key_file=made.key_file, ca_file=made.door.ca_file)
    door = opening(files, 8883, tmp_path).door
    assert (door.device_host, door.server_name, door.tls) == ("siaga.kota.test", "siaga.kota.test", True)
