"""TLS against a real socket, and errors that say which file or certificate is wrong."""

import asyncio
import ssl
from pathlib import Path

import pytest

from gateway.errors import BrokerError
from gateway.mqtt.broker import Broker
from gateway.mqtt.link import dial
from sensors.broker_address import broker_address
from tests.e2e.certificates import Certificates, make_certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def reached(certificates: Certificates, **more: object) -> str:
    """Connect to a TLS server that wants a client's certificate; its common name, or the error."""

    async def story() -> str:
        names: list[str] = []

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001
            subject = writer.get_extra_info("peercert")["subject"]
            names.append(subject[0][0][1])
            writer.close()

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(certificates.server, certificates.server_key)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        broker = Broker("uji", broker_address(f"mqtts://127.0.0.1:{port}"), **more)  # type: ignore[arg-type]  # (a test names the fields)
        try:
            link = await dial(broker, 4, 1_024, asyncio.Event())
            await asyncio.wait_for(link.lost.wait(), 5)
            link.abort()
            return names[0] if names else link.loss
        except BrokerError as error:
            return str(error)
        finally:
            server.close()
            await server.wait_closed()

    return asyncio.run(story())


def test_a_client_certificate_is_shown(certificates: Certificates) -> None:
    files = {"cert_file": certificates.client, "key_file": certificates.client_key}
    assert reached(certificates, ca_file=certificates.authority, server_name="localhost", **files) == "gateway"


def test_what_is_wrong_is_named(certificates: Certificates, tmp_path: Path) -> None:
    trusted = {"ca_file": certificates.authority}
    assert "certificate is not trusted" in reached(certificates)
    assert "Hostname mismatch" in reached(certificates, **trusted, server_name="broker.kota.go.id")
    missing = tmp_path / "none.pem"
    assert reached(certificates, ca_file=missing) == f"ca_file {missing}: No such file or directory"
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")
    assert reached(certificates, **trusted, cert_file=rubbish).startswith(f"cert_file {rubbish}: ")
    mixed = reached(certificates, **trusted, cert_file=certificates.client, key_file=certificates.server_key)
    assert "key values mismatch" in mixed
