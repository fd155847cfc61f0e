"""Decode one PPMd variant H stream from stdin to stdout; run by `kolmo.coders.ppmd` as a process of its own."""

from __future__ import annotations

import sys


def decode(stream: bytes, *, order: int, memory: int, size: int) -> bytes:
    """Return up to `size` decoded bytes; fewer if the stream ends early."""
    import pyppmd

    decoder = pyppmd.Ppmd7Decoder(order, memory)
    data: bytes = decoder.decode(stream, size) if size else b""
    while len(data) < size and decoder.needs_input:
        part = decoder.decode(b"\0", size - len(data))  # it reads a few bytes beyond what the encoder wrote
        if not part:
            break
        data += part
    return data


if __name__ == "__main__":
    order, memory, size = map(int, sys.argv[1:])
    sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), order=order, memory=memory, size=size))
