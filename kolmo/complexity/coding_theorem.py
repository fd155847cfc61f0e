"""The coding theorem: complexity as -log2 of the probability that a random program prints a string."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.files import write_whole
from kolmo._core.progress import progress
from kolmo.coders.program.codes import Every, Gamma, Period, Step, Uniform, literal_width
from kolmo.coders.program.machine import Machine
from kolmo.errors import DataError, ParameterError

Sums = NDArray[np.float64]

MAX_SYMBOLS = 9
MAX_STRINGS = 2**20
"""Strings of one length that a table may hold."""
_LONGEST_MORPHISM = 12
_CONVERGED = 1e-13
_FORMAT = 1
_LARGEST_FILE = 2**27
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, AttributeError, OverflowError, MemoryError),
    *(RuntimeError, struct.error, zipfile.BadZipFile, zlib.error),
)
"""What a damaged or forged file raises while it is read."""


class CodingTheoremTable:
    """The probability that a random program prints each short string, over all programs, and the complexity from it.

    Bits of a random program are drawn by tossing a coin. The probability of an output is the sum of 2**-length over
    **all** programs that print it, not the shortest alone; it satisfies a linear equation for each length, because the
    machine's operations print strings of a known length from parts of known lengths, and is solved to the last digit
    of a float. Programs without a context are covered; on bits all of them, on other alphabets those without `step`,
    whose parts are longer than their output, and without `morphism`.

    Parameters
    ----------
    symbols : int
        Size of the alphabet.
    sums : list of ndarray of shape (symbols ** length,)
        For each length from 1 on: the probability of each string given its length, strings in lexical order.

    References
    ----------
    Levin, "Laws of information conservation", 1974; Soler-Toscano et al., "Calculating Kolmogorov complexity from the
    output frequency distributions of small Turing machines", PLOS ONE, 2014.

    Examples
    --------
    >>> table = coding_theorem_table(2)
    >>> table.complexity(bytes([0] * 12)) < table.complexity(bytes([0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1]))
    True
    """

    def __init__(self, symbols: int, sums: list[Sums]) -> None:
        self.symbols, self.sums = symbols, sums
        self._length_code = Machine(symbols).length_code

    @property
    def longest(self) -> int:
        """Length of the longest strings in the table."""
        return len(self.sums)

    def complexities(self, length: int) -> Sums:
        """Return the complexity of every string of one length in bits, in lexical order.

        Parameters
        ----------
        length : int
            From 1 to `longest`.

        Returns
        -------
        ndarray of shape (symbols ** length,)
            -log2 of the probability, with the bits of the length.
        """
        check_count("length", length, 1, self.longest)
        bits: Sums = len(self._length_code.write(length)) - np.log2(self.sums[length - 1])
        return bits

    def complexity(self, symbols: bytes) -> float:
        """Return the complexity of a string of at most `longest` symbols in bits.

        Parameters
        ----------
        symbols : bytes
            A byte from 0 on for each symbol.
        """
        return float(self.complexities(len(symbols))[index_of(symbols, self.symbols)])

    def fraction(self, symbols: bytes) -> float:
        """Return the fraction of all strings of the same length whose complexity is at most that of a string."""
        all_of_them = self.complexities(len(symbols))
        own = all_of_them[index_of(symbols, self.symbols)]
        return float(np.mean(all_of_them <= own + 1e-9))

    def save(self, path: str | Path) -> None:
        """Write the table to a file (npz without pickles).

        Parameters
        ----------
        path : str or Path
            The file; replaced when it is whole.
        """
        buffer = io.BytesIO()
        arrays = {f"length_{size}": each for size, each in enumerate(self.sums, start=1)}
        np.savez_compressed(buffer, format=np.int64(_FORMAT), symbols=np.int64(self.symbols), **arrays)  # type: ignore[arg-type]
        write_whole(Path(path), lambda file: file.write(buffer.getvalue()))

    @classmethod
    def load(cls, path: Any) -> CodingTheoremTable:
        """Read a table that `save` wrote.

        Parameters
        ----------
        path : str, Path or file
            The file; it is not trusted and holds no pickles.

        Raises
        ------
        DataError
            If it is not such a table.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(each.file_size for each in archive.infolist())
            if size > _LARGEST_FILE:
                raise ValueError(f"its arrays take {size:,} bytes, more than {_LARGEST_FILE:,}")
            if hasattr(path, "seek"):
                path.seek(0)
            with np.load(path, allow_pickle=False) as file:
                symbols = int(file["symbols"])
                sums: list[Sums] = []
                while f"length_{len(sums) + 1}" in file.files:
                    sums.append(np.asarray(file[f"length_{len(sums) + 1}"], np.float64))
        except _UNREADABLE as error:
            raise DataError(f"expected a coding theorem table (npz), got {str(path)!r:.80}: {error}") from error
        good = (
            2 <= symbols <= MAX_SYMBOLS
            and sums
            and all(
                each.shape == (symbols**size,) and np.isfinite(each).all() and (each > 0).all()
                for size, each in enumerate(sums, start=1)
            )
        )
        if not good:
            raise DataError(f"expected a coding theorem table of 2 to {MAX_SYMBOLS} symbols, got {str(path)!r:.80}")
        return cls(symbols, sums)


