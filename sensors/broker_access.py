"""How Siaga's own programs reach the embedded broker of a data directory: its address and their secrets.

`siaga run` writes both below `<data>/broker`, readable by the user who runs it alone.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from sensors.broker_address import BrokerAddress

Role = Literal["gateway", "command-center", "simulator", "publish", "canary"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
FOLDER: Final = "broker"
FILE: Final = "access.json"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where the embedded broker listens, as this machine and as devices reach it."""

    host: str  # for programs on this machine
    port: int
    device_host: str  # what a device connects to
    tls: bool = False
    ca_file: str = ""  # whom to trust; empty = who everybody trusts
    server_name: str = ""  # what the certificate is made out to; empty = `host`

    @property
    def url(self) -> str:
        """As `[mqtt] url` has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Access:
    """A door, and as whom to enter."""

    door: Door
    user: str
    password: str

    @property
    def address(self) -> BrokerAddress:
        """As a client wants it."""
        door = self.door
        return BrokerAddress(
            url=door.url,
            host=door.host,
            port=door.port,
            user=self.user,
            password=self.password,
            tls=door.tls,
            ca_file=door.ca_file,
            server_name=door.server_name,
        )


def user_name(role: Role) -> str:
    """The user that a program of ours is; no station can be called so, for the dot."""
    return f"siaga.{role}"


def secret_file(data_dir: Path, role: Role) -> Path:
    """Where a program's secret is."""
    return data_dir / FOLDER / "secrets" / role


def read_door(data_dir: Path) -> Door | None:
    """The door of a data directory's embedded broker as it was last opened; None where there is none to be read."""
    try:
        return msgspec.json.decode((data_dir / FOLDER / FILE).read_bytes(), type=Door)
    except (OSError, msgspec.MsgspecError):
        return None


def embedded_access(data_dir: Path, role: Role, url: str = "") -> Access | None:
    """How `role` enters the embedded broker of `data_dir`.

    None where `url` names another broker, or a user, or where nothing can be read here: then it is entered without a
    name, which it refuses where it must.
    """
    door = read_door(data_dir)
    if door is None or (url and not _is_at(url, door)):
        return None
    try:
        password = secret_file(data_dir, role).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return Access(door, user_name(role), password)


def _is_at(url: str, door: Door) -> bool:
    """Whether a URL without a user leads to the door."""
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port, parts.username) == (door.host, door.port, None)
    except ValueError:
        return False
