"""Decode one PPMd variant H stream from stdin to stdout; run by `kolmo.coders.ppmd` as a process of its own."""

from __future__ import annotations

import sys

_STEP = 2**20


def decode(stream: bytes, *, order: int, memory: int, size: int) -> bytes:
    """Return up to `size` decoded bytes; fewer if the stream ends early."""
    import pyppmd

    decoder = pyppmd.Ppmd7Decoder(order, memory)
    parts: list[bytes] = []
    missing, feed = size, stream
    while missing and not decoder.eof:
        if not feed and decoder.needs_input:
            feed = b"\0"  # the decoder reads a few bytes beyond what the encoder wrote
        part = decoder.decode(feed, min(missing, _STEP))
        if not part and not feed:
            break
        feed = b""
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    order, memory, size = map(int, sys.argv[1:])
    sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), order=order, memory=memory, size=size))
