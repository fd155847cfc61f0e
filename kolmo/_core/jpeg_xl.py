"""The size that a JPEG XL file states, read before a library decodes the image."""

from __future__ import annotations

SIGNATURE = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"


def size_header(codestream: bytes) -> tuple[int, int, int] | None:
    """Return width, height and the bits that follow the SizeHeader of a codestream (ISO/IEC 18181-1), as an integer.

    None if it is no codestream. The bits are in the order in which they are read, the first the lowest.

    Examples
    --------
    >>> size_header(bytes.fromhex("ff0a7f00"))[:2]  # eight times 32, square
    (256, 256)
    """
    if not codestream.startswith(SIGNATURE):
        return None
    header = int.from_bytes(codestream[2:22], "little")

    def take(bits: int) -> int:
        nonlocal header
        value, header = header & (1 << bits) - 1, header >> bits
        return value

    small = take(1)

    def take_side() -> int:
        return 8 * take(5) + 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    height, ratio = take_side(), take(3)
    times, over = ((0, 0), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio]
    width = height * times // over if ratio else take_side()
    return width, height, header


def codestream_of(file: bytes) -> bytes:
    """Return the start of the codestream of a file, which may be in a container; nothing if there is none."""
    if not file.startswith(CONTAINER):
        return file if file.startswith(SIGNATURE) else b""
    place = len(CONTAINER)
    while place + 8 <= len(file):
        size, kind, skip = int.from_bytes(file[place : place + 4], "big"), file[place + 4 : place + 8], 8
        if size == 1:
            size, skip = int.from_bytes(file[place + 8 : place + 16], "big"), 16
        if kind in (b"jxlc", b"jxlp"):
            start = place + skip + (4 if kind == b"jxlp" else 0)  # the number of the part
            return file[start : start + 64]
        if size < skip:  # the last box
            break
        place += size
    return b""
