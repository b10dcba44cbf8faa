"""Tests of command_center.actions."""
