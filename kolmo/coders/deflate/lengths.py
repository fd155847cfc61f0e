"""Exact sizes of deflate's level 9 for many pairs x + y, without compressing each pair.

zlib reads x again for every y. Here x is parsed once, its matches with y are looked up in its hash chains, and the size
of the block is computed from the symbol counts: the same size as that of zlib, in a fraction of the time. zlib itself
compresses the pairs that the kernels do not cover:

- joint sizes over 32,505 bytes, where the oldest bytes are out of reach;
- more than 16,382 symbols, which zlib splits into two blocks;
- more than 1,024 positions in one hash bucket, which zlib does not search completely;
- an empty x, whose first byte zlib cannot match;
- all pairs if the installed zlib is another implementation with other sizes.
"""

from __future__ import annotations

import functools
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.deflate.pairs import Integers, PairTallies, PreparedItems, prepare
from kolmo.coders.deflate.tables import LARGEST_JOINT_SIZE
from kolmo.errors import FallbackWarning

LEVEL = 9
SMALLEST_WORK, SMALLEST_WORK_ONCE_LOADED = 2**22, 2**17
"""Total bytes of all pairs from which the kernels are faster, before and after they are loaded."""

_RAW = -15
_BLOCK_OF_BOUNDS = 2**14


def pays(prefixes: Sequence[bytes], items: Sequence[bytes], n_pairs: int) -> bool:
    """Return whether the kernels are available, and faster than zlib for this amount of data."""
    if not n_pairs:
        return False
    work = n_pairs * (sum(map(len, prefixes)) / len(prefixes) + sum(map(len, items)) / len(items))
    return (
        work >= (SMALLEST_WORK_ONCE_LOADED if is_available.cache_info().currsize else SMALLEST_WORK)
        and min(map(len, prefixes)) + min(map(len, items)) <= LARGEST_JOINT_SIZE
        and is_available()
    )


@functools.cache
def is_available() -> bool:
    """Return whether the kernels run and agree with the installed zlib; warn once if not.

    Warns
    -----
    FallbackWarning
        If every pair must be compressed.
    """
    if reason := _obstacle():
        warnings.warn(
            f"deflate lengths of many pairs are computed by compressing each pair, which is slower: {reason}",
            FallbackWarning,
            stacklevel=2,
        )
    return not reason


def _obstacle() -> str:
    if "zlib-ng" in zlib.ZLIB_RUNTIME_VERSION:
        return f"the installed zlib is zlib-ng ({zlib.ZLIB_RUNTIME_VERSION}), whose sizes differ from those of zlib"
    try:
        known = all(_agrees(prefix, items) for prefix, items in _samples())
    except Exception as error:  # for example a missing or broken Numba, or a read-only folder
        return f"the compiled kernels do not run ({type(error).__name__}: {error})".partition("\n")[0]
    return "" if known else f"the installed zlib ({zlib.ZLIB_RUNTIME_VERSION}) gives other sizes"


def _samples() -> list[tuple[bytes, list[bytes]]]:
    """Return test pairs for the decisions of zlib: lazy matches, far matches, ties in trees, and all block types."""
    words = (
        b"it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness"
    )
    scattered = bytes(pow(3, exponent, 257) % 256 for exponent in range(300))
    skewed = b"".join(bytes([65 + rank]) * (2**rank % 97) for rank in range(40))
    far = words[:50] + scattered * 18 + b"."
    two_letters = bytes(97 + (pow(3, exponent, 65537) >> 7) % 2 for exponent in range(3000))  # chains of hundreds
    return [
        (words, [words[20:], words[::-1], b"of times", b""]),
        (scattered, [scattered[:100], scattered[::-1], skewed, words]),
        (skewed, [words, skewed[::3], b"A" * 700, b"abcabcabd" * 40]),
        (far, [words[:3], words[:20], scattered[5:]]),
        (two_letters[:2000], [two_letters[2000:], two_letters[2500:], two_letters[400:0:-1]]),
    ]


def _agrees(prefix: bytes, items: list[bytes]) -> bool:
    expected = [_size_by_zlib(prefix, item) for item in items]
    prepared = prepare(items)
    ((_, _, bounds, exact),) = bounded_sizes([prefix], prepared)
    sizes = _sizes_by_kernels([prefix], prepared, _everything([prefix], prepared))
    return all(np.array_equal(found, expected) for found in (sizes[0], exact(np.arange(len(items))))) and bool(
        (bounds <= expected).all()
    )


def _size_by_zlib(prefix: bytes, item: bytes) -> int:
    return len(zlib.compress(prefix + item, LEVEL, _RAW))


