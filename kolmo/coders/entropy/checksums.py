"""Parts of a .kolmo file: headers with checksums, and payloads after them. See `kolmo.container.archive`."""

from __future__ import annotations

from typing import BinaryIO
from zlib import crc32

from kolmo.coders.entropy.framing import split_length
from kolmo.errors import DecodeError

DAMAGED = "the file is damaged: copy or fetch it again"
MAX_BYTES = 2**63 - 1

_CHUNK = 2**20
_CHECKSUM_BYTES = 4
_LONGEST_NUMBER = 9


def checksum(data: bytes, before: int = 0) -> bytes:
    """Return the CRC-32 of `data` as four bytes, continuing from the checksum `before`."""
    return crc32(data, before).to_bytes(_CHECKSUM_BYTES, "little")


def read_up_to(file: BinaryIO, count: int) -> bytes:
    """Return the next `count` bytes, or fewer at the end of the file.

    Reads in chunks, so that a false count takes no more memory than there are bytes.
    """
    chunks = []
    while count > 0 and (chunk := file.read(min(count, _CHUNK))):
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


class Output:
    """A file to write, with the checksum of all headers so far."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.position, self._checksum = file, 0, 0

    def front(self, data: bytes) -> None:
        """Write a header and its checksum."""
        self._checksum = crc32(data, self._checksum)
        self.payload(data + checksum(b"", self._checksum))

    def payload(self, data: bytes) -> None:
        """Write a payload."""
        self.file.write(data)
        self.position += len(data)


class Input:
    """An untrusted file to read, with the checksum of all headers so far."""

    def __init__(self, file: BinaryIO, *, where: str) -> None:
        self.file, self.position, self.where, self._checksum = file, 0, where, 0

    def payload(self, count: int) -> bytes:
        """Return exactly `count` bytes."""
        data = read_up_to(self.file, count)
        self.position += len(data)
        if len(data) < count:
            raise DecodeError(
                f"the file ends after {self.position:,} bytes, within {self.where}; it is truncated: copy or fetch it "
                "again"
            )
        return data

    def front(self, count: int) -> bytes:
        """Return exactly `count` bytes of a header, unverified until `end_front`."""
        data = self.payload(count)
        self._checksum = crc32(data, self._checksum)
        return data

    def number(self) -> int:
        """Return a number in a header, unverified until `end_front`."""
        raw = self.front(1)
        while raw[-1] > 127 and len(raw) < _LONGEST_NUMBER:
            raw += self.front(1)
        try:
            return split_length(raw, MAX_BYTES)[0]
        except DecodeError:
            raise DecodeError(f"a length in {self.where} is not a valid number; {DAMAGED}") from None

    def checksum(self) -> bytes:
        """Return a stored checksum, for example of a payload."""
        return self.front(_CHECKSUM_BYTES)

    def end_front(self) -> None:
        """Verify the checksum of the header, and raise an error if it differs."""
        if self.payload(_CHECKSUM_BYTES) != checksum(b"", self._checksum):
            raise DecodeError(f"the checksum of {self.where} is wrong; {DAMAGED}")
