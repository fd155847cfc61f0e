"""What things share with their own partners, beyond what they share with all others."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.checks import check_integer
from kolmo._core.items import as_items
from kolmo._core.resumable import Arrays, open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, PrimingError
from kolmo.evaluation.diagnostics import diagnose
from kolmo.joint.estimates import primed

_FEW = 6
"""Fewer pairs have so few pairings that a true one is often drawn among the random ones."""


@dataclass(frozen=True, kw_only=True)
class PairedGain:
    """Whether things that belong together tell of each other more than others do.

    Parameters
    ----------
    bits : float
        Mean bits that a pair saves more than a pair put together at random.
    share : float
        These as a share of the mean L(y).
    p_value : float
        The share of random pairings, itself counted in, that save as much as the true one.
    found : float
        The share of all y that take fewer bits given their own x than given any other; 1 / n_pairs by chance.
    n_pairs : int
        How many pairs there are.
    coder, fingerprint : str
        The coder, and its versions.
    warnings : list of str
        Why the coder, or so many pairs, may not suit.
    """

    bits: float
    share: float
    p_value: float
    found: float
    n_pairs: int
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return asdict(self)


def paired_gain(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "ngram",
    n_shuffles: int = 999,
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> PairedGain:
    """Measure what the items of Y share with their own partners in X, beyond what they share with all of X.

    Captions with their pictures, translations, labels with inputs: L(y|x) of true pairs is set beside all others.

    Parameters
    ----------
    X, Y : collection of str or bytes-like
        Item n of X belongs to item n of Y. Every y is coded given every x, so take some hundred pairs at most.
    coder : str, mapping or Coder
        One that primes.
    n_shuffles : int
        Random pairings to compare with.
    random_state : int
        Their seed.
    n_jobs : int, optional
        Workers as joblib counts them.
    checkpoint : str or Path, optional
        A file that keeps what is finished; the same call goes on from it.

    Returns
    -------
    PairedGain

    Raises
    ------
    DataError
        If there are fewer than two pairs, or an x without a y.
    PrimingError
        If the coder cannot be primed.

    Warns
    -----
    WindowWarning
        If an item of X is longer than the coder's window.

    Examples
    --------
    >>> words = ["horse", "castle", "bridge", "window", "forest", "garden"]
    >>> questions, answers = [f"where is the {w}?" for w in words], [f"the {w} is over there" for w in words]
    >>> paired_gain(questions, answers).bits > 0
    True
    """
    made, xs, ys = make_coder(coder), list(as_items(X)), list(as_items(Y))
    if len(xs) != len(ys) or len(xs) < 2:
        raise DataError(f"{len(xs)} items of X and {len(ys)} of Y came; pairs are expected, and at least two")
    check_integer("n_shuffles", n_shuffles, 1, 10**6)
    if made.tags.priming is None:
        raise PrimingError(f"the coder {made.name!r} cannot be primed, and pairs need L(y|x); take one such as 'ngram'")
    longest = max(map(len, xs))
    made.warn_beyond_window(longest)
    run = open_checkpoint(checkpoint, str(made), made.fingerprint, xs, ys, label="paired")
    rows = run_tasks(
        partial(_given, made),
        [(x, ys) for x in xs],
        label=f"pairs by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    given = np.array([row for (row,) in rows])
    own = given.diagonal().copy()
    true = float(own.sum())
    drawn, places = np.random.default_rng(random_state), np.arange(len(xs))
    shuffled = np.array([given[drawn.permutation(len(xs)), places].sum() for _ in range(n_shuffles)])
    others = (given.sum() - true) / (len(xs) - 1)
    bits = float(others - true) / len(xs)
    given[places, places] = np.inf
    few = [f"only {len(xs)} pairs: random pairings are often the true one, and p cannot be small"]
    return PairedGain(
        bits=bits,
        share=bits / max(float(made._batch(ys).mean()), 1e-9),
        p_value=float((1 + (shuffled <= true).sum()) / (1 + n_shuffles)),
        found=float(np.mean(own < given.min(axis=0))),
        n_pairs=len(xs),
        coder=str(made),
        fingerprint=made.fingerprint,
        warnings=[*diagnose(made, longest, sample=[b"\n".join(xs), b"\n".join(ys)]), *(few if len(xs) < _FEW else [])],
    )


def _given(coder: Coder, context: bytes, items: list[bytes]) -> Arrays:
    return (primed(coder, context)._batch(items),)
