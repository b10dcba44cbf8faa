"""Tests of command_center.actuators."""
