"""The kind of data that a byte string holds."""

from __future__ import annotations

import codecs

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
