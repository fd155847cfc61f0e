"""`ReferenceBand`: the bits per byte of normal items by their length, learned from a reference."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo._core.checks import check_number
from kolmo._core.items import as_items, blocks_of_items
from kolmo._core.results import Result
from kolmo.coders.hooks import BLOCK_BYTES
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, ParameterError, PrimingError
from kolmo.find.normal_model import NormalModel
from kolmo.learn.class_models import SEPARATOR
from kolmo.profile.resampling import Interval, ratio_interval
from kolmo.profile.sampling import Sample, sample_of

if TYPE_CHECKING:
    from kolmo._core.tables import Table

Floats = NDArray[np.float64]
Facts = TypeVar("Facts")

_SHORTEST, _RATIO = 32, 2
_PIECES, _LEAST_PIECES, _BYTES_A_LENGTH = 800, 40, 2**20
_SHARES = np.array([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999])
_EXPONENT = 0.25
"""The spread of real text falls as n^-1/4: used beyond the longest pieces, and to smooth over lengths."""
SAMPLE_BYTES, CONTEXT_BYTES = 2**22, 2**20
LOW, HIGH = 0.05, 0.95
VERDICTS = ("low", "in band", "high")


@dataclass(frozen=True, eq=False)
class ReferenceBand:
    """The bits per byte of normal items of each length, by a coder that has read other items of the reference.

    Half of the reference is the context of the coder; the other half is cut into pieces of 32, 64, 128, ... bytes, up
    to the longest length of which there are 40. The quantiles of their bits per byte are interpolated in the logarithm
    of the length. Thus the shares of normal items below and above the band are the same at every length, which no
    fixed threshold of a compression ratio achieves.

    Parameters
    ----------
    model : NormalModel
        The coder and its context.
    lengths : ndarray of shape (n_lengths,)
        Lengths of the pieces.
    quantiles : ndarray of shape (n_lengths, n_shares)
        Bits per byte that a share of the pieces does not exceed.
    n_pieces : tuple of int
        Number of pieces of each length.
    low, high : float
        The shares that end the band.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> birds, places = ["gulls", "terns", "ducks", "swans"], ["river", "lake", "shore", "harbour"]
    >>> def sight(): return f"{random.integers(2, 99)} {random.choice(birds)} at the {random.choice(places)}"
    >>> reports = ["; ".join(sight() for _ in range(9)) for _ in range(200)]
    >>> band = ReferenceBand.fit(reports[1:])
    >>> band.judge(["0x9f3a 77d1 c0ffee", "terns and gulls were not seen at the lake"]).verdicts
    ('high', 'high')
    """

    model: NormalModel = field(repr=False)
    lengths: NDArray[np.int64]
    quantiles: Floats = field(repr=False)
    n_pieces: tuple[int, ...]
    low: float
    high: float

    @classmethod
    def fit(
        cls,
        reference: Any,
        *,
        coder: CoderLike = "ngram",
        low: float = LOW,
        high: float = HIGH,
        n_jobs: int | None = None,
    ) -> Self:
        """Learn the band from a reference.

        Parameters
        ----------
        reference : str, bytes-like, Corpus, or collection of str or bytes
            Good items.
        coder : str, mapping or Coder
            A coder that can be primed.
        low, high : float
            The shares of normal items below the ends of the band.
        n_jobs : int, optional
            Number of parallel workers, as in joblib.

        Returns
        -------
        ReferenceBand

        Raises
        ------
        DataError
            If the reference is too small for two lengths.
        """
        if not isinstance(reference, Sample):
            reference = sample_of(reference, name="the reference", max_bytes=SAMPLE_BYTES)
        for name, share in (("low", low), ("high", high)):
            check_number(name, share, 0, 1)
        if low >= high:
            raise ParameterError(f"expected low below high, got {low} and {high}")
        made = make_coder(coder)
        if made.tags.priming is None:
            raise PrimingError(f"the coder {made.name!r} cannot be primed; choose one that can, such as 'ngram'")
        documents = [each.data for each in reference.documents]
        context, held_out = _halves(documents)
        model = NormalModel.prime(made, context, max_bytes=CONTEXT_BYTES, separator=SEPARATOR)
        lengths, rows, counts = [], [], []
        for length in _lengths([len(each) for each in held_out]):
            pieces = _pieces(held_out, length)
            rates = model.bits(pieces, label=f"reference, {length} bytes", n_jobs=n_jobs) / length
            lengths.append(length)
            rows.append(np.quantile(rates, _SHARES))
            counts.append(len(pieces))
        if not lengths:
            raise DataError(
                f"the reference is too small: expected at least {_LEAST_PIECES} pieces of {_SHORTEST} bytes in half of "
                f"it, got {len(documents)} documents of {sum(map(len, documents)):,} bytes; pass more"
            )
        found = np.array(lengths, np.int64)
        return cls(model, found, _smoothed(found, np.array(rows)), tuple(counts), float(low), float(high))

    def shares(self, sizes: ArrayLike, bits: ArrayLike) -> Floats:
        """Return the share of normal items of the same length with fewer bits per byte, for each item.

        Parameters
        ----------
        sizes, bits : array-like of shape (n_items,)
            Bytes of items, and their code lengths by `model`.

        Returns
        -------
        ndarray of shape (n_items,)
            From 0 to 1; 1/2 for an empty item.
        """
        lengths, lengths_bits = np.asarray(sizes, float), np.asarray(bits, float)
        found = np.full(len(lengths), 0.5)
        for place in np.flatnonzero(lengths > 0):
            row = self._at(lengths[place])
            found[place] = np.interp(lengths_bits[place] / lengths[place], row, _SHARES, left=0.0, right=1.0)
        return found

    def scores(self, sizes: ArrayLike, bits: ArrayLike) -> Floats:
        """Return how far the bits per byte of items lie from the median at their length, over half of the band."""
        rates = np.asarray(bits, float) / np.maximum(np.asarray(sizes, float), 1)
        ends = self.band(sizes)
        middle = self._column(sizes, 0.5)
        half = np.where(rates > middle, ends[:, 1] - middle, middle - ends[:, 0])
        scores: Floats = (rates - middle) / np.maximum(half, 1e-9)
        return scores

    def band(self, sizes: ArrayLike) -> Floats:
        """Return the ends of the band for each length, in bits per byte, shape (n_items, 2)."""
        return np.stack([self._column(sizes, self.low), self._column(sizes, self.high)], axis=1)

    def _column(self, sizes: ArrayLike, share: float) -> Floats:
        return np.array([np.interp(share, _SHARES, self._at(max(size, 1))) for size in np.asarray(sizes, float)])

    def _at(self, size: float) -> Floats:
        """Return the quantiles at a length: between two by log n; beyond them with a spread that falls as n^-1/4."""
        place = np.clip(np.searchsorted(self.lengths, size) - 1, 0, max(len(self.lengths) - 2, 0))
        ends = self.lengths[[0, -1]]
        nearest = float(np.clip(size, *ends))
        if len(self.lengths) == 1:
            row: Floats = self.quantiles[0]
        else:
            low, high = self.lengths[place], self.lengths[place + 1]
            weight = np.log(nearest / low) / np.log(high / low)
            row = (1 - weight) * self.quantiles[place] + weight * self.quantiles[place + 1]
        if nearest == size:
            return row
        middle = row[_SHARES == 0.5][0]
        stretched: Floats = middle + (row - middle) * (size / nearest) ** -_EXPONENT
        return stretched

    def bits(self, items: Sequence[bytes], *, n_jobs: int | None = None, label: str = "items") -> Floats:
        """Return the code length of each item given the reference, in bits."""
        found = np.zeros(len(items))
        filled = [place for place, item in enumerate(items) if item]
        if filled:
            found[filled] = self.model.bits([items[place] for place in filled], label=label, n_jobs=n_jobs)
        return found

    def judge(self, items: Any, *, n_jobs: int | None = None) -> Judgements:
        """Judge items: low, in band, or high.

        Parameters
        ----------
        items : collection of str or bytes
            See `kolmo.as_items`.
        n_jobs : int, optional
            Number of parallel workers, as in joblib.

        Returns
        -------
        Judgements
        """
        listed = as_items(items)
        if not listed:
            raise DataError("expected at least one item, got none")
        sizes = np.array([len(item) for item in listed], np.int64)
        bits = self.bits(listed, n_jobs=n_jobs)
        return Judgements(
            sizes=sizes,
            bits=bits,
            shares=self.shares(sizes, bits),
            low=self.low,
            high=self.high,
            coder=str(self.model.coder),
            fingerprint=self.model.coder.fingerprint,
        )

    def judge_stream(
        self, items: Iterable[tuple[bytes, Facts]], *, n_jobs: int | None = None
    ) -> Iterator[tuple[Facts, dict[str, Any]]]:
        """Judge items with facts about each; yield the facts with the judgement, holding few items at a time."""
        waiting: deque[Facts] = deque()

        def bare() -> Iterator[bytes]:
            for item, facts in items:
                waiting.append(facts)
                yield item

        for block in blocks_of_items(bare(), 8 * BLOCK_BYTES):
            for record in self.judge(block, n_jobs=n_jobs).records():
                yield waiting.popleft(), record


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgements(Result):
    """Items judged by a reference. Made by `ReferenceBand.judge`.

    Parameters
    ----------
    sizes : ndarray of shape (n_items,)
        Bytes of each item.
    bits : ndarray of shape (n_items,)
        Code length given the reference.
    shares : ndarray of shape (n_items,)
        Share of normal items of the same length with fewer bits per byte.
    low, high : float
        The ends of the band.
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    """

    derived: ClassVar[tuple[str, ...]] = ("verdicts",)

    sizes: NDArray[np.int64]
    bits: Floats
    shares: Floats
    low: float
    high: float
    coder: str
    fingerprint: str

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdict of each item; an empty item is low."""
        return tuple(
            "low" if share < self.low or not size else "high" if share > self.high else "in band"
            for share, size in zip(self.shares.tolist(), self.sizes.tolist(), strict=True)
        )

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each item.

        Returns
        -------
        list of dict
        """
        columns = (self.sizes.tolist(), self.bits.tolist(), self.shares.tolist(), self.verdicts)
        return [
            {
                "size_bytes": size,
                "bits_per_byte": bits / size if size else None,
                "share_below": share,
                "verdict": verdict,
            }
            for size, bits, share, verdict in zip(*columns, strict=True)
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of the shares of items, with a row for each result.

        Parameters
        ----------
        results : sequence of Judgements
            The results.
        verbose : bool
            Add fingerprints.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        table = Table("Items by the reference", [Column("items", True), *(Column(f"{v}, %", True) for v in VERDICTS)])
        for each in results:
            verdicts = each.verdicts
            cells = (f"{100 * verdicts.count(verdict) / len(verdicts):.1f}" for verdict in VERDICTS)
            table.add(f"{len(verdicts):,}", *cells)
        table.footers = [results[0].footer()]
        if verbose:
            table.footers += list(dict.fromkeys(each.fingerprint for each in results))
        return [table]

    def footer(self) -> str:
        """Return the band in a sentence."""
        return (
            f"bits/byte given the reference ({self.coder}) below {100 * self.low:g}%, or above {100 * self.high:g}%, "
            "of normal items of the same length"
        )


@dataclass(frozen=True, kw_only=True)
class VerdictShares:
    """Shares of documents by their verdict.

    Parameters
    ----------
    n_documents : int
        Number of documents that were judged.
    low, in_band, high : float
        Their shares.
    low_interval, high_interval : (float, float) or None
        95% intervals over documents.
    """

    n_documents: int
    low: float
    in_band: float
    high: float
    low_interval: Interval | None
    high_interval: Interval | None

    @classmethod
    def of(cls, judged: Judgements, counts: Sequence[int]) -> Self:
        """Return the shares of documents that occur several times."""
        weights = np.array(counts, float)
        is_of = {verdict: np.array([each == verdict for each in judged.verdicts], float) for verdict in VERDICTS}
        low, middle, high = (float((is_of[verdict] * weights).sum() / weights.sum()) for verdict in VERDICTS)
        return cls(
            n_documents=int(weights.sum()),
            low=low,
            in_band=middle,
            high=high,
            low_interval=ratio_interval(is_of["low"] * weights, weights),
            high_interval=ratio_interval(is_of["high"] * weights, weights),
        )


def _halves(documents: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return documents to read, and others to measure, in turn; pieces of a single one in two runs."""
    return list(documents[::2]), list(documents[1::2])


