"""The joint gain of two data sets with its controls and its confidence interval."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kolmo._core.checks import check_choice, check_integer
from kolmo._core.items import as_bytes
from kolmo._core.resumable import open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.joint.caveats import diagnose_pair
from kolmo.joint.documents import INTERLEAVED_BYTES, Documents
from kolmo.joint.estimates import Gain, gain_of, six_lengths
from kolmo.joint.gain_results import ORDERS, JointGain, Order

if TYPE_CHECKING:
    pass

_NORMAL_QUANTILE = 1.96


def joint_gain(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "mix",
    separator: str | bytes = b"",
    order: Order = "concatenated",
    n_resamples: int = 8,
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> JointGain:
    """Estimate the algorithmic mutual information K(X) + K(Y) - K(X,Y) of two data sets in bits, by joint coding.

    The joint gain is L(X) + L(Y) - (L(XY) + L(YX)) / 2. Code lengths are upper bounds on Kolmogorov complexity up to
    the size of the coder, so the gain is an estimate from upper bounds and not a bound itself. The controls show its
    scale for this coder: the self gain of X with itself, and the gain of X with random bytes. K(X,Y) itself is bounded
    by L(X) + L(Y) + 1 and by the field `joint_upper_bound`.

    A coder with a short window has lost X when it codes most of Y: deflate sees 32 KiB. With interleaved documents, a
    document of X is always close to one of Y, and the coder sees what neighbours have in common. But it then sees less
    of each set at a time, so the gain is often lower, unless the documents are short or neighbours correspond, as
    translations do.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The data sets; a collection holds documents.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Placed between documents, and between X and Y.
    order : {"concatenated", "shuffled", "interleaved"}
        One set after the other, with documents in their order or in random order; or documents interleaved, those of
        the smaller set spread evenly, starting with X for L(XY) and with Y for L(YX). A string is interleaved in pieces
        of at most 8 KiB. L(Y|X) and L(X|Y) read the whole context first in any case.
    n_resamples : int
        Number of half-samples of the blocks (documents, or sixteen pieces of a string) for the 95 % confidence
        interval; 0 for none. The standard deviation over half-samples estimates that over new samples of the size of
        the whole.
    random_state : int
        Seed of the order, the half-samples and the random control.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it, also with more resamples.

    Returns
    -------
    JointGain

    Raises
    ------
    DataError
        If a set is empty, or the checkpoint belongs to another run.
    ParameterError
        If `order` or `n_resamples` is not valid.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    References
    ----------
    Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004. Politis and
    Romano, "Large sample confidence regions based on subsamples under minimal assumptions", Annals of Statistics, 1994.

    Examples
    --------
    >>> cats = [f"cat {n} sat on the mat" for n in range(40)]
    >>> dogs = [f"dog {n} sat on the mat" for n in range(40)]
    >>> gain = joint_gain(cats, dogs, coder="ngram", separator="; ")
    >>> gain.self_gain > gain.relative_gain > gain.random_gain
    True
    >>> gain.joint_upper_bound <= gain.length_x + gain.length_y + 1
    True
    """
    check_integer("n_resamples", n_resamples, 0, 10_000)
    made, between, (xs, ys), drawn = prepared(X, Y, coder, separator, order, random_state)
    x, y = xs.joined(), ys.joined()
    noise = Documents.of(drawn.integers(0, 256, len(y), np.uint8).tobytes(), "noise", largest=_largest(order))
    halves = [(xs.half(drawn), ys.half(drawn)) for _ in range(n_resamples)]
    tasks = [(*pair, between, order == "interleaved") for pair in [(xs, ys), (xs, noise), (xs, xs), *halves]]
    run = open_checkpoint(
        checkpoint,
        str(made),
        made.fingerprint,
        xs.blocks,
        ys.blocks,
        label="two sets",
        order=order,
        separator=between.decode("latin-1"),
        random_state=random_state,
    )
    found = run_tasks(
        partial(six_lengths, made),
        tasks,
        label=f"joint gain by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    whole, random, itself, *resampled = map(gain_of, found)
    interval = None
    if n_resamples > 1:
        spread = _NORMAL_QUANTILE * float(np.std([part.relative_gain for part in resampled], ddof=1))
        interval = whole.relative_gain - spread, whole.relative_gain + spread
    return JointGain(
        **{each.name: getattr(whole, each.name) for each in fields(Gain)},
        coder=str(made),
        fingerprint=made.fingerprint,
        random_gain=random.relative_gain,
        self_gain=itself.relative_gain,
        interval=interval,
        order=order,
        warnings=diagnose_pair(made, x, y, whole, itself.relative_gain, (len(xs), len(ys)) if interval else None),
    )


def prepared(
    X: Any, Y: Any, coder: CoderLike, separator: str | bytes, order: Order, random_state: int
) -> tuple[Coder, bytes, tuple[Documents, Documents], np.random.Generator]:
    """Return the coder, the separator, both sets as documents in the chosen order, and the random generator.

    Raises
    ------
    DataError
        If a set is empty.
    ParameterError
        If the order is unknown.
    """
    made, between = make_coder(coder), as_bytes(separator)
    check_choice("order", order, ORDERS)
    random = np.random.default_rng(random_state)
    xs, ys = (Documents.of(data, name, between, largest=_largest(order)) for data, name in ((X, "X"), (Y, "Y")))
    if order == "shuffled":
        xs, ys = xs.permuted(random), ys.permuted(random)
    made.warn_beyond_window(max(len(each.joined()) for each in (xs, ys)))
    return made, between, (xs, ys), random


def _largest(order: Order) -> int | None:
    return INTERLEAVED_BYTES if order == "interleaved" else None
