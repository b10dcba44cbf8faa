"""Alarms: what they are, how they live, where they are stored, and what they say."""
