"""The paired gain: the information that items give about their own partners, beyond that about other items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kolmo._core.checks import check_integer
from kolmo._core.items import as_items
from kolmo._core.results import Result
from kolmo._core.resumable import Arrays, open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, PrimingError
from kolmo.evaluation.diagnostics import diagnose
from kolmo.joint.estimates import primed, remarks

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_FEW_PAIRS = 6
"""With fewer pairs, a random pairing is often the true one."""


@dataclass(frozen=True, kw_only=True)
class PairedGain(Result):
    """The gain of true pairs over random pairs. Made by `paired_gain`.

    Parameters
    ----------
    gain_bits : float
        Mean of L(y | x of another pair) - L(y | x of its own pair), in bits for each pair.
    relative_gain : float
        The gain divided by the mean of L(y).
    p_value : float
        Fraction of random pairings whose gain is at least that of the true pairing, which counts as one of them.
    retrieval_accuracy : float
        Fraction of the y whose own x gives the smallest L(y|x) of all x; 1 / n_pairs by chance.
    n_pairs : int
        Number of pairs.
    length_x, length_y : float
        Mean code length of an x and of a y, in bits.
    coder : str
        The coder.
    fingerprint : str
        The coder with its parameters and library versions.
    warnings : list of str
        Limits of the coder, and of the number of pairs.
    """

    citations: ClassVar[tuple[str, ...]] = ()
    question: ClassVar[str] = "Do items give information about their own partners?"

    gain_bits: float
    relative_gain: float
    p_value: float
    retrieval_accuracy: float
    n_pairs: int
    length_x: float
    length_y: float
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return one table with a row for each coder.

        Parameters
        ----------
        results : sequence of PairedGain
            The gains of the same pairs by several coders.
        verbose : bool
            Add fingerprints.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        names = ("gain, bits/pair", "gain, % of L(y)", "p-value", "retrieval accuracy, %")
        table = Table(
            f"Paired gain of {results[0].n_pairs:,} pairs: L(y | x of another pair) - L(y | x)",
            [Column("coder"), *(Column(name, True) for name in names)],
        )
        for gain in results:
            table.add(
                gain.coder,
                f"{gain.gain_bits:,.1f}",
                f"{100 * gain.relative_gain:.2f}",
                f"{gain.p_value:.3f}",
                f"{100 * gain.retrieval_accuracy:.0f}",
            )
        table.footers = [
            "p-value: fraction of random pairings with at least this gain",
            f"retrieval accuracy: the own x gives the smallest L(y|x); {100 / results[0].n_pairs:.2g}% by chance",
            *remarks(results, verbose=verbose),
        ]
        return [table]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        return "\n".join(
            f"By {each.coder}, an item's own partner saves {each.gain_bits:,.1f} bits more than another item, "
            f"{100 * each.relative_gain:.2f}% of its code (p = {each.p_value:.3f}); of {each.n_pairs:,} partners "
            f"{100 * each.retrieval_accuracy:.0f}% are found, {100 / each.n_pairs:.2g}% by chance."
            for each in results
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        return [
            BarChart(
                title="Paired gain: L(y | x of another pair) - L(y | x)",
                label="% of L(y)",
                names=[each.coder for each in results],
                series={"gain": [100 * each.relative_gain for each in results]},
                form=".2f",
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return ["p-value: the fraction of random pairings with at least this gain, the true pairing included."]


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
    """Estimate the information that each item of X gives about its partner in Y, beyond that about other items of Y.

    L(y|x) of true pairs is compared with L(y|x) of all other pairs, for data such as captions and pictures, sentences
    and translations, or inputs and labels. What all items have in common, such as a language, does not count.

    Parameters
    ----------
    X, Y : collection of str or bytes-like
        Item n of X is the partner of item n of Y. Every y is coded given every x, so the time grows with the square of
        the number of pairs: use at most a few hundred.
    coder : str, mapping or Coder
        A coder that can be primed; see `kolmo.coder`.
    n_shuffles : int
        Number of random pairings for the permutation test.
    random_state : int
        Seed of the random pairings.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it.

    Returns
    -------
    PairedGain

    Raises
    ------
    DataError
        If there are fewer than two pairs, X and Y differ in length, or the checkpoint belongs to another run.
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
    >>> paired_gain(questions, answers).gain_bits > 0
    True
    """
    made, xs, ys = make_coder(coder), list(as_items(X)), list(as_items(Y))
    if len(xs) != len(ys) or len(xs) < 2:
        raise DataError(
            f"expected at least two pairs, as many items of X as of Y, got {len(xs)} of X and {len(ys)} of Y"
        )
    check_integer("n_shuffles", n_shuffles, 1, 10**6)
    if made.tags.priming is None:
        raise PrimingError(
            f"the coder {made.name!r} cannot be primed, and pairs need L(y|x); use another one, such as 'ngram'"
        )
    longest = max(map(len, xs))
    made.warn_beyond_window(longest)
    run = open_checkpoint(checkpoint, str(made), made.fingerprint, xs, ys, label="paired")
    rows = run_tasks(
        partial(_conditional_lengths, made),
        [(x, ys) for x in xs],
        label=f"pairs by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    conditional = np.array([row for (row,) in rows])
    own = conditional.diagonal().copy()
    true = float(own.sum())
    drawn, places = np.random.default_rng(random_state), np.arange(len(xs))
    shuffled = np.array([conditional[drawn.permutation(len(xs)), places].sum() for _ in range(n_shuffles)])
    others = (conditional.sum() - true) / (len(xs) - 1)
    bits = float(others - true) / len(xs)
    conditional[places, places] = np.inf
    length_y = float(made._batch(ys).mean())
    few = [f"there are only {len(xs)} pairs: a random pairing is often the true one, so p-values are large"]
    return PairedGain(
        gain_bits=bits,
        relative_gain=bits / max(length_y, 1e-9),
        p_value=float((1 + (shuffled <= true).sum()) / (1 + n_shuffles)),
        retrieval_accuracy=float(np.mean(own < conditional.min(axis=0))),
        n_pairs=len(xs),
        length_x=float(made._batch(xs).mean()),
        length_y=length_y,
        coder=str(made),
        fingerprint=made.fingerprint,
        warnings=[
            *diagnose(made, longest, sample=[b"\n".join(xs), b"\n".join(ys)]),
            *(few if len(xs) < _FEW_PAIRS else []),
        ],
    )


def _conditional_lengths(coder: Coder, context: bytes, items: list[bytes]) -> Arrays:
    return (primed(coder, context)._batch(items),)
