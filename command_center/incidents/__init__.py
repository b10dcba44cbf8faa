"""Incidents: one thing that happens in the city, however many alarms tell of it."""