def index_of(symbols: bytes, alphabet: int) -> int:
    """Return the rank of a string among those of its length.

    Examples
    --------
    >>> index_of(bytes([1, 0, 1]), 2)
    5
    """
    if not symbols or max(symbols) >= alphabet:
        raise ParameterError(f"expected symbols from 0 to {alphabet - 1}, got {symbols!r:.60}")
    rank = 0
    for symbol in symbols:
        rank = rank * alphabet + symbol
    return rank


@lru_cache(8)
def coding_theorem_table(symbols: int = 2, longest: int | None = None) -> CodingTheoremTable:
    """Return the table of an alphabet: for bits up to 12 symbols a stored one, otherwise computed and remembered.

    Parameters
    ----------
    symbols : int
        Size of the alphabet, 2 to 9.
    longest : int, optional
        Length of the longest strings; by default 12 for bits, and as many symbols as make 65,536 strings or fewer
        for other alphabets.

    Returns
    -------
    CodingTheoremTable

    Raises
    ------
    ParameterError
        If the alphabet or the table is too large.
    """
    check_count("symbols", symbols, 2, MAX_SYMBOLS)
    default = next(size for size in range(12, 0, -1) if symbols**size <= 2**16)
    size = default if longest is None else longest
    check_count("longest", size, 1)
    stored = resources.files("kolmo.complexity").joinpath("table.npz")
    if symbols == 2 and size <= default and stored.is_file():
        with stored.open("rb") as file:
            table = CodingTheoremTable.load(io.BytesIO(file.read()))
        return CodingTheoremTable(2, table.sums[:size])
    return compute_table(symbols, size)


def compute_table(symbols: int, longest: int) -> CodingTheoremTable:
    """Compute the table of an alphabet from all programs.

    Parameters
    ----------
    symbols : int
        Size of the alphabet, 2 to 9.
    longest : int
        Length of the longest strings: at most 12 for bits, at most 2**20 strings otherwise.

    Returns
    -------
    CodingTheoremTable
    """
    check_count("symbols", symbols, 2, MAX_SYMBOLS)
    check_count("longest", longest, 1)
    if symbols**longest > MAX_STRINGS or (symbols == 2 and longest > _LONGEST_MORPHISM):
        raise ParameterError(
            f"longest: expected at most {_LONGEST_MORPHISM} for bits and {MAX_STRINGS:,} strings for other alphabets, "
            f"got {symbols} symbols and length {longest}"
        )
    sums = [np.full(symbols, 2.0 ** -literal_width(1, symbols))]
    with progress(longest - 1, label="adding up programs", unit="lengths") as bar:
        for size in range(2, longest + 1):
            sums.append(_solve(_Level(symbols, size), sums))
            bar.update(1)
    return CodingTheoremTable(symbols, sums)


