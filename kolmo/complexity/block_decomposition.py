"""The block decomposition method: complexity of longer strings and arrays from the table of short ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kolmo._core.checks import check_count
from kolmo._core.results import Result
from kolmo.complexity.coding_theorem import CodingTheoremTable, coding_theorem_table
from kolmo.complexity.strings import short_string
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

MAX_ALPHABET = 9


@dataclass(frozen=True, kw_only=True)
class BlockDecomposition(Result):
    """The complexity of a string or array by its blocks.

    Parameters
    ----------
    bits : float
        The complexity: of each distinct block once, and log2 of how often it occurs.
    blocks : int
        Number of blocks.
    distinct : int
        Number of distinct blocks.
    block_shape : tuple of int
        Shape of a whole block; those at the ends may be smaller.
    literal_bits : float
        Bits of the symbols as they are, the most that a table of this kind should be trusted for.
    """

    bits: float
    blocks: int
    distinct: int
    block_shape: tuple[int, ...]
    literal_bits: float

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        names = ("bits", "literal", "blocks", "distinct", "block")
        table = Table("Complexity by blocks", [Column(name, numeric=True) for name in names])
        for each in results:
            shape = " x ".join(map(str, each.block_shape))
            table.add(f"{each.bits:.2f}", f"{each.literal_bits:.2f}", str(each.blocks), str(each.distinct), shape)
        return [table]


def block_complexity(
    data: Any,
    *,
    alphabet: str | int | None = None,
    block: int | tuple[int, int] | None = None,
    table: CodingTheoremTable | None = None,
) -> BlockDecomposition:
    """Return the complexity of a string or a 2-D array by the block decomposition method (BDM).

    The data are cut into blocks. Each distinct block counts with its complexity in the coding theorem table, and with
    log2 of the number of times it occurs. A rest that does not fill a block is a block of its own, so nothing is
    dropped and every length is accepted.

    Parameters
    ----------
    data : str, bytes, sequence of int, or 2-D array of int
        At most 9 different symbols; blocks of an array are read row by row.
    alphabet : {"bits"} or int, optional
        Size of the alphabet; by default bits for zeros and ones, otherwise one more than the largest symbol.
    block : int or tuple of (int, int), optional
        Size of a block; by default as long as the table, and for an array the largest square in it.
    table : CodingTheoremTable, optional
        The table; by default that of the alphabet.

    Returns
    -------
    BlockDecomposition

    Raises
    ------
    DataError
        If the data are empty or have more than 9 symbols.

    References
    ----------
    Zenil et al., "A decomposition method for global evaluation of Shannon entropy and local estimations of algorithmic
    complexity", Entropy, 2018.

    Examples
    --------
    >>> block_complexity("001" * 20).bits < block_complexity("001101011100010110101000111011").bits
    True
    >>> block_complexity([[0, 1], [1, 0]]).blocks
    1
    """
    array = _array(data, alphabet)
    symbols = _size(array, alphabet)
    used = coding_theorem_table(symbols) if table is None else table
    if used.symbols < symbols:
        raise ParameterError(f"table: expected one of at least {symbols} symbols, got one of {used.symbols}")
    shape = _shape(block, array.ndim, used.longest)
    counts: Counter[bytes] = Counter(_blocks(array, shape))
    bits = sum(used.complexity(each) + math.log2(times) for each, times in sorted(counts.items()))
    return BlockDecomposition(
        bits=bits,
        blocks=counts.total(),
        distinct=len(counts),
        block_shape=shape,
        literal_bits=array.size * math.log2(symbols),
    )


def _array(data: Any, alphabet: str | int | None) -> Any:
    if isinstance(data, str | bytes | bytearray | memoryview):
        if isinstance(data, str) and data.isascii() and data.isdecimal():
            return np.frombuffer(short_string(data, 10).symbols, np.uint8)
        string = short_string(data, alphabet)
        return np.frombuffer(string.symbols, np.uint8)
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise DataError(f"expected a string or an array of integers, got {data!r:.60}: {error}") from None
    if array.size == 0:
        raise DataError("expected a string or array of at least one symbol, got an empty one")
    if array.ndim not in (1, 2) or array.dtype.kind not in "iub" or array.min() < 0 or array.max() > 255:
        raise DataError(
            f"expected an array of one or two dimensions with integers from 0 to {MAX_ALPHABET - 1}, got "
            f"{array.dtype} of shape {array.shape}"
        )
    return array.astype(np.uint8)


def _size(array: Any, alphabet: str | int | None) -> int:
    needed = max(2, int(array.max()) + 1)
    size = needed if alphabet is None else 2 if alphabet == "bits" else alphabet
    if not isinstance(size, int) or isinstance(size, bool) or not 2 <= size <= MAX_ALPHABET or size < needed:
        raise DataError(
            f"expected at most {MAX_ALPHABET} symbols, numbered from 0, got symbols up to {needed - 1} with "
            f"alphabet={alphabet!r}; map them to fewer first, such as those below and above the median to 0 and 1"
        )
    return size


def _shape(block: int | tuple[int, int] | None, dimensions: int, longest: int) -> tuple[int, ...]:
    if block is None:
        return (longest,) if dimensions == 1 else (math.isqrt(longest),) * 2
    shape = (block,) if isinstance(block, int) else tuple(block)
    if len(shape) != dimensions:
        raise ParameterError(f"block: expected {dimensions} sizes, one a dimension, got {block!r}")
    for size in shape:
        check_count("block", size, 1)
    if math.prod(shape) > longest:
        raise ParameterError(f"block: expected at most {longest} symbols, the longest in the table, got {block!r}")
    return shape


def _blocks(array: Any, shape: tuple[int, ...]) -> list[bytes]:
    """Return the blocks as strings; one that has another shape than the same string elsewhere is counted with it."""
    if array.ndim == 1:
        return [array[at : at + shape[0]].tobytes() for at in range(0, len(array), shape[0])]
    return [
        array[row : row + shape[0], column : column + shape[1]].tobytes()
        for row in range(0, array.shape[0], shape[0])
        for column in range(0, array.shape[1], shape[1])
    ]
