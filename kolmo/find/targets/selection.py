"""Which documents of one corpus have most in common with a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_boolean, check_number
from kolmo._core.items import as_bytes, as_items
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, PrimingError
from kolmo.evaluation.diagnostics import diagnose
from kolmo.find.targets.leaked import leaked_blocks
from kolmo.find.targets.results import SelectedShare, TargetSelection
from kolmo.find.targets.savings import conditional_lengths
from kolmo.joint.documents import Documents
from kolmo.joint.estimates import primed

SHARES = (0.01, 0.05, 0.1, 0.25)
_DRAWS = 3
"""Random selections of each share."""


def select_for_target(
    T: Any,
    documents: Any,
    *,
    share: float = 0.05,
    coder: CoderLike = "mix",
    separator: str | bytes = b"\n",
    leaks: bool = False,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> TargetSelection:
    """Select the documents of a corpus that have most in common with a target, and compare them with random ones.

    Documents are ranked by L(d given others) - L(d given T) for each of their bytes, where the others are random
    documents of the corpus, of the size of T: what T says of d that the corpus does not. What the selection then saves
    for T, L(T) - L(T given the selection), is measured, beside random documents of as many bytes, at 1, 5, 10 and 25%
    of the corpus and at `share`. Documents that contain a passage of T are left out.

    This fits a target. It is the opposite of a diverse set: documents that resemble T also resemble each other.

    Parameters
    ----------
    T : str, bytes-like, or collection of these
        The target.
    documents : collection of str or bytes
        The corpus.
    share : float
        Share of the bytes of the corpus to select.
    coder : str, mapping or Coder
        A coder that can be primed; see `kolmo.coder`.
    separator : str or bytes
        Placed between documents.
    leaks : bool
        Keep documents that contain passages of the target.
    random_state : int
        Seed of the random documents.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.

    Returns
    -------
    TargetSelection

    Raises
    ------
    DataError
        If the target is empty, or fewer than two documents are left.
    PrimingError
        If the coder cannot be primed.

    References
    ----------
    Xie, Santurkar, Ma and Liang, "Data Selection for Language Models via Importance Resampling", NeurIPS 2023.

    Examples
    --------
    >>> cats = [f"the cat {n} sat on the mat" for n in range(40)]
    >>> sums = [f"{n * n} = {n} x {n}" for n in range(40)]
    >>> target = "a cat sat here on the mat, a dog on the rug"
    >>> found = select_for_target(target, sums + cats, share=0.2, coder="ngram", leaks=True)
    >>> all(index >= 40 for index in found.selected)
    True
    """
    check_number("share", share, 0.0, 1.0, above=True)
    check_boolean("leaks", leaks)
    made, between = make_coder(coder), as_bytes(separator)
    if made.tags.priming is None:
        raise PrimingError(f"the coder {made.name!r} cannot be primed; use another one, such as 'ngram'")
    target = Documents.of(T, "the target", between)
    items = as_items(documents)
    sizes = np.array([len(item) for item in items])
    if not any(items):
        raise DataError(f"expected at least two documents, got {len(items)}, all of them empty")
    corpus = Documents.of(items, "the corpus", between)
    leaked = set() if leaks else set(np.flatnonzero(leaked_blocks(corpus, target, n_jobs)).tolist())
    usable = [index for index, item in enumerate(items) if item and index not in leaked]
    if len(usable) < 2:
        raise DataError(f"expected at least two documents without passages of the target, got {len(usable)}")
    whole = target.joined()
    made.warn_beyond_window(len(whole))
    chosen = [items[index] for index in usable]
    random = np.random.default_rng(random_state)
    by_others = _lengths_by_others(made, chosen, len(whole), between, random, n_jobs)
    scores = np.full(len(items), np.nan)
    scores[usable] = (by_others - primed(made, whole + between).code_lengths(chosen, n_jobs=n_jobs)) / sizes[usable]
    order = sorted(usable, key=lambda index: (-scores[index], index))
    bits = float(made.code_length(whole))
    measured = []
    for part in sorted({*SHARES, share}):
        places = _first(order, sizes, part)
        drawn = [
            _first([usable[place] for place in random.permutation(len(usable))], sizes, part) for _ in range(_DRAWS)
        ]
        own, *others = (_saved(made, items, each, whole, bits, between) for each in (places, *drawn))
        measured.append(
            SelectedShare(
                share=part,
                size=int(sizes[places].sum()),
                saving_bits=own,
                random_bits=float(np.mean(others)),
                random_deviation=float(np.std(others, ddof=1)),
            )
        )
    noted = [f"{len(leaked):,} documents contain passages of the target; they were left out"] if leaked else []
    (own_share,) = (each for each in measured if each.share == share)
    if not own_share.saving_bits > own_share.random_bits + own_share.random_deviation:
        noted.append(
            f"the selection of {100 * share:g}% saves no more than random documents: {made} does not see which of "
            "them resemble the target"
        )
    return TargetSelection(
        selected=tuple(_first(order, sizes, share)),
        scores=tuple(scores.tolist()),
        sizes=tuple(sizes.tolist()),
        leaked=tuple(sorted(leaked)),
        shares=tuple(measured),
        target_size=sum(map(len, target.blocks)),
        target_bits=bits,
        coder=str(made),
        fingerprint=made.fingerprint,
        warnings=[*noted, *diagnose(made, int(max(share, max(SHARES)) * sizes.sum()), sample=[whole])],
    )


def _lengths_by_others(
    coder: Coder, items: list[bytes], size: int, between: bytes, random: np.random.Generator, n_jobs: int | None
) -> NDArray[np.float64]:
    """Return the code length of each document given random others; those of one sample are coded given a second."""
    order = random.permutation(len(items))
    ends = np.cumsum([len(items[place]) for place in order])
    first = max(1, min(int(np.searchsorted(ends, size)), len(items) // 2))
    second = max(first + 1, min(int(np.searchsorted(ends, 2 * size)), len(items)))
    lengths = np.empty(len(items))
    sampled = np.isin(np.arange(len(items)), order[:first])
    for sample, coded in ((order[:first], ~sampled), (order[first:second], sampled)):
        context = between.join(items[place] for place in sample) + between
        places = np.flatnonzero(coded)
        lengths[places] = primed(coder, context).code_lengths([items[place] for place in places], n_jobs=n_jobs)
    return lengths


def _first(order: Sequence[int], sizes: Any, share: float) -> list[int]:
    """Return the first documents that hold a share of all bytes, at least one."""
    total = share * sizes[list(order)].sum()
    count = int(np.searchsorted(np.cumsum(sizes[list(order)]), total, side="right"))
    return list(order[: max(1, count)])


def _saved(coder: Coder, items: list[bytes], places: list[int], target: bytes, bits: float, between: bytes) -> float:
    """Return the bits that documents save for the target, the best of them nearest to it."""
    context = between.join(items[place] for place in reversed(places)) + between
    return bits - float(conditional_lengths(coder, context, [target])[0][0])
