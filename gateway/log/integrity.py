"""Checksums of what a row says besides its blob: a flipped bit is found, wherever in the row it is.

A row of format 1 has a checksum of its blob only.  From format 2 on `head_crc` covers every number of the row, the
blob's checksum and that of its transitions among them.
"""

import hashlib
import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

import zstandard

from gateway.errors import LogError

MAX_CATALOGUE_BYTES: Final = 256 * 1024 * 1024  # some 500,000 datastreams


class Head(NamedTuple):
    """A row of `batch` without its blob."""

    seq: int
    now_us: int
    event: str
    catalogue: int
    detector: int
    n: int
    format: int
    crc: int
    moves_crc: int | None
    head_crc: int | None

    def checksum(self) -> int:
        """CRC-32 of all that stands before it."""
        return zlib.crc32(" ".join(str(field) for field in self[:-1]).encode())

    @property
    def is_intact(self) -> bool:
        """Whether the head is what was written; one of format 1 cannot tell."""
        numbers = (self.seq, self.now_us, self.catalogue, self.detector, self.n, self.format, self.crc)
        if not all(isinstance(number, int) for number in numbers) or not isinstance(self.event, str):
            return False
        if self.format == 1:
            return self.head_crc is None
        return self.head_crc == self.checksum()


def moves_checksum(bodies: Iterable[bytes], crc: int = 0) -> int:
    """CRC-32 of the bodies of a row's transitions, in order, after those with `crc`; 0 for none."""
    for body in bodies:
        crc = zlib.crc32(body + b"\n", crc)
    return crc


def checkpoint_checksum(seq: int, detector: int, body: bytes) -> int:
    """CRC-32 of a checkpoint with the place it belongs to."""
    return zlib.crc32(body, zlib.crc32(f"{seq} {detector} ".encode()))


def catalogue_text(packed: object, sha256: object) -> bytes:
    """The canonical text of a catalogue as it stands in the log; LogError where it is not what was written."""
    if not isinstance(packed, bytes):
        raise LogError("expected a blob")
    try:
        size = zstandard.frame_content_size(packed)
        if not 0 <= size <= MAX_CATALOGUE_BYTES:  # asked first: a damaged size must not be allocated
            raise LogError(f"expected {MAX_CATALOGUE_BYTES} bytes at most, got {size}")
        text = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise LogError(f"does not decompress: {error}") from error
    if hashlib.sha256(text).hexdigest() != sha256:
        raise LogError("SHA-256 differs")
    return text