def _lengths(sizes: Sequence[int]) -> Iterator[int]:
    """Yield lengths that double, and the longest of which documents of these sizes hold enough pieces."""

    def is_enough(length: int) -> bool:
        return sum(size // length for size in sizes) >= _LEAST_PIECES

    longest = bisect.bisect_left(range(1, max(sizes, default=0) + 1), True, key=lambda length: not is_enough(length))
    length = _SHORTEST
    while length <= longest:
        yield length
        length *= _RATIO
    if length // _RATIO < longest < length and longest > _SHORTEST:
        yield longest


def _pieces(documents: Sequence[bytes], length: int) -> list[bytes]:
    """Return pieces of a length from all documents in turn, the first pieces of each document first."""
    found: list[bytes] = []
    most = min(_PIECES, max(_BYTES_A_LENGTH // length, _LEAST_PIECES))
    starts = [0] * len(documents)
    left = [place for place, each in enumerate(documents) if len(each) >= length]
    while left and len(found) < most:
        for place in left:
            found.append(documents[place][starts[place] : starts[place] + length])
            starts[place] += length
            if len(found) == most:
                break
        left = [place for place in left if starts[place] + length <= len(documents[place])]
    return found


def _smoothed(lengths: NDArray[np.int64], rows: Floats) -> Floats:
    """Return quantiles whose distances from the median are averaged over neighbouring lengths."""
    middle = rows[:, _SHARES == 0.5]
    spread = (rows - middle) * lengths[:, None] ** _EXPONENT
    padded = np.concatenate([spread[:1], spread, spread[-1:]])
    smooth: Floats = middle + (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4 * lengths[:, None] ** -_EXPONENT
    return smooth
