"""Sinks: processes that follow the log with a cursor of their own and hand its observations on."""
