"""Tests of `sensors.trend`."""
