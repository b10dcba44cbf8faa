"""The same story on every kind of broker: a level reached, a gateway killed, nothing lost."""

from dataclasses import dataclass, field

import pytest

from tests import plain_http
from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.certificates import make_certificates
from tests.e2e.processes import accepts, free_port, until
from tests.e2e.site import Site
from tests.e2e.small_city import RAIN, RIVER, SIAGA_CM

pytestmark = pytest.mark.broker

AWAY = 300  # readings that come while the gateway is dead
START_MS = 1_760_000_000_000


@dataclass(slots=True)
class Ground:
    """Where the story takes place: devices publish at `broker`, the gateway goes by its settings."""

    broker: Broker
    protocol: str
    settings: dict[str, str] = field(default_factory=dict)


def mosquitto_5(site: Site) -> Ground:
    return Ground(site.start_mosquitto(), "5")


def mosquitto_3_1_1(site: Site) -> Ground:
    return Ground(site.start_mosquitto(), "3.1.1", {"SIAGA_MQTT_PROTOCOL": "3.1.1"})


def nats_3_1_1(site: Site) -> Ground:
    return Ground(site.start_nats(), "3.1.1")


def mosquitto_tls(site: Site) -> Ground:
    certificates, port = make_certificates(site.folder / "certificates"), free_port()
    more = (
        f"listener {port} 127.0.0.1\ncafile {certificates.authority}\ncertfile {certificates.server}\n"
        f"keyfile {certificates.server_key}\nrequire_certificate true\nallow_anonymous true\n"
    )
    broker = site.start_mosquitto(more=more)
    until(lambda: accepts(port), "Mosquitto's TLS port")
    settings = {
        "SIAGA_MQTT_URL": f"mqtts://127.0.0.1:{port}",
        "SIAGA_MQTT_CA_FILE": str(certificates.authority),
        "SIAGA_MQTT_CERT_FILE": str(certificates.client),
        "SIAGA_MQTT_KEY_FILE": str(certificates.client_key),
        "SIAGA_MQTT_SERVER_NAME": "localhost",
    }
    return Ground(broker, "5", settings)


@pytest.mark.parametrize("ground_of", [mosquitto_5, mosquitto_3_1_1, nats_3_1_1, mosquitto_tls])
def test_a_level_is_reached_the_gateway_is_killed_and_nothing_is_lost(site: Site, ground_of: object) -> None:
    assert callable(ground_of)
    ground: Ground = ground_of(site)
    gateway = site.start_gateway(ground.broker, **ground.settings)
    _center, api = site.start_command_center()
    ground.broker.observe(RIVER, SIAGA_CM)
    alarm = until(lambda: api.open_alarm(RIVER), "the alarm")
    assert alarm["level"] == "siaga"
    source = until(lambda: _flowing(api), "the canary's return")
    assert source["protocol"] == ground.protocol
    assert source["tls"] == ("SIAGA_MQTT_CA_FILE" in ground.settings)

    gateway.kill()
    topic = "telemetry/" + RAIN.replace(":", "/")
    ground.broker.publish_all([(topic, {"ts": START_MS + n, "value": n / 10}) for n in range(AWAY)])
    site.start_gateway(ground.broker, **ground.settings)
    until(lambda: len(api.observations(RAIN)) == AWAY, "all readings that came meanwhile", within_s=45)
    assert [o["value"] for o in api.observations(RIVER)] == [SIAGA_CM]
    assert api.open_alarm(RIVER) == alarm
    assert _source(api)["session_lost"] == 0


def _flowing(api: Api) -> dict[str, object] | None:
    source = _source(api)
    return source if source.get("flows") else None


def _source(api: Api) -> dict[str, object]:
    status = plain_http.get(f"{api.url}/healthz").json()["gateway"]["status"]
    return dict(status["sources"][0]) if status else {}
