"""The kind of data that a byte string holds, and the size that a picture states."""

from __future__ import annotations

import codecs

JPEG_XL = b"\xff\x0a"
JPEG_XL_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
"""The first bytes of a JPEG XL codestream, and of a file that contains one."""

_CONTINUATION = bytes(range(128, 192))
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"


def is_text(piece: bytes, *, control_share: float = 0.0) -> bool:
    """Return whether bytes are UTF-8 text; characters that are cut at either end do not count.

    Parameters
    ----------
    piece : bytes
        The bytes, such as a part of a file.
    control_share : float
        The largest share of control characters other than tab, line feed and carriage return.

    Examples
    --------
    >>> is_text("café".encode()[:-1]), is_text(b"a\\x00b"), is_text(b"a\\x00b", control_share=0.5), is_text(b"\\xff")
    (True, False, True, False)
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece.lstrip(_CONTINUATION))
    except UnicodeDecodeError:
        return False
    controls = len(piece) - len(piece.translate(None, _CONTROLS))
    return controls == 0 or controls / len(piece) <= control_share


def jpeg_xl_size(codestream: bytes) -> tuple[int, int, int] | None:
    """Return width, height and the bits that follow the SizeHeader of a JPEG XL codestream (ISO/IEC 18181-1).

    None if it is no codestream. The bits are an integer, in the order in which they are read, the first the lowest.

    Examples
    --------
    >>> jpeg_xl_size(bytes.fromhex("ff0a7f00"))[:2]  # eight times 32, square
    (256, 256)
    """
    if not codestream.startswith(JPEG_XL):
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


def jpeg_xl_codestream(file: bytes) -> bytes:
    """Return the start of the codestream of a file, which may be in a container; nothing if there is none."""
    if not file.startswith(JPEG_XL_CONTAINER):
        return file if file.startswith(JPEG_XL) else b""
    place = len(JPEG_XL_CONTAINER)
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
