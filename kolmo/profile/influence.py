"""`training_influence`: which items that a coder has read explain its prediction of another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kolmo._core.checks import check_count
from kolmo._core.items import as_bytes
from kolmo._core.results import Result
from kolmo._core.resumable import Arrays, run_tasks
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, PrimingError
from kolmo.find.outlier_report import excerpt_of
from kolmo.learn.class_models import SEPARATOR
from kolmo.profile.sampling import Sample, sample_of

if TYPE_CHECKING:
    from kolmo._core.tables import Table

MAX_BYTES = 2**18
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class InfluentialItem:
    """An item that was read, and what it saved.

    Parameters
    ----------
    index : int
        Its position in the set, from 0.
    size_bytes : int
        Its bytes.
    count : int
        Its copies in the set, itself included; all are left out together.
    bits_without : float
        Code length of the target given all other items.
    saved_bits : float
        What the item saves: `bits_without` less the code length given all items.
    excerpt : str
        Its start.
    """

    index: int
    size_bytes: int
    count: int
    bits_without: float
    saved_bits: float
    excerpt: str


@dataclass(frozen=True, kw_only=True)
class TrainingInfluence(Result):
    """The items that explain a prediction. Made by `training_influence`.

    Parameters
    ----------
    items : tuple of InfluentialItem
        Items that were left out in turn, the one that saves most first.
    bits : float
        Code length of the target given all items, in bits.
    bits_alone : float
        Its code length without any item.
    bits_without_shown : float
        Its code length without all of `items`.
    size_bytes : int
        Bytes of the target.
    n_items, n_read : int
        Different items of the set, and of these those that the coder read.
    name : str
        Name of the set.
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    """

    citations: ClassVar[tuple[str, ...]] = (
        'Koh and Liang, "Understanding black-box predictions via influence functions", ICML 2017',
        'Feldman and Zhang, "What neural networks memorize and why", NeurIPS 2020',
    )

    items: tuple[InfluentialItem, ...]
    bits: float
    bits_alone: float
    bits_without_shown: float
    size_bytes: int
    n_items: int
    n_read: int
    name: str
    coder: str
    fingerprint: str

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each item.

        Returns
        -------
        list of dict
        """
        names = ("index", "size_bytes", "count", "bits_without", "saved_bits", "excerpt")
        return [{name: getattr(item, name) for name in names} for item in self.items]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result.

        Parameters
        ----------
        results : sequence of TrainingInfluence
            The results.
        verbose : bool
            Add all items that were left out, fingerprints and citations.

        Returns
        -------
        list of Table
        """
        return [result._table(verbose=verbose) for result in results]

    def _table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        names = ("item", "bytes", "copies", "saves, bits", "of all saved, %")
        columns = [*(Column(name, True) for name in names), Column("start of the item")]
        table = Table(f"Items that explain the prediction: {self.name}", columns)
        saved = self.bits_alone - self.bits
        for item in self.items if verbose else self.items[:SHOWN]:
            share = f"{100 * item.saved_bits / saved:.1f}" if saved > 0 else "-"
            cells = (f"{item.index:,}", f"{item.size_bytes:,}", f"{item.count:,}", f"{item.saved_bits:,.1f}", share)
            table.add(*cells, item.excerpt[:60])
        table.footers = [
            f"target of {self.size_bytes:,} bytes: {self.bits_alone:,.0f} bits alone, {self.bits:,.0f} given "
            f"{self.n_read:,} of {self.n_items:,} different items, {self.bits_without_shown:,.0f} without all "
            f"{len(self.items):,} that were left out in turn ({self.coder})",
            "saves: code length of the target without the item and its copies, less that given all items; items that "
            "say the same hide each other",
        ]
        if verbose:
            table.footers += [self.fingerprint, *self.citations]
        return table


def training_influence(
    data: Any,
    target: Any,
    *,
    coder: CoderLike = "mix",
    n_candidates: int = 20,
    max_bytes: int = MAX_BYTES,
    name: str = "data",
    n_jobs: int | None = None,
) -> TrainingInfluence:
    """Tell which items explain the prediction of a target: its code length without each of them.

    The coder reads all items, in the order of the digests of their bytes, and codes the target; then again without each
    of the candidates in turn. The candidates are the items that alone save most bits of the target, and are read last,
    so that a set that is larger than `max_bytes` does not lose them.

    Parameters
    ----------
    data : str, bytes-like, Corpus, collection of str or bytes, or iterator
        The items; see `profile_data`.
    target : str or bytes-like
        What is predicted.
    coder : str, mapping or Coder
        A coder that can be primed.
    n_candidates : int
        Items that are left out in turn.
    max_bytes : int
        Largest number of bytes that the coder reads.
    name : str
        Name of the set in tables.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.

    Returns
    -------
    TrainingInfluence

    Raises
    ------
    DataError
        If the set or the target is empty.
    PrimingError
        If the coder cannot be primed.

    References
    ----------
    Feldman and Zhang, "What neural networks memorize and why", NeurIPS 2020.

    Examples
    --------
    >>> facts = [f"the code of gate {n} is {n * n * 7919 % 100000}" for n in range(40)]
    >>> found = training_influence(facts, "the code of gate 17 is 88591", coder="ngram", n_candidates=5)
    >>> found.items[0].index
    17
    """
    check_count("n_candidates", n_candidates, 1, 10_000)
    check_count("max_bytes", max_bytes, 1, 2**40)
    made = make_coder(coder)
    if made.tags.priming is None:
        raise PrimingError(f"the coder {made.name!r} cannot be primed; choose one that can, such as 'ngram'")
    wanted = as_bytes(target)
    if not wanted:
        raise DataError("the target is empty; expected at least one byte")
    sample = data if isinstance(data, Sample) else sample_of(data, name=name, max_bytes=16 * max_bytes)
    documents = [each.data for each in sample.documents]
    prefer = made.tags.parallel
    tasks = [(made, part, wanted) for part in np.array_split(np.arange(len(documents)), min(len(documents), 64))]
    ranked = run_tasks(
        _given_each, [(*task, documents) for task in tasks], label="single items", prefer=prefer, n_jobs=n_jobs
    )
    order = np.argsort(np.concatenate([bits for (bits,) in ranked]), kind="stable")
    candidates = order[:n_candidates].tolist()
    others = [place for place in range(len(documents)) if place not in set(candidates)]
    read = _within(documents, [*others, *candidates[::-1]], max_bytes)
    left_out = [None, *candidates, candidates, read]
    asked = [(made, _without(documents, read, each), wanted) for each in left_out]
    (bits,), *without, (no_candidates,), (alone,) = run_tasks(
        _given, asked, label="items left out", prefer=prefer, n_jobs=n_jobs
    )
    items = [
        InfluentialItem(
            index=sample.documents[place].index,
            size_bytes=len(documents[place]),
            count=sample.documents[place].count,
            bits_without=float(found[0]),
            saved_bits=float(found[0] - bits[0]),
            excerpt=excerpt_of(documents[place]),
        )
        for place, (found,) in zip(candidates, without, strict=True)
    ]
    made.check_finite(np.concatenate([bits, no_candidates, alone]))
    return TrainingInfluence(
        items=tuple(sorted(items, key=lambda item: (-item.saved_bits, item.index))),
        bits=float(bits[0]),
        bits_alone=float(alone[0]),
        bits_without_shown=float(no_candidates[0]),
        size_bytes=len(wanted),
        n_items=len(documents),
        n_read=len(read),
        name=sample.name if isinstance(data, Sample) else name,
        coder=str(made),
        fingerprint=made.fingerprint,
    )


def _given_each(coder: Coder, places: Any, target: bytes, documents: Sequence[bytes]) -> Arrays:
    """Return the code length of the target given each of some documents alone."""
    chosen = [documents[place] + SEPARATOR for place in places]
    return (coder._joint_batch(chosen, [target])[:, 0] - coder._batch(chosen),)


def _given(coder: Coder, context: bytes, target: bytes) -> Arrays:
    """Return the code length of the target given a context."""
    return ((PrimedCoder(coder=coder, context=context) if context else coder)._batch([target]),)


def _within(documents: Sequence[bytes], order: Sequence[int], max_bytes: int) -> list[int]:
    """Return the last documents of an order, up to a number of bytes, and at least one."""
    kept: list[int] = []
    for place in reversed(order):
        max_bytes -= len(documents[place]) + len(SEPARATOR)
        if kept and max_bytes < 0:
            break
        kept.append(place)
    return kept[::-1]


def _without(documents: Sequence[bytes], read: Sequence[int], left_out: Any) -> bytes:
    """Return the documents that are read as one string, without one of them, several or none."""
    gone = set() if left_out is None else {left_out} if isinstance(left_out, int) else set(left_out)
    return b"".join(documents[place] + SEPARATOR for place in read if place not in gone)
