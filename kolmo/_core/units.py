"""Numbers with units as text."""

from __future__ import annotations


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
