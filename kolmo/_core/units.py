"""Numbers with units, as a person reads them."""

from __future__ import annotations


def format_size(size: int) -> str:
    """Return a number of bytes in three digits at most.

    Examples
    --------
    >>> format_size(200), format_size(30_713), format_size(1_000_000)
    ('200 B', '30.7 kB', '1 MB')
    """
    for unit, factor in (("B", 1), ("kB", 1000)):
        if size < 999.5 * factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1e6:.3g} MB"


def format_bits(bits: float) -> str:
    """Return a code length as text; most coders count whole bits."""
    return f"{bits:,.0f}" if bits == int(bits) else f"{bits:,.1f}"
