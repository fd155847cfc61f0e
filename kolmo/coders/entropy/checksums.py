"""The parts a .kolmo file is made of: checked fronts, and payloads behind them. See `kolmo.container.archive`."""

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
    """Return the CRC-32 of `data`, four bytes, going on from the one `before`."""
    return crc32(data, before).to_bytes(_CHECKSUM_BYTES, "little")


def read_up_to(file: BinaryIO, count: int) -> bytes:
    """Return the next `count` bytes, or fewer at the end of the file.

    Read in chunks, so that a count which nobody vouches for takes no more memory than there are bytes.
    """
    chunks = []
    while count > 0 and (chunk := file.read(min(count, _CHUNK))):
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


class Output:
    """A file that is written, and the checksum of all fronts so far."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.position, self._checksum = file, 0, 0

    def front(self, data: bytes) -> None:
        """Write `data` and the checksum that vouches for it."""
        self._checksum = crc32(data, self._checksum)
        self.payload(data + checksum(b"", self._checksum))

    def payload(self, data: bytes) -> None:
        """Write what a front has announced."""
        self.file.write(data)
        self.position += len(data)


class Input:
    """A file that is read and not trusted, and the checksum of all fronts so far."""

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
        """Return exactly `count` bytes of a front, not to be trusted before `end_front`."""
        data = self.payload(count)
        self._checksum = crc32(data, self._checksum)
        return data

    def number(self) -> int:
        """Return a number in a front, not to be trusted before `end_front`."""
        raw = self.front(1)
        while raw[-1] > 127 and len(raw) < _LONGEST_NUMBER:
            raw += self.front(1)
        try:
            return split_length(raw, MAX_BYTES)[0]
        except DecodeError:
            raise DecodeError(f"a length in {self.where} is no number; {DAMAGED}") from None

    def checksum(self) -> bytes:
        """Return the checksum of something else than this front."""
        return self.front(_CHECKSUM_BYTES)

    def end_front(self) -> None:
        """Refuse the front unless its checksum vouches for it."""
        if self.payload(_CHECKSUM_BYTES) != checksum(b"", self._checksum):
            raise DecodeError(f"{self.where} has another checksum than it should; {DAMAGED}")
