"""PPMd variant H by pyppmd 1.0 to 1.3, with workarounds for its faults; also run as a subprocess.

Three faults of the library are avoided here and in `kolmo.coders.library.ppmd`:

- ``encode`` corrupts some inputs at byte 32,768 in a single call: chunks of 4 KiB avoid this.
- The decoder can crash the interpreter on a corrupt stream: it runs in a subprocess.
- Each encoder leaks 19 KiB: large batches run in subprocesses.

Its models cannot be copied, but a process can: after a long prefix, each item is encoded in a fork of the process that
has read the prefix, which needs a POSIX system.
"""

from __future__ import annotations

import os
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


def sizes_after(prefix: bytes, items: Iterable[bytes], *, order: int, memory: int) -> Iterator[int]:
    """Yield the size of the stream of the prefix with each item; the prefix is encoded once.

    Call it in a process of one thread only, since it forks.
    """
    import pyppmd

    encoder = pyppmd.Ppmd7Encoder(order, memory)
    # whole chunks only, so that the calls are those of `encode`
    whole = len(prefix) // _CHUNK * _CHUNK
    size = sum(len(encoder.encode(prefix[start : start + _CHUNK])) for start in range(0, whole, _CHUNK))
    for item in items:
        rest = prefix[whole:] + item
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                parts = (encoder.encode(rest[start : start + _CHUNK]) for start in range(0, len(rest), _CHUNK))
                found = size + sum(map(len, parts)) + len(encoder.flush())
                os.write(writing, found.to_bytes(_NUMBER_BYTES, "little"))
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        number = os.read(reading, _NUMBER_BYTES)
        os.close(reading)
        _, status = os.waitpid(child, 0)
        if status != 0 or len(number) != _NUMBER_BYTES:
            raise RuntimeError(f"expected the size of a stream from process {child}, got status {status}")
        yield int.from_bytes(number, "little")


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
    """Read stdin and write stdout: ``decode`` a stream, or print the ``sizes`` of the streams of many items.

    The task ``after`` prints the sizes of the first item with each of the others.
    """
    if task == "decode":
        sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), order=order, memory=memory, size=size))
    elif task == "after":
        prefix, *items = split_items(sys.stdin.buffer)
        print(*sizes_after(prefix, items, order=order, memory=memory), sep="\n")
    else:
        for item in split_items(sys.stdin.buffer):
            print(len(encode(item, order=order, memory=memory)))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