class _Level:
    """The strings of one length: their symbols, and their ranks after an operation."""

    def __init__(self, symbols: int, size: int) -> None:
        self.symbols, self.size = symbols, size
        self.machine = Machine(symbols)
        ranks = np.arange(symbols**size)
        self.powers = symbols ** np.arange(size - 1, -1, -1)
        self.digits = (ranks[:, None] // self.powers % symbols).astype(np.int16)
        self.odds = {name: 2.0 ** -len(code) for name, code in self.machine.opcodes.items()}
        self.symbol = 2.0 ** -literal_width(1, symbols)

    def ranks(self, digits: NDArray[Any]) -> NDArray[np.intp]:
        found: NDArray[np.intp] = digits @ self.powers
        return found

    def part(self, places: slice) -> NDArray[np.intp]:
        """Return the rank of the symbols at some places, among strings of their number."""
        chosen = self.digits[:, places]
        found: NDArray[np.intp] = chosen @ (self.symbols ** np.arange(chosen.shape[1] - 1, -1, -1))
        return found


def _solve(level: _Level, sums: list[Sums]) -> Sums:
    """Solve p = made of smaller parts + what operations of the same size make of p; they shrink it, so it converges."""
    fixed = _from_parts(level, sums)
    maps = _same_size_maps(level)
    total = fixed
    while True:
        longer = fixed.copy()
        for odds, ranks in maps:
            longer += odds * np.bincount(ranks, weights=total, minlength=len(total))
        if np.max(np.abs(longer - total) / longer) < _CONVERGED:
            return longer
        total = longer


def _from_parts(level: _Level, sums: list[Sums]) -> Sums:
    size, symbols, odds = level.size, level.symbols, level.odds
    total = np.full(symbols**size, odds["literal"] * 2.0 ** -literal_width(size, symbols))
    code = Uniform(size - 1, 1)
    for split in range(1, size):
        front, back = sums[split - 1][level.part(slice(split))], sums[size - split - 1][level.part(slice(split, size))]
        total += odds["concat"] * 2.0 ** -len(code.write(split)) * front * back
    for period in range(1, size):
        same = (level.digits[:, period:] == level.digits[:, :-period]).all(axis=1)
        once = sums[period - 1][level.part(slice(period))]
        total += odds["repeat"] * 2.0 ** -len(Period(size).write(period)) * once * same
    even, odd = level.part(slice(0, size, 2)), level.part(slice(1, size, 2))
    total += odds["interleave"] * sums[(size + 1) // 2 - 1][even] * sums[size // 2 - 1][odd]
    if symbols == 2:
        total[0] += odds["constant"] / 2
        total[-1] += odds["constant"] / 2
        total += odds["morphism"] * _morphisms(size)
    else:
        total += _progressions(level)
    return total


def _morphisms(size: int) -> Sums:
    from kolmo.complexity import enumeration_kernels

    chances = np.zeros(2**size)
    tails = 1 - np.cumsum([0.0, *(2.0 ** -len(Gamma().write(each)) for each in range(1, size + 1))])
    enumeration_kernels.add_morphisms(size, chances, np.concatenate([[1.0], tails]))
    return chances


def _progressions(level: _Level) -> Sums:
    """Return the probability of ranges and linear recurrences."""
    symbols, places = level.symbols, np.arange(level.size)
    total = np.zeros(symbols**level.size)
    for step in range(symbols):
        chance = level.odds["range"] * 2.0 ** -len(Step(symbols).write(step))
        for start in range(symbols):
            rank = level.ranks((start + step * places) % symbols)
            total[rank] += chance * 2.0 ** -len(Uniform(symbols).write(start))
            for add in range(symbols):
                values = [start]
                while len(values) < level.size:
                    values.append((step * values[-1] + add) % symbols)
                bits = sum(len(Uniform(symbols).write(number)) for number in (start, step, add))
                total[level.ranks(np.array(values))] += level.odds["recurrence"] * 2.0**-bits
    return total


def _same_size_maps(level: _Level) -> list[tuple[float, NDArray[np.intp]]]:
    """Return the probability of every operation whose part has its size, and what it makes of every string."""
    size, symbols, digits, odds = level.size, level.symbols, level.digits, level.odds
    maps = [
        (odds["reverse"], level.ranks(digits[:, ::-1])),
        (odds["complement"], level.ranks(symbols - 1 - digits)),
        (odds["scan"], level.ranks(np.cumsum(digits, axis=1) % symbols)),
    ]
    for place in range(size):
        chance = odds["patch"] * 2.0 ** -len(Uniform(size).write(place))
        if symbols == 2:
            maps.append((chance, np.arange(2**size) ^ 1 << size - 1 - place))
            continue
        for symbol in range(symbols):
            changed = digits.copy()
            changed[:, place] = symbol
            maps.append((chance * 2.0 ** -len(Uniform(symbols).write(symbol)), level.ranks(changed)))
    rest = 1.0
    for every in range(2, size + 1):
        chance = 2.0 ** -len(Every().write(every))
        rest -= chance
        for symbol in range(symbols):
            changed = digits.copy()
            changed[:, every - 1 :: every] = symbol
            chosen = odds["substitute"] * chance * 2.0 ** -len(Uniform(symbols).write(symbol))
            maps.append((chosen, level.ranks(changed)))
    maps.append((odds["substitute"] * rest, np.arange(symbols**size)))
    for number in range(symbols if symbols > 2 else 0):
        chance = 2.0 ** -len(Uniform(symbols).write(number))
        maps.append((odds["add"] * chance, level.ranks((digits + number) % symbols)))
        if number:
            chance = 2.0 ** -len(Uniform(symbols - 1, 1).write(number))
            maps.append((odds["mod"] * chance, level.ranks(digits % number)))
    return maps
