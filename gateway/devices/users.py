"""The embedded broker's users, as the server's configuration has them: our own programs, the devices, and nobody.

An MQTT topic is a NATS subject with dots for slashes; a dot of the topic becomes two slashes.  A publish that is not
allowed is dropped by the server with a line that names the user; MQTT 3.1.1 has no other answer than its PUBACK.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.devices.registry import Device, hashed, new_secret, write_private
from gateway.errors import BrokerError
from sensors.broker_access import ROLES, Role, secret_file, user_name

ANONYMOUS: Final = "siaga.anonymous"
LOGIN_S: Final = 10  # the server's default, 2 s, is short for a device on a slow link, and after a power cut

_EVERYTHING: Final = (">",)
_NOTHING: Final[tuple[str, ...]] = ()
_QOS_1: Final = ("$MQTT.sub.>",)  # older servers deliver it from there and want it allowed; 2.15 takes it as given


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may publish under and subscribe to, as NATS subjects."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


# What each of our own programs needs, and no more.
RIGHTS: Final[dict[Role, Rights]] = {
    "gateway": Rights(
        ("siaga.canary.>", "siaga.status", "telemetry.>", "spBv1//0.*.NCMD.>", "spBv1//0.*.DCMD.>"),
        _EVERYTHING,  # ingest rules name any topic
    ),
    "command-center": Rights(
        # Sirens and lamps: under siaga/, Tasmota's commands, ChirpStack's downlinks.  They answer under any topic.
        ("siaga.>", "cmnd.>", "application.*.device.*.command.down"),
        _EVERYTHING,
    ),
    "simulator": Rights(("telemetry.>",), ("telemetry.>",)),
    "publish": Rights(("telemetry.>",), _NOTHING),
    "canary": Rights(("siaga.canary.broker",), ("siaga.canary.broker", *_QOS_1)),
}


# A program of another agency: what leaves under siaga/ (docs/mqtt-out.md), no way to say anything.  `x/#` is `x`, too.
_LEAVES: Final = ("alarm", "alert", "observation")
READER: Final = Rights(
    _NOTHING,
    ("siaga.status", *(f"siaga.{name}{end}" for name in _LEAVES for end in ("", ".>")), *_QOS_1),
)


def subject(topic_filter: str) -> str:
    """The NATS subject of an MQTT topic or filter.

    >>> subject("telemetry/A1/#"), subject("spBv1.0/+/NCMD/#")
    ('telemetry.A1.>', 'spBv1//0.*.NCMD.>')
    """
    words = {"+": "*", "#": ">"}
    return ".".join(words.get(level, level.replace(".", "//")) for level in topic_filter.split("/"))


def own_secrets(data_dir: Path) -> dict[Role, str]:
    """The secrets of our own programs, made where they are missing; BrokerError where they cannot be stored."""
    found: dict[Role, str] = {}
    for role in ROLES:
        file = secret_file(data_dir, role)
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found[role] = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        except OSError as error:
            raise BrokerError(f"{file}: {error.strerror}") from error
        if not found[role]:
            found[role] = new_secret()
            write_private(file, f"{found[role]}\n".encode())
    return found


def authorization(own: dict[Role, str], devices: dict[str, Device], *, anonymous: bool) -> list[str]:
    """The lines of `nats.conf` that say who may do what.  `anonymous`: whoever connects without a name may do all.

    Who is nobody is always told, because the server reloads users, but not the name of the nameless one: where he may
    not enter, he is one who would have to come over a WebSocket, which is not listened to.
    """
    lines = ["authorization {", f"  timeout: {LOGIN_S}", "  users: ["]
    lines += [_user(user_name(role), hashed(own[role]), RIGHTS[role]) for role in ROLES]
    lines += [
        _user(station, device.secret_hash, READER if device.reads else device_rights(station, device))
        for station, device in sorted(devices.items())
        if not device.is_revoked
    ]
    # A plain password: the server itself logs the nameless one in with it, and compares.
    everything = Rights(_EVERYTHING, _EVERYTHING)
    nothing = Rights(_NOTHING, _NOTHING)
    lines.append(
        _user(ANONYMOUS, new_secret(), everything if anonymous else nothing, "MQTT" if anonymous else "WEBSOCKET")
    )
    return [*lines, "  ]", "}", f'no_auth_user: "{ANONYMOUS}"']


def device_rights(station: str, device: Device) -> Rights:
    """A device publishes under its own station, and what it was given besides; a siren hears what it is told, too.

    The actuator is called as its login; of what is under siaga/ it has these two topics and no more.
    """
    own = f"siaga.actuator.{station}"
    publish = (f"telemetry.{station}", f"telemetry.{station}.>", f"{own}.state", *map(subject, device.also))
    return Rights(publish, (f"{own}.set", *map(subject, device.hears), *_QOS_1))


def _user(name: str, password: str, rights: Rights, connection: str = "MQTT") -> str:
    return (
        f'    {{ user: "{name}", password: "{password}", allowed_connection_types: ["{connection}"],'
        f" permissions: {{ publish: {_allowed(rights.publish)}, subscribe: {_allowed(rights.subscribe)} }} }}"
    )


def _allowed(subjects: tuple[str, ...]) -> str:
    """An empty list would allow everything."""
    quoted = ", ".join(f'"{subject}"' for subject in subjects)
    return f"{{ allow: [{quoted}] }}" if subjects else '{ deny: [">"] }'
