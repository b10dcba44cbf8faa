"""Sirens and lamps: what sounds them, whether they did, and when each was last proven end to end."""
