"""Bytes in, durable batches out: MQTT session, payload formats, ingest, the log."""
