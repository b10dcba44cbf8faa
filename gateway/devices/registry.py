"""`devices.json`: the stations that have a login at the embedded broker, and the hash of each secret.

While the file is missing nobody has a login, and whoever is on this machine may publish.  From the first device on the
broker asks everybody who they are, and goes on doing so when the last one is revoked.

A secret has 120 random bits, so the hash needs no work factor against guessing: the lowest (4) makes 1.3 ms of each
login, and a thousand devices that come back together after a power cut take 1.3 s of one core, not the 150 s of the
usual 11.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import bcrypt
import msgspec

from gateway.errors import BrokerError
from gateway.lock import held
from sensors.times import rfc3339

FOLDER: Final = "broker"
FILE: Final = "devices.json"
BCRYPT_COST: Final = 4
LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # of secrets; 32: five bits each; no 0, 1, l, o to mistake
SECRET_LENGTH: Final = 24
MAX_DEVICES: Final = 100_000


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One station's login; `secret_hash` empty = revoked."""

    secret_hash: str
    added_at: str
    changed_at: str
    also: tuple[str, ...] = ()  # topic filters it may publish under besides telemetry/{station}
    hears: tuple[str, ...] = ()  # topics of a siren that it may hear besides siaga/actuator/{station}/set
    reads: bool = False  # no device: a program that reads what leaves under siaga/, and publishes nothing

    @property
    def is_revoked(self) -> bool:
        """True where the login does not work any more."""
        return not self.secret_hash


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    devices: dict[str, Device]


class Registry:
    """The devices of a data directory; each change is on the disk, whole, before it returns."""

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / FOLDER / FILE

    def exists(self) -> bool:
        """Whether a device was ever added: from then on nobody is anonymous."""
        return self.file.exists()

    def devices(self) -> dict[str, Device]:
        """By station, revoked ones too; {} where there never was one.  BrokerError where the file cannot be read."""
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=_File).devices
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BrokerError(f"{self.file}: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise BrokerError(f"{self.file} is damaged ({error}): restore it, or remove it and add anew") from error

    def add(
        self, station: str, now_us: int, also: tuple[str, ...] = (), hears: tuple[str, ...] = (), *, reads: bool = False
    ) -> str:
        """Give a station a login; the secret, which is kept nowhere.  BrokerError where it has one already."""
        with self._changing() as devices:
            known = devices.get(station)
            if known is not None and not known.is_revoked:
                raise BrokerError(
                    f"{station} has a login since {known.added_at}; `siaga device rotate {station}` renews its secret"
                )
            if len(devices) >= MAX_DEVICES:
                raise BrokerError(f"expected at most {MAX_DEVICES} devices")
            secret, now = new_secret(), rfc3339(now_us)
            devices[station] = Device(
                secret_hash=hashed(secret), added_at=now, changed_at=now, also=also, hears=hears, reads=reads
            )
        return secret

    def rotate(self, station: str, now_us: int) -> str:
        """A new secret for a station; the old one stops working.  BrokerError where it has no login."""
        with self._changing() as devices:
            known, secret = self._present(devices, station), new_secret()
            devices[station] = msgspec.structs.replace(known, secret_hash=hashed(secret), changed_at=rfc3339(now_us))
        return secret

    def revoke(self, station: str, now_us: int) -> None:
        """A station's login stops working.  BrokerError where it has none."""
        with self._changing() as devices:
            known = self._present(devices, station)
            devices[station] = msgspec.structs.replace(known, secret_hash="", changed_at=rfc3339(now_us))

    def stamp(self) -> tuple[int, int, int]:
        """Differs after each change, so that whoever follows the file notices."""
        try:
            found = self.file.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    @staticmethod
    def _present(devices: dict[str, Device], station: str) -> Device:
        known = devices.get(station)
        if known is None or known.is_revoked:
            raise BrokerError(f"{station} has no login; `siaga device add {station}` gives it one")
        return known

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Device]]:
        """The devices, to be changed by one process at a time and stored at the end."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        with held(self.file.with_suffix(".lock"), unusable=self._unusable):
            devices = self.devices()
            yield devices
            write_private(self.file, msgspec.json.format(msgspec.json.encode(_File(devices=devices)), indent=1))

    def _unusable(self, error: OSError) -> BrokerError:
        return BrokerError(f"{self.file}: {error.strerror}")


def new_secret() -> str:
    """A random secret that can be typed from paper.

    >>> len(new_secret())
    24
    """
    return "".join(secrets.choice(LETTERS) for _ in range(SECRET_LENGTH))


def hashed(secret: str) -> str:
    """The bcrypt hash of a secret as the server reads it.

    >>> hashed("abc")[:7]
    '$2a$04$'
    """
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(BCRYPT_COST, prefix=b"2a")).decode()


def write_private(file: Path, data: bytes) -> None:
    """Replace a file as a whole, readable by its owner alone; BrokerError where that fails."""
    new = file.with_name(file.name + ".new")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(handle, 0o600)
            stream.write(data)
            stream.flush()
            os.fsync(handle)
        new.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the name, too: a revoked login must not come back with the power
        finally:
            os.close(folder)
    except OSError as error:
        raise BrokerError(f"{file}: {error.strerror}") from error
