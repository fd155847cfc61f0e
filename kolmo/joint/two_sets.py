"""The joint gain of two data sets with its controls and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.checks import check_choice, check_integer
from kolmo._core.items import as_bytes
from kolmo._core.resumable import digest, open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import ParameterError
from kolmo.joint.caveats import diagnose_pair
from kolmo.joint.documents import INTERLEAVED_BYTES, Documents
from kolmo.joint.estimates import Gain, gain_of, six_lengths
from kolmo.joint.gain_results import ORDERS, JointGain, Order
from kolmo.joint.layouts import LAYOUTS, layouts_of, null_coder, shared_layout
from kolmo.joint.nulls import compare_with_null, null_sets, null_warnings
from kolmo.joint.resampling import resampled

_RESOLUTION_BITS = 16.0
"""Smallest standard deviation of a gain: code lengths are whole bytes, or have headers of a few."""


def joint_gain(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "mix",
    separator: str | bytes = b"",
    order: Order = "concatenated",
    layout: str = "own",
    null: str | Sequence[Any] = "bytes",
    n_permutations: int = 8,
    n_resamples: int = 8,
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> JointGain:
    """Estimate the algorithmic mutual information K(X) + K(Y) - K(X,Y) of two data sets in bits, by joint coding.

    The joint gain is L(X) + L(Y) - (L(XY) + L(YX)) / 2. Code lengths are upper bounds on Kolmogorov complexity up to
    the size of the coder, so the gain is an estimate from upper bounds and not a bound itself, on either side. K(X,Y)
    itself is bounded by L(X) + L(Y) + 1 and by the field `joint_upper_bound`.

    Coders gain or lose on sets that share nothing: by their headers, by parameters that they learn once, by statistics
    that do not suit both sets. The null gain measures that: the gain of X with Y under permutations of its byte values,
    which keep the order of Y and all its statistics, but make its bytes mean nothing to X. The excess gain is the gain
    beyond it. Its p-value tests that the byte values of Y mean nothing to X; two languages with equal letters, or
    files with equal line ends, are no such null. The controls show the scale of the coder: the self gain of X with
    itself, and the gain of X with random bytes.

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
    layout : {"own", "shared"}
        For the coder `mix`: ``"own"`` lets it choose the layout of each set, and sets of different kinds, such as text
        and pictures, are then coded without each other; ``"shared"`` gives both the same layout.
    null : {"bytes", "cipher"} or list of sets
        Permutations of the byte values that occur in Y; of its letters alone, which keeps capitals, spaces and digits;
        or sets given by the user, of the size of Y, that share with X what does not count. Of DNA, ACGT is permuted.
    n_permutations : int
        Number of permutations; 0 for no null. From 19 on the p-value is a rank.
    n_resamples : int
        Number of half-samples of clusters of documents for the 95% confidence interval; 0 for none. Near-duplicates
        are one cluster. A string, or documents in fewer than four clusters, is cut into four contiguous parts, each of
        which is left out once. The interval is over new samples of the same size.
    random_state : int
        Seed of the order, the permutations, the half-samples and the random control.
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
        If `order`, `layout`, `null` or a number is not valid.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    References
    ----------
    Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004. Politis and
    Romano, "Large sample confidence regions based on subsamples under minimal assumptions", Annals of Statistics, 1994,
    on half-samples. Kunsch, "The jackknife and the bootstrap for general stationary observations", Annals of
    Statistics, 1989, on the parts of a string.

    Examples
    --------
    >>> cats = [f"cat {n} sat on the mat" for n in range(40)]
    >>> dogs = [f"dog {n} sat on the mat" for n in range(40)]
    >>> gain = joint_gain(cats, dogs, coder="ngram", separator="; ")
    >>> gain.self_gain > gain.relative_gain > gain.random_gain
    True
    >>> gain.excess_gain > 0, gain.p_value < 0.01
    (True, True)
    >>> gain.joint_upper_bound <= gain.length_x + gain.length_y + 1
    True
    """
    check_integer("n_resamples", n_resamples, 0, 10_000)
    if n_resamples == 1:
        raise ParameterError("n_resamples: expected 0 for no interval, or at least 2, got 1")
    check_integer("n_permutations", n_permutations, 0, 10_000)
    check_choice("layout", layout, LAYOUTS)
    made, between, (xs, ys), drawn = prepared(X, Y, coder, separator, order, random_state)
    x, y = xs.joined(), ys.joined()
    if layout == "shared":
        made = shared_layout(made, [x, y])
    for_noise, for_null, for_halves = drawn.spawn(3)
    noise = Documents.of(for_noise.integers(0, 256, len(y), np.uint8).tobytes(), "noise", largest=_largest(order))
    named, nulls = null_sets(ys, null, n_permutations, for_null)
    parts = resampled(xs, ys, n_resamples, for_halves)
    matched = null_coder(made, x, y)
    interleave = order == "interleaved"
    tasks = [(made, *pair, between, interleave) for pair in [(xs, ys), (xs, noise), (xs, xs)]]
    tasks += [(matched, xs, each, between, interleave) for each in nulls]
    tasks += [(made, *pair, between, interleave) for pair in parts.pairs]
    run = open_checkpoint(
        checkpoint,
        str(made),
        made.fingerprint,
        xs.blocks,
        ys.blocks,
        label="two sets",
        order=order,
        separator=between.decode("latin-1"),
        null=[named, len(nulls), *([digest(each.joined() for each in nulls)] if named == "sets" else [])],
        random_state=random_state,
    )
    found = run_tasks(
        six_lengths,
        tasks,
        label=f"joint gain by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    whole, random, itself, *others = map(gain_of, found)
    null_gains = tuple(each.relative_gain for each in others[: len(nulls)])
    separate = max(whole.length_x + whole.length_y, 1.0)
    resolution = _RESOLUTION_BITS / separate
    tested = compare_with_null(whole.relative_gain, null_gains, ranked=named == "sets", resolution=resolution)
    interval, low, high = None, math.nan, math.nan
    variance = max(parts.variance([each.relative_gain for each in others[len(nulls) :]]), resolution**2)
    if parts.pairs:
        half = parts.half_width(variance)
        interval = whole.relative_gain - half, whole.relative_gain + half
    if parts.pairs and len(nulls) > 1:
        half = parts.half_width(variance + tested.deviation**2 / len(nulls))
        low, high = (whole.relative_gain - tested.mean + sign * half for sign in (-1, 1))
    gain = JointGain(
        **{each.name: getattr(whole, each.name) for each in fields(Gain)},
        coder=str(made),
        fingerprint=made.fingerprint,
        random_gain=random.relative_gain,
        self_gain=itself.relative_gain,
        interval=interval,
        null=named if nulls else "none",
        null_gain=tested.mean,
        null_gains=null_gains,
        p_value=tested.p_value,
        low=low,
        high=high,
        n_units=parts.n_units,
        order=order,
    )
    gain.warnings.extend(
        diagnose_pair(
            made,
            xs,
            ys,
            gain,
            parts if interval else None,
            layouts=layouts_of(made, [x, y]),
            p_below=tested.p_below,
        )
        + null_warnings("Y", named, len(nulls), n_permutations)
    )
    return gain


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