def joint_sizes(
    prefixes: Sequence[bytes], prepared: PreparedItems, columns: Sequence[Integers] | None = None
) -> list[Integers]:
    """Return the size in bytes of each prefix with each item under raw deflate of level 9.

    Parameters
    ----------
    prefixes : sequence of bytes
        All x, including any separator.
    prepared : PreparedItems
        The items y.
    columns : sequence of int arrays, one for each prefix, optional
        Items to pair it with, by default all.

    Returns
    -------
    list of int arrays, one for each prefix
        Bytes; the zlib format takes 6 more, a gzip member 18 more.

    Examples
    --------
    >>> import zlib
    >>> sizes = joint_sizes([b"to be or "], prepare([b"not to be"]))
    >>> sizes[0] == len(zlib.compress(b"to be or not to be", 9, -15))
    array([ True])
    """
    chosen = _everything(prefixes, prepared) if columns is None else columns
    rows = _sizes_by_kernels(prefixes, prepared, chosen)
    return [
        _completed(sizes, prefix, prepared, items) for prefix, items, sizes in zip(prefixes, chosen, rows, strict=True)
    ]


def _completed(sizes: Integers, prefix: bytes, prepared: PreparedItems, items: Integers) -> Integers:
    """Compute the missing sizes with zlib."""
    for place in np.flatnonzero(sizes < 0):
        sizes[place] = _size_by_zlib(prefix, prepared.items[items[place]])
    return sizes


def bounded_sizes(
    prefixes: Sequence[bytes], prepared: PreparedItems
) -> Iterator[tuple[int, slice, NDArray[np.float64], Callable[[Integers], Integers]]]:
    """Yield lower bounds of `joint_sizes`, which are cheaper to compute than the sizes.

    Parameters
    ----------
    prefixes : sequence of bytes
        All x, including any separator.
    prepared : PreparedItems
        The items y.

    Yields
    ------
    row : int
        Position of a prefix.
    columns : slice
        Positions of items.
    bounds : ndarray of shape (n_columns,)
        Bytes; 0 for a pair out of reach of the kernels.
    exact : callable
        Takes positions in the bounds and returns the sizes of these pairs; valid until the next step of the iteration.
    """
    from kolmo.coders.deflate import bounds as deflate_bounds, huffman as deflate_huffman

    pairs, scratch = PairTallies(prepared, prefixes, _BLOCK_OF_BOUNDS), deflate_huffman.scratch()
    working, everything = np.zeros(deflate_bounds.N_SCRATCH, np.int64), np.arange(len(prepared.items))
    for row, prefix in enumerate(prefixes):
        columns = slice(0, 0)
        for columns, tallies, stored_sizes in pairs.blocks(prefix, everything):
            bounds = np.zeros(len(stored_sizes))
            deflate_bounds.lower_bounds(tallies, stored_sizes, pairs.alphabet, working, bounds)
            counted = (tallies, stored_sizes, pairs.alphabet, scratch)
            yield row, columns, bounds, partial(_exact_sizes, prefix, prepared, columns, counted)
        if columns.stop < len(everything):
            columns = slice(0, len(everything))
            yield row, columns, np.zeros(len(everything)), partial(_exact_sizes, prefix, prepared, columns, None)


def _exact_sizes(
    prefix: bytes, prepared: PreparedItems, columns: slice, counted: tuple[Any, ...] | None, places: Integers
) -> Integers:
    from kolmo.coders.deflate import huffman as deflate_huffman

    sizes = np.full(len(places), -1, np.int64)
    if counted is not None:
        tallies, stored_sizes, alphabet, scratch = counted
        deflate_huffman.block_sizes(tallies[places], stored_sizes[places], alphabet, *scratch, sizes)
    return _completed(sizes, prefix, prepared, columns.start + places)


def _everything(prefixes: Sequence[bytes], prepared: PreparedItems) -> list[Integers]:
    return [np.arange(len(prepared.items))] * len(prefixes)


def _sizes_by_kernels(
    prefixes: Sequence[bytes], prepared: PreparedItems, columns: Sequence[Integers]
) -> list[Integers]:
    """Return the joint sizes, -1 for each pair that needs zlib."""
    from kolmo.coders.deflate import huffman as deflate_huffman

    pairs, scratch = PairTallies(prepared, prefixes), deflate_huffman.scratch()
    rows = []
    for prefix, items in zip(prefixes, columns, strict=True):
        sizes = np.full(len(items), -1, np.int64)
        for part, tallies, stored_sizes in pairs.blocks(prefix, items):
            deflate_huffman.block_sizes(tallies, stored_sizes, pairs.alphabet, *scratch, sizes[part])
        rows.append(sizes)
    return rows
