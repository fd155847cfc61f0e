"""The joint gains of all pairs of several data sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_choice, check_integer
from kolmo._core.items import as_bytes
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.distances.engine import Distances
from kolmo.errors import DataError
from kolmo.joint.caveats import diagnose_matrix
from kolmo.joint.documents import Documents
from kolmo.joint.gain_matrix_results import GainMatrix, MatrixNull
from kolmo.joint.layouts import LAYOUTS, layouts_of, shared_layout
from kolmo.joint.nulls import NULLS, null_tables, null_warnings

Floats = NDArray[np.float64]


def gain_matrix(
    sets: Mapping[str, Any],
    *,
    coder: CoderLike = "mix",
    layout: str = "own",
    null: str = "bytes",
    n_permutations: int = 2,
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> GainMatrix:
    """Estimate the mutual information of all pairs of several data sets, as relative joint gains.

    The excess gain of a pair is its gain beyond its null gain: that of each set with the other under permutations of
    its byte values. An excess above the noise floor of the matrix is rare, at most one matrix in twenty, where no sets
    have anything in common.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name. Random bytes among them, see `random_control`, are a further control.
    coder : str, mapping or Coder
        See `kolmo.coder`. A predictive coder reads each set only once for its whole row.
    layout : {"own", "shared"}
        For the coder `mix`: the layout of each set, or one layout for all; see `joint_gain`.
    null : {"bytes", "cipher"}
        What is permuted; see `joint_gain`.
    n_permutations : int
        Permutations of each set. Each pair has twice as many null gains, since either set is permuted, and the matrix
        takes ``1 + 2 * n_permutations`` times as long as without. With 0 there is no null.
    random_state : int
        Seed of the permutations.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it.

    Returns
    -------
    GainMatrix

    Raises
    ------
    DataError
        If there are fewer than two sets, or one is empty, or the checkpoint belongs to another run.
    ParameterError
        If `layout`, `null` or `n_permutations` is not valid.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    References
    ----------
    Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004.

    Examples
    --------
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the rug " * 9, "c": "3.14159 26535 " * 9}
    >>> matrix = gain_matrix(sets, coder="ngram")
    >>> bool(matrix.relative_gain[0, 1] > matrix.relative_gain[0, 2])
    True
    >>> bool(matrix.excess_gain[0, 1] > matrix.noise_floor)
    True
    """
    check_choice("layout", layout, LAYOUTS)
    check_choice("null", null, NULLS)
    check_integer("n_permutations", n_permutations, 0, 10_000)
    items = [as_bytes(data) for data in sets.values()]
    if len(items) < 2:
        raise DataError(f"expected at least two data sets, got {len(items)}")
    for name, item in zip(sets, items, strict=True):
        if not item:
            raise DataError(f"the set {name!r} is empty; leave it out")
    made = make_coder(coder)
    if layout == "shared":
        made = shared_layout(made, items)
    lengths = made.code_lengths(items, n_jobs=n_jobs)
    measured = partial(_measured, n_jobs=n_jobs, checkpoint=checkpoint)
    saved, given = measured(made, items, lengths, items, lengths)
    separate = lengths[:, None] + lengths[None, :]
    gains = _share(saved, separate)
    random = np.random.default_rng(random_state)
    tables = [null_tables(item, null, n_permutations, random) for item in items]
    found = MatrixNull.none(len(items))
    fixed = [place for place, own in enumerate(tables) if not own]
    if n_permutations and len(items) - len(fixed) > 1:
        # as many as the smallest alphabet has: one that is used again would count twice
        n_rounds = min(len(own) for own in tables if own)
        rounds = [
            [item.translate(own[number]) if own else item for item, own in zip(items, tables, strict=True)]
            for number in range(n_rounds)
        ]
        nulls = [
            _null_gains(made, items, lengths, permuted, partial(measured, label=f"null {number}"), n_jobs)
            for number, permuted in enumerate(rounds)
        ]
        stacked = np.stack([part for each in nulls for part in (each, each.T)])
        stacked[:, fixed, :] = stacked[:, :, fixed] = np.nan
        found = MatrixNull.of(gains, stacked, separate)
    return GainMatrix(
        names=tuple(sets),
        sizes=tuple(map(len, items)),
        code_lengths=lengths,
        conditional_code_lengths=given,
        gain_bits=saved,
        relative_gain=gains,
        null=null if found.count else "none",
        null_gain=found.mean,
        p_value=found.p_value,
        noise_floor=found.floor,
        coder=str(made),
        fingerprint=made.fingerprint,
        warnings=[
            *diagnose_matrix(dict(zip(sets, items, strict=True)), gains, coder=made, null_gain=found.mean),
            *(
                each
                for name, own in zip(sets, tables, strict=True)
                for each in null_warnings(repr(name), null, 2 * len(own), n_permutations)
            ),
        ],
    )


def resampled_matrices(
    sets: Mapping[str, Any],
    *,
    coder: CoderLike = "mix",
    layout: str = "own",
    n_resamples: int = 20,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> Iterator[GainMatrix]:
    """Yield the gain matrices of half-samples: a random half of the sixteen pieces of each set, in their order.

    The trees of these matrices show which groups of a tree depend on the sample; see `Tree.support`.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    layout : {"own", "shared"}
        See `joint_gain`.
    n_resamples : int
        Number of half-samples.
    random_state : int
        Seed of the half-samples.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.

    Yields
    ------
    GainMatrix
        Without a null.

    Raises
    ------
    DataError
        If there are fewer than two sets, or one is empty.
    ParameterError
        If a parameter is not valid.

    Examples
    --------
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the rug " * 9, "c": "3.14159 26535 " * 9}
    >>> [matrix.sizes for matrix in resampled_matrices(sets, coder="deflate", n_resamples=2)]
    [(104, 104, 62), (104, 104, 62)]
    """
    check_integer("n_resamples", n_resamples, 1, 10_000)
    made = make_coder(coder)
    random = np.random.default_rng(random_state)
    pieces = {name: Documents.of(as_bytes(data), f"the set {name!r}") for name, data in sets.items()}
    for _ in range(n_resamples):
        halves = {}
        for name, each in pieces.items():
            chosen = random.permutation(len(each))[: max(1, len(each) // 2)]
            halves[name] = each.part(np.isin(np.arange(len(each)), chosen)).joined()
        yield gain_matrix(halves, coder=made, layout=layout, n_permutations=0, n_jobs=n_jobs)


def _measured(
    coder: Coder,
    xs: list[bytes],
    x_lengths: Floats,
    ys: list[bytes],
    y_lengths: Floats,
    *,
    conditional: bool = True,
    label: str = "",
    n_jobs: int | None,
    checkpoint: str | Path | None,
) -> tuple[Floats, Floats]:
    """Return the joint gains of all x (row) and y (column) in bits, and L(y|x), which may be NaN."""
    square = xs is ys
    predictive = isinstance(coder, PredictiveCoder)
    distances = _distances(coder, "conditional_cdm" if predictive else "cdm", n_jobs)
    run = distances.run(checkpoint, xs, ys, result="pair lengths", label=label)
    forth, back = distances.pair_lengths(xs, ys, both_ways=not square, run=run)
    if square:
        back = forth.T
    separate = x_lengths[:, None] + y_lengths[None, :]
    if predictive:  # the chain rule L(xy) = L(x) + L(y|x)
        return (separate - forth - back) / 2, forth
    given = np.full(forth.shape, np.nan)
    if conditional and coder.tags.priming == "difference":
        given = forth - x_lengths[:, None]
    elif conditional and coder.tags.priming == "native":
        primed = _distances(coder, "conditional_cdm", n_jobs)
        again = primed.run(checkpoint, xs, ys, result="pair lengths", label="conditional")
        given, _ = primed.pair_lengths(xs, ys, both_ways=False, run=again)
    return separate - (forth + back) / 2, given


def _distances(coder: Coder, metric: str, n_jobs: int | None) -> Distances:
    return Distances(coder, metric=metric, symmetrize=None if metric.startswith("cond") else "mean", n_jobs=n_jobs)


def _null_gains(
    coder: Coder, items: list[bytes], lengths: Floats, permuted: list[bytes], measured: Any, n_jobs: int | None
) -> Floats:
    """Return the relative gains of all sets (row) with permuted sets (column), each group of one layout by it."""
    layouts = layouts_of(coder, items)
    groups: dict[Any, list[int]] = {}
    for place in range(len(items)):
        groups.setdefault(None if layouts is None else layouts[place].kind, []).append(place)
    found = np.zeros((len(items), len(items)))  # sets of different layouts are coded without each other
    for places in groups.values():
        matched = coder if layouts is None else coder.replace(layout=str(layouts[places[0]]))
        xs, ys = [items[place] for place in places], [permuted[place] for place in places]
        own = lengths[places] if layouts is None else matched.code_lengths(xs, n_jobs=n_jobs)
        others = matched.code_lengths(ys, n_jobs=n_jobs)
        saved, _ = measured(matched, xs, own, ys, others, conditional=False)
        found[np.ix_(places, places)] = _share(saved, own[:, None] + others[None, :])
    return found


def _share(saved: Floats, separate: Floats) -> Floats:
    return np.divide(saved, separate, out=np.zeros_like(saved), where=separate > 0)


def random_control(sets: Mapping[str, Any], *, random_state: int = 0) -> bytes:
    """Return random bytes of the median size of the sets, as a control for `gain_matrix`.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    random_state : int
        Seed.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If there is no set.

    Examples
    --------
    >>> len(random_control({"a": "few", "b": "some more", "c": "so many more"}))
    9
    """
    if not sets:
        raise DataError("expected at least one data set, got none")
    size = int(np.median([len(as_bytes(data)) for data in sets.values()]))
    return np.random.default_rng(random_state).integers(0, 256, size, np.uint8).tobytes()
