"""MQTT 3.1.1, the receiving side: a codec without I/O, and the session that acknowledges after the commit."""
