"""Notification: who is told of an annunciation, when, by which way, and that it was told."""
