"""What a broker sends, put together by hand."""


def length(size: int) -> bytes:
    """A variable byte integer below 2 MiB."""
    if size < 128:
        return bytes((size,))
    if size < 16_384:
        return bytes((size & 0x7F | 0x80, size >> 7))
    return bytes((size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14))


def packet(first: int, before: str | bytes, properties: str | bytes | None = None, behind: str | bytes = b"") -> bytes:
    """A packet of these parts, each as bytes or in hexadecimal; `properties` get their length, None is none of it."""
    block = b"" if properties is None else length(len(_raw(properties))) + _raw(properties)
    body = _raw(before) + block + _raw(behind)
    return bytes((first,)) + length(len(body)) + body


def _raw(part: str | bytes) -> bytes:
    return bytes.fromhex(part) if isinstance(part, str) else part
