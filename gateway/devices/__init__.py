"""Devices of the embedded broker: who may connect, with which secret, through which door."""
