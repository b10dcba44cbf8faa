"""paho's client without a broker: the bytes that it would send, and what it makes of bytes that it is given."""

import socket
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from gateway.mqtt.codec import MQTT_5

Message = tuple[bytes, bytes, int, bool]  # topic, payload, packet id (0 at QoS 0), retain
_READ_BYTES = 16_384  # less than a socket pair holds


class PahoBytes(paho.Client):
    """paho's client at a protocol level; use as a context manager."""

    def __init__(self, level: int, **more: Any) -> None:
        protocol = MQTTProtocolVersion.MQTTv5 if level == MQTT_5 else MQTTProtocolVersion.MQTTv311
        super().__init__(CallbackAPIVersion.VERSION2, client_id="siaga", protocol=protocol, **more)
        self.sent = b""
        self.messages: list[Message] = []
        self.on_message = self._note
        self._sock, self._broker = socket.socketpair()
        self._sock.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._broker.close()
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def receive(self, data: bytes) -> list[Message]:
        """The messages that paho finds in `data`."""
        for start in range(0, len(data), _READ_BYTES):
            self._broker.sendall(data[start : start + _READ_BYTES])
            while (result := self._packet_read()) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                pass
            assert result == MQTTErrorCode.MQTT_ERR_AGAIN, result
        return self.messages

    def _note(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        packet_id = message.mid if message.qos else 0
        self.messages.append((message.topic.encode(), bytes(message.payload), packet_id, bool(message.retain)))

    def _packet_queue(self, *arguments: Any, **_: Any) -> MQTTErrorCode:
        self.sent += bytes(arguments[1])
        return MQTTErrorCode.MQTT_ERR_SUCCESS
