"""Distances from code lengths: how much of y is left to say once x was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from kolmo._core.items import as_bytes, as_items
from kolmo.coders.registry import CoderLike
from kolmo.distances import pruning as calibration
from kolmo.distances.engine import Distances
from kolmo.distances.formulas import METRICS as METRICS
from kolmo.distances.pruning import Calibration, Pruning, margin_of
from kolmo.distances.tiles import Search, Symmetrize
from kolmo.errors import DataError, ParameterError


class Neighbors(NamedTuple):
    """The nearest items of each row, nearest first.

    Parameters
    ----------
    distances : ndarray of shape (n_rows, top_k)
        Ascending in each row.
    indices : int ndarray of shape (n_rows, top_k)
        Positions in Y.
    """

    distances: NDArray[Any]
    indices: NDArray[np.intp]


def ncd(
    x: Any, y: Any, *, coder: CoderLike = "deflate", separator: str | bytes = b"", symmetrize: Symmetrize = None
) -> float:
    """Normalized compression distance, (L(xy) - min(L(x), L(y))) / max(L(x), L(y)).

    It lies between 0 and 1 up to a small excess that depends on the coder: real coders spend bits on framing, so
    ``ncd(x, x)`` is above 0 and the distance of unrelated texts can exceed 1. L(xy) and L(yx) differ for real
    coders, and the distance with them; `symmetrize` evens this out.

    Parameters
    ----------
    x, y : str or bytes-like
        What to compare.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Written between x and y.
    symmetrize : {None, "mean", "min", "max"}
        What is taken of L(xy) and L(yx); None takes L(xy) alone.

    Returns
    -------
    float

    Warns
    -----
    WindowWarning
        If x is longer than the coder's window.

    References
    ----------
    Cilibrasi and Vitanyi, "Clustering by compression", IEEE Transactions on Information Theory, 2005.

    Examples
    --------
    >>> cat, dog = "the cat sat on the mat " * 4, "a dog lay under one old oak " * 4
    >>> ncd(cat, cat) < ncd(cat, dog)
    True
    """
    return _single(x, y, coder, "ncd", separator, symmetrize)


def cdm(
    x: Any, y: Any, *, coder: CoderLike = "deflate", separator: str | bytes = b"", symmetrize: Symmetrize = None
) -> float:
    """Compression-based dissimilarity measure, L(xy) / (L(x) + L(y)): near 1/2 for equal, near 1 for unrelated items.

    Parameters
    ----------
    x, y : str or bytes-like
        What to compare.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Written between x and y.
    symmetrize : {None, "mean", "min", "max"}
        What is taken of L(xy) and L(yx); None takes L(xy) alone.

    Returns
    -------
    float

    References
    ----------
    Keogh, Lonardi and Ratanamahatana, "Towards parameter-free data mining", KDD 2004.

    Examples
    --------
    >>> cdm("abc" * 100, "abc" * 100) < cdm("abc" * 100, "xyz" * 100)
    True
    """
    return _single(x, y, coder, "cdm", separator, symmetrize)


def conditional_ncd(x: Any, y: Any, *, coder: CoderLike = "deflate", separator: str | bytes = b"") -> float:
    """Normalized information distance from primed coders, max(L(x|y), L(y|x)) / max(L(x), L(y)).

    It is symmetric by construction.

    Parameters
    ----------
    x, y : str or bytes-like
        What to compare.
    coder : str, mapping or Coder
        A coder that primes; see `kolmo.coder`.
    separator : str or bytes
        Read after the context, before what is coded.

    Returns
    -------
    float

    Raises
    ------
    PrimingError
        If the coder cannot be primed.

    References
    ----------
    Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004.

    Examples
    --------
    >>> conditional_ncd("abcabcd" * 9, "xyzzyxz" * 9) == conditional_ncd("xyzzyxz" * 9, "abcabcd" * 9)
    True
    """
    return _single(x, y, coder, "conditional_ncd", separator, None)


def conditional_cdm(x: Any, y: Any, *, coder: CoderLike = "deflate", separator: str | bytes = b"") -> float:
    """Share of bits that stays when each is coded knowing the other, (L(x|y) + L(y|x)) / (L(x) + L(y)).

    It is symmetric by construction.

    Parameters
    ----------
    x, y : str or bytes-like
        What to compare.
    coder : str, mapping or Coder
        A coder that primes; see `kolmo.coder`.
    separator : str or bytes
        Read after the context, before what is coded.

    Returns
    -------
    float

    Raises
    ------
    PrimingError
        If the coder cannot be primed.

    References
    ----------
    Li et al., "An information-based sequence distance and its application to whole mitochondrial genome phylogeny",
    Bioinformatics, 2001, divides the same sum by L(xy).

    Examples
    --------
    >>> conditional_cdm("to be or not to be, that is the question", "to be or not to be, that is it") < 0.8
    True
    """
    return _single(x, y, coder, "conditional_cdm", separator, None)


def pairwise(
    X: Any,
    Y: Any = None,
    *,
    coder: CoderLike = "deflate",
    metric: str = "ncd",
    separator: str | bytes = b"",
    symmetrize: Symmetrize = None,
    top_k: int | None = None,
    pruning: Pruning = "certified",
    checkpoint: str | Path | None = None,
    dtype: DTypeLike = np.float32,
    n_jobs: int | None = None,
) -> NDArray[Any] | Neighbors:
    """Distances between every item of X and every item of Y.

    The work is cut into tiles that go through joblib, so a `joblib.parallel_config` block decides where they run; the
    result is the same for any number of workers. Entry (i, j) reads X[i] first, then Y[j]. Without Y the items of X
    are compared with each other: the matrix is symmetric only for a conditional measure or with `symmetrize`, and its
    diagonal is what the coder gives for an item and itself, which is above zero.

    Parameters
    ----------
    X, Y : collection of str or bytes, or 2-D array of numbers
        The items; see `kolmo.as_items`. Y defaults to X.
    coder : str, mapping or Coder
        See `kolmo.coder`. Raw forms such as ``"deflate"``, ``"zstd"`` and ``"lzma"`` suit short items better than
        file formats, whose framing counts in every length.
    metric : {"ncd", "cdm", "conditional_ncd", "conditional_cdm"}
        The distance.
    separator : str or bytes
        Written between the two items.
    symmetrize : {None, "mean", "min", "max"}
        What is taken of L(xy) and L(yx); conditional measures are symmetric already.
    top_k : int, optional
        Return only the nearest items of each row, and never hold the full matrix. Without Y an item is no neighbour
        of its own. Equal distances are ordered by position in Y.
    pruning : {"certified", None} or Calibration
        How `top_k` passes over pairs that cannot be near, where the coder knows lower bounds (`gzip`, `zlib`,
        `deflate`): by a provable bound, which loses nothing; not at all; or by a tighter one with a margin that
        `calibrate` measured, which can lose a neighbour.
    checkpoint : path-like, optional
        A file that keeps what is finished: after an interruption, or a kill, the same call goes on where it was.
    dtype : dtype
        Of the returned distances. They are computed, and ranked, in double precision.
    n_jobs : int, optional
        Workers as joblib counts them.

    Returns
    -------
    ndarray of shape (n_X, n_Y) or Neighbors
        Distances; with `top_k` the named tuple ``(distances, indices)``, both of shape (n_X, top_k).

    Raises
    ------
    DataError
        If there are no items, or items that are neither str nor bytes, or if the checkpoint holds another run.
    ParameterError
        If a parameter has no such value.
    PrimingError
        If a conditional measure meets a coder that cannot be primed.

    Warns
    -----
    WindowWarning
        If an item that is read first is longer than the coder's window.

    Examples
    --------
    >>> D = pairwise(["abcabcabc", "xyzxyzxyz"], ["abcabcabcabc", "xyzxyz"])
    >>> D.argmin(axis=1)
    array([0, 1])
    >>> pairwise(["abcabcabc", "xyzxyzxyz", "abcabc"], top_k=1).indices
    array([[2],
           [2],
           [0]])
    """
    xs = _checked_items(X, "X")
    ys = xs if Y is None else _checked_items(Y, "Y")
    others = len(ys) - (Y is None)
    if top_k is not None and (
        isinstance(top_k, bool) or not isinstance(top_k, int | np.integer) or not 1 <= top_k <= others
    ):
        raise ParameterError(
            f"top_k must be a whole number from 1 to {others}, the items to choose from, but {top_k!r} came"
        )
    distances = Distances(coder, metric=metric, separator=separator, symmetrize=symmetrize, n_jobs=n_jobs)
    if top_k is None:
        run = distances.run(checkpoint, xs, ys, result="square" if Y is None else "matrix")
        if Y is None:
            return distances.square(xs, run=run).astype(dtype, copy=False)
        full = np.empty((len(xs), len(ys)), dtype)
        for start, band in distances.bands(xs, ys, run=run):
            full[start : start + len(band)] = band
        return full
    search = Search(count=top_k, margin_bits=margin_of(pruning))
    run = distances.run(checkpoint, xs, ys, result=f"nearest {top_k}", margin=search.margin_bits, itself=Y is None)
    nearest = np.empty((len(xs), top_k), dtype)
    indices = np.empty((len(xs), top_k), np.intp)
    own = np.arange(len(xs)) if Y is None else None
    for start, found in distances.nearest(xs, ys, search, own=own, run=run):
        stop = start + len(found)
        nearest[start:stop], indices[start:stop] = found.first(top_k)
    return Neighbors(nearest, indices)


def calibrate_pruning(
    X: Any,
    Y: Any = None,
    *,
    coder: CoderLike = "deflate",
    metric: str = "ncd",
    separator: str | bytes = b"",
    top_k: int = 1,
    risk: float = 0.001,
) -> Calibration:
    """Measure how tight a bound a search for nearest neighbours can take on these items, and check it.

    Lengths exceed their provable bounds by an amount that differs little from pair to pair, and most of it can be added
    to the bounds. How much is measured on 16 rows, on their 64 nearest items each, and checked on 16 others.

    Parameters
    ----------
    X, Y : collection of str or bytes, or 2-D array of numbers
        As for `pairwise`.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    metric : {"ncd", "cdm", "conditional_ncd", "conditional_cdm"}
        The distance.
    separator : str or bytes
        Written between the two items.
    top_k : int
        How many nearest items will be looked for.
    risk : float
        The share of near pairs that may be passed over.

    Returns
    -------
    Calibration
        Takes the place of ``pruning="certified"`` in `pairwise` and `NCDClassifier`. With ``margin_bits=0`` for coders
        without bounds, and for too few items.

    Raises
    ------
    DataError
        If there are no items.
    ParameterError
        If a parameter has no such value.

    Examples
    --------
    >>> calibrate_pruning(["abc", "abd", "xyz"]).margin_bits
    0.0
    """
    xs = _checked_items(X, "X")
    ys = xs if Y is None else _checked_items(Y, "Y")
    distances = Distances(coder, metric=metric, separator=separator)
    return calibration.calibrate_pruning(distances, xs, ys, Search(count=top_k), risk=risk, itself=Y is None)


def _single(x: Any, y: Any, coder: CoderLike, metric: str, separator: str | bytes, symmetrize: Symmetrize) -> float:
    distances = Distances(coder, metric=metric, separator=separator, symmetrize=symmetrize)
    ((_, band),) = distances.bands([as_bytes(x)], [as_bytes(y)])
    return float(band[0, 0])


def _checked_items(X: Any, name: str) -> list[bytes]:
    items = as_items(X)
    if not items:
        raise DataError(f"{name} holds no items; pass at least one")
    return items
