"""Requests to this machine: without the certificates of all the world, which take 50 ms to load for each request."""

import ssl
from typing import Any

import httpx

PATIENCE_S = 30.0  # a crowded machine is no fault of the code
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def request(method: str, url: str, **options: Any) -> httpx.Response:
    """As httpx.request: a client of its own for each, and so no cookie and no connection of another."""
    return httpx.request(method, url, verify=NO_TLS, **({"timeout": PATIENCE_S} | options))


def get(url: str, **options: Any) -> httpx.Response:
    """As httpx.get."""
    return request("GET", url, **options)


def post(url: str, **options: Any) -> httpx.Response:
    """As httpx.post."""
    return request("POST", url, **options)
