"""The secret of a log by which brokers know its gateway, and the client ids made of it.

Whoever knows a client id and has a login of his own can take the session over, or end it with a clean one, as far as a
broker does not bind ids to users.  So an id must not follow from anything that Siaga serves, as the log's id does.
"""

import hashlib
import hmac
import secrets
import zlib
from typing import Final

SECRET: Final = "secret:"  # noqa: S105  (how a key begins; a log made before there was one has its id in its place)
ID_LENGTH: Final = 23  # every MQTT 3.1.1 server takes so many of 0-9a-zA-Z (3.1.3.1)
_NAME: Final = "siaga"


def new_session_key() -> str:
    """A key for a new log: 128 random bits."""
    return f"{SECRET}{secrets.token_hex(16)}"


def client_id(key: str, source: str) -> str:
    """The same for the same key and source, 23 characters.

    A log without a secret keeps the id that its brokers know, which follows from the log's id: under another one, what
    waits there would be lost.

    >>> client_id("secret:00", "broker"), client_id("0123456789abcdef", "broker")
    ('siaga3a1826d40a9d684ac4', 'siaga0123456789f6aaf03b')
    """
    if not key.startswith(SECRET):
        return f"{_NAME}{key[:10]}{zlib.crc32(source.encode()):08x}"
    digest = hmac.new(key.encode(), source.encode(), hashlib.sha256).hexdigest()
    return f"{_NAME}{digest}"[:ID_LENGTH]
