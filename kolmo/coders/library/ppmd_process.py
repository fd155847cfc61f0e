"""PPMd variant H by pyppmd 1.0 to 1.3, with workarounds for its faults; also run as a subprocess.

Three faults of the library are avoided here and in `kolmo.coders.library.ppmd`:

- ``encode`` corrupts some inputs at byte 32,768 in a single call: chunks of 4 KiB avoid this.
- The decoder can crash the interpreter on a corrupt stream: it runs in a subprocess.
- Each encoder leaks 19 KiB: large batches run in subprocesses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

_CHUNK = 2**12
_NUMBER_BYTES = 8


def encode(data: bytes, *, order: int, memory: int) -> bytes:
    """Return the stream of `data`, which does not contain its length."""
    import pyppmd

    encoder = pyppmd.Ppmd7Encoder(order, memory)
    parts = [encoder.encode(data[start : start + _CHUNK]) for start in range(0, len(data), _CHUNK)]
    return b"".join(parts) + bytes(encoder.flush())


def decode(stream: bytes, *, order: int, memory: int, size: int) -> bytes:
    """Return up to `size` decoded bytes; fewer if the stream ends early."""
    import pyppmd

    decoder = pyppmd.Ppmd7Decoder(order, memory)
    data: bytes = decoder.decode(stream, size) if size else b""
    while len(data) < size and decoder.needs_input:
        part = decoder.decode(b"\0", size - len(data))  # it reads a few bytes beyond the end of the stream
        if not part:
            break
        data += part
    return data


def join_items(items: Iterable[bytes]) -> bytes:
    """Return the items concatenated, each preceded by its length."""
    return b"".join(len(item).to_bytes(_NUMBER_BYTES, "little") + item for item in items)


def split_items(file: BinaryIO) -> Iterator[bytes]:
    """Yield the items that `join_items` concatenated."""
    while number := file.read(_NUMBER_BYTES):
        yield file.read(int.from_bytes(number, "little"))


def main(task: str, order: int, memory: int, size: int = 0) -> None:
    """Read stdin and write stdout: ``decode`` a stream, or print the ``sizes`` of the streams of many items."""
    if task == "decode":
        sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), order=order, memory=memory, size=size))
    else:
        for item in split_items(sys.stdin.buffer):
            print(len(encode(item, order=order, memory=memory)))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
