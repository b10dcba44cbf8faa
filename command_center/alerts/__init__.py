"""Alerts: CAP 1.2 messages (OASIS Common Alerting Protocol) to the public and to agencies, out and in."""
