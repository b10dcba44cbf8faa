"""MQTT 3.1.1 and 5, the receiving side: a codec without I/O, and the session that acknowledges after the commit."""
