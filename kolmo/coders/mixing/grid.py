"""Contexts of images, records and sampled signals: neighbouring bytes in a grid, and predictions from them."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, u64
from kolmo.coders.mixing.lookup import COLORS, GUESSES, NEIGHBORS, PLACE, SAMPLES

_BYTE = u64(255)


@inline
def _clamped(value: int) -> Any:
    return u64(0 if value < 0 else 255 if value > 255 else value)


@inline
def _magnitude(value: int) -> Any:
    """Return a class of 0 to 7 for a sum of differences."""
    size = 0
    while value > 0 and size < 7:
        value >>= 1
        size += 1
    return size


@inline
def read_grid(text: Any, position: int, last: Any, sample: int, row: int, sample_bytes: int, primitives: Any) -> Any:
    """Write the primitives of the grid, and return a class of 0 to 255 for the local texture.

    Neighbours by compass point: `w`, `ww`, `n`, `nn`, `nw`, `ne`; the suffixes 1 and 2 denote the same neighbours one
    and two bytes (channels) back, and `p1` and `p2` the previous bytes of the same sample.
    """
    previous = i64(last & _BYTE)
    channel = position % sample
    w = n = nw = ne = ww = nn = w1 = n1 = nw1 = w2 = n2 = i64(0)
    p1 = previous
    p2 = i64((last >> u64(8)) & _BYTE)
    if position >= 2 * sample + 2:
        w = i64(text[u64(position - sample)])
        ww = i64(text[u64(position - 2 * sample)])
        w1 = i64(text[u64(position - sample - 1)])
        w2 = i64(text[u64(position - sample - 2)])
    if row > 0 and position >= 2 * row + sample + 2:
        n = i64(text[u64(position - row)])
        nw = i64(text[u64(position - row - sample)])
        ne = i64(text[u64(position - row + sample)])
        nn = i64(text[u64(position - 2 * row)])
        n1 = i64(text[u64(position - row - 1)])
        nw1 = i64(text[u64(position - row - sample - 1)])
        n2 = i64(text[u64(position - row - 2)])
    primitives[NEIGHBORS] = u64(w | n << 8 | nw << 16 | ne << 24 | ww << 32 | nn << 40 | p1 << 48)
    if channel == 0:
        p1 = w1 = n1 = nw1 = i64(0)
    if channel < 2:
        p2 = w2 = n2 = i64(0)
    plane = w + n - nw
    from_left = w + p1 - w1
    from_above = n + p1 - n1
    colored = plane + p1 - (w1 + n1 - nw1)
    median = max(min(w, n), min(max(w, n), plane))
    primitives[GUESSES] = (
        _clamped(plane)
        | _clamped(from_left) << u64(8)
        | _clamped(from_above) << u64(16)
        | _clamped((w + n + 1) >> 1) << u64(24)
        | _clamped(2 * w - ww) << u64(32)
        | _clamped(2 * n - nn) << u64(40)
        | _clamped(median) << u64(48)
    )
    activity = _magnitude((abs(w - nw) + abs(n - nw) + abs(n - ne)) >> 2)
    color_error = _magnitude((abs(p1 - (w1 + n1 - nw1)) + abs(p2 - w2)) >> 1)
    smooth = (from_left + from_above + 1) >> 1
    primitives[COLORS] = (
        _clamped(w + p2 - w2)
        | _clamped(n + p2 - n2) << u64(8)
        | _clamped(colored) << u64(16)
        | _clamped(smooth) << u64(24)
        | _clamped((colored + smooth + 1) >> 1) << u64(32)
        | _clamped((w + ne + 1) >> 1) << u64(40)
        | u64(activity) << u64(48)
        | u64(color_error) << u64(56)
    )
    primitives[PLACE] = u64(channel | (position % row if row > 0 else i64(0)) << 8)
    if row == 0 and sample_bytes == 2 and position >= 3 * sample + 2:
        return _read_signal(text, position, previous, sample, primitives)
    return min(channel, 31) * 8 + activity


@inline
def _read_signal(text: Any, position: int, previous: int, sample: int, primitives: Any) -> Any:
    """Write linear and quadratic extrapolations of 16-bit samples, low byte first, and return the texture."""
    odd = position & 1 if sample % 2 == 0 else 0
    base = position - odd
    s1 = i64(text[u64(base - sample)]) | i64(text[u64(base - sample + 1)]) << 8
    s2 = i64(text[u64(base - 2 * sample)]) | i64(text[u64(base - 2 * sample + 1)]) << 8
    s3 = i64(text[u64(base - 3 * sample)]) | i64(text[u64(base - 3 * sample + 1)]) << 8
    s1 = (s1 ^ 32768) - 32768
    s2 = (s2 ^ 32768) - 32768
    s3 = (s3 ^ 32768) - 32768
    line = 2 * s1 - s2
    curve = 3 * s1 - 3 * s2 + s3
    mean = (line + s1) >> 1
    known = previous if odd else i64(0)
    primitives[SAMPLES] = u64(
        (((line - known) >> (8 * odd)) & 255)
        | (((curve - known) >> (8 * odd)) & 255) << 8
        | (((mean - known) >> (8 * odd)) & 255) << 16
        | (((s1 - known) >> (8 * odd)) & 255) << 24
        | ((line >> 8) & 255) << 32
        | ((curve >> 8) & 255) << 40
        | odd << 48
        | known << 49
    )
    return odd * 8 + _magnitude(abs(s1 - s2) >> 4)
