"""Pictures and sounds as arrays: checked, and cut to the number of bytes that is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import DataError

SAMPLE_BYTES = 2**16
_LEAST_SHARE = 2**13
"""Bytes of a picture or sound that are measured at least; if there are too many of them for that, some are left out."""

Array = NDArray[Any]


def checked_arrays(samples: Any) -> list[Array]:
    """Return pictures or sounds as arrays of integers of 8 or 16 bits, all of one type; empty ones are left out.

    Raises
    ------
    DataError
        If there are none, or they are of another type.
    """
    arrays = [np.asarray(each) for each in samples]
    kinds = {array.dtype for array in arrays}
    if len(kinds) != 1 or (dtype := next(iter(kinds))).kind not in "iu" or dtype.itemsize > 2:
        shown = ", ".join(sorted(map(str, kinds))) or "none"
        raise DataError(f"expected arrays of integers of 8 or 16 bits, all of one type, got {shown}")
    filled = [array for array in arrays if array.size]
    if not filled:
        raise DataError("expected at least one sample, got none")
    return filled


def middles(arrays: list[Array], max_bytes: int, *, multiple: int = 1) -> list[Array]:
    """Return the middle of arrays, `max_bytes` in all; of many arrays some, at equal distances.

    Parameters
    ----------
    arrays : list of ndarray
        Sounds of shape (n_samples,), or pictures of shape (height, width) or (height, width, n_channels).
    max_bytes : int
        Bytes of all of them.
    multiple : int
        The height and the width are multiples of this.

    Examples
    --------
    >>> [each.tolist() for each in middles([np.arange(9, dtype=np.uint8)], 3)]
    [[3, 4, 5]]
    """
    count = min(len(arrays), max(1, max_bytes // _LEAST_SHARE))
    places = np.linspace(0, len(arrays) - 1, count).round().astype(int)
    share = max_bytes // count
    return [_middle(arrays[place], share, multiple) for place in places]


def _middle(array: Array, max_bytes: int, multiple: int) -> Array:
    """Return the middle of an array, of the same proportions."""
    plane = 1 if array.ndim == 1 else 2
    sides = array.shape[:plane]
    scale = min(1.0, (max_bytes / array.nbytes) ** (1 / plane))
    kept = [max(multiple, int(side * scale) // multiple * multiple) for side in sides]
    starts = [(side - size) // 2 for side, size in zip(sides, kept, strict=True)]
    return array[tuple(slice(start, start + size) for start, size in zip(starts, kept, strict=True))]
