"""Alarms, the API and the wall over the log; and `siaga run`, which starts everything."""
