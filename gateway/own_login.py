"""Our own login at the embedded broker, as settings of the broker."""

from pathlib import Path

import msgspec

from sensors.broker_access import Role, embedded_access, secret_file
from sensors.settings import Settings


def with_login(settings: Settings, role: Role) -> Settings:
    """With the login of `role`, where the broker is our data directory's embedded one and no other is asked for."""
    mqtt, data_dir = settings.mqtt, Path(settings.data_dir).absolute()
    access = embedded_access(data_dir, role, mqtt.url or f"mqtt://127.0.0.1:{mqtt.port}")
    if access is None or mqtt.user:
        return settings
    login = msgspec.structs.replace(
        mqtt,
        user=access.user,
        password_file=str(secret_file(data_dir, role)),
        ca_file=mqtt.ca_file or access.door.ca_file,
        server_name=mqtt.server_name or access.door.server_name,
    )
    return msgspec.structs.replace(settings, mqtt=login)
