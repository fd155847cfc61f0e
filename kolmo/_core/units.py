"""Numbers with units as text."""

from __future__ import annotations

import re

from kolmo.errors import ParameterError


def parse_size(text: str) -> int:
    """Return a number of bytes, written with powers of 1000 or of 1024.

    Raises
    ------
    ParameterError
        If the text is not a size.

    Examples
    --------
    >>> parse_size("500MB"), parse_size("1 GiB")
    (500000000, 1073741824)
    """
    found = re.fullmatch(r"(\d{1,18})\s*(?:([kMGT])(i?))?B?", text)
    if not found:
        raise ParameterError(f"expected a size in bytes, such as 1000000, 500MB or 1GiB, got {text!r}")
    number, prefix, binary = found.groups()
    factor: int = (1024 if binary else 1000) ** (" kMGT".index(prefix) if prefix else 0)
    return int(number) * factor


def format_size(size: float) -> str:
    """Return a number of bytes with three digits and a unit.

    Examples
    --------
    >>> format_size(200), format_size(30_713), format_size(1_000_000)
    ('200 B', '30.7 kB', '1 MB')
    """
    for unit, factor in (("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if size < 999.5 * factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1e12:,.3g} TB"


def format_bits(bits: float) -> str:
    """Return a code length in bits as text, with one decimal unless it is a whole number."""
    return f"{bits:,.0f}" if bits == int(bits) else f"{bits:,.1f}"


def format_seconds(seconds: float) -> str:
    """Return a duration in the unit that fits it.

    Examples
    --------
    >>> format_seconds(0.25), format_seconds(75), format_seconds(9000), format_seconds(600000)
    ('0.25 s', '75 s', '2.5 h', '6.9 days')
    """
    for unit, factor, limit in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds < factor * limit:
            return f"{seconds / factor:.2g} {unit}" if seconds < 10 * factor else f"{seconds / factor:,.0f} {unit}"
    return f"{seconds / 86400:,.2g} days" if seconds < 8640000 else f"{seconds / 86400:,.0f} days"
