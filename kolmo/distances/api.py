"""Compression distances of two items, of all pairs of two collections, and of nearest neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from kolmo._core.checks import check_count, check_path
from kolmo._core.items import as_bytes, as_items
from kolmo.coders.registry import CoderLike
from kolmo.distances.engine import Distances
from kolmo.distances.formulas import METRICS as METRICS
from kolmo.distances.pruning import Pruning, PruningReport, margin_of, measure_margin
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

    It lies between 0 and 1, up to a small excess that depends on the coder: real coders spend bits on framing, so
    ``ncd(x, x)`` is above 0 and the distance of unrelated texts can exceed 1. For real coders L(xy) differs from
    L(yx), so the distance is not symmetric; use `symmetrize` for a symmetric one.

    Parameters
    ----------
    x, y : str or bytes-like
        The two items.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Inserted between x and y.
    symmetrize : {None, "mean", "min", "max"}
        Combination of L(xy) and L(yx); None uses L(xy) alone.

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
    """Compression-based dissimilarity measure, L(xy) / (L(x) + L(y)): near 1/2 for equal items, 1 for unrelated ones.

    Parameters
    ----------
    x, y : str or bytes-like
        The two items.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Inserted between x and y.
    symmetrize : {None, "mean", "min", "max"}
        Combination of L(xy) and L(yx); None uses L(xy) alone.

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
    """Normalized information distance from conditional code lengths, max(L(x|y), L(y|x)) / max(L(x), L(y)).

    It is symmetric by construction.

    Parameters
    ----------
    x, y : str or bytes-like
        The two items.
    coder : str, mapping or Coder
        A coder that can be primed; see `kolmo.coder`.
    separator : str or bytes
        Inserted between the context and the item that is coded.

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
    """Sum of the conditional code lengths relative to the unconditional ones, (L(x|y) + L(y|x)) / (L(x) + L(y)).

    It is symmetric by construction.

    Parameters
    ----------
    x, y : str or bytes-like
        The two items.
    coder : str, mapping or Coder
        A coder that can be primed; see `kolmo.coder`.
    separator : str or bytes
        Inserted between the context and the item that is coded.

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


@overload
def pairwise(
    X: Any,
    Y: Any = None,
    *,
    coder: CoderLike = ...,
    metric: str = ...,
    separator: str | bytes = ...,
    symmetrize: Symmetrize = ...,
    top_k: None = ...,
    pruning: Pruning = ...,
    checkpoint: str | Path | None = ...,
    dtype: DTypeLike = ...,
    n_jobs: int | None = ...,
) -> NDArray[Any]: ...


@overload
def pairwise(
    X: Any,
    Y: Any = None,
    *,
    coder: CoderLike = ...,
    metric: str = ...,
    separator: str | bytes = ...,
    symmetrize: Symmetrize = ...,
    top_k: int,
    pruning: Pruning = ...,
    checkpoint: str | Path | None = ...,
    dtype: DTypeLike = ...,
    n_jobs: int | None = ...,
) -> Neighbors: ...


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
    """Return the distances between every item of X and every item of Y.

    The work is divided into tiles that run under joblib, so a `joblib.parallel_config` block decides where; the result
    is the same for any number of workers. In entry (i, j) X[i] precedes Y[j]. Without Y the items of X are compared
    with each other: the matrix is symmetric only for a conditional metric or with `symmetrize`, and its diagonal is
    the distance that the coder gives for an item and itself, which is above zero.

    Parameters
    ----------
    X, Y : collection of str or bytes, or 2-D array of numbers
        The items; see `kolmo.as_items`. Y defaults to X.
    coder : str, mapping or Coder
        See `kolmo.coder`. Raw forms such as ``"deflate"``, ``"zstd"`` and ``"lzma"`` suit short items better than
        file formats, whose framing adds to every code length.
    metric : {"ncd", "cdm", "conditional_ncd", "conditional_cdm"}
        The distance.
    separator : str or bytes
        Inserted between the two items.
    symmetrize : {None, "mean", "min", "max"}
        Combination of L(xy) and L(yx); conditional metrics are symmetric already.
    top_k : int, optional
        Return only the `top_k` nearest items of each row, without holding the full matrix. Without Y an item is not
        its own neighbour. Equal distances are ordered by position in Y.
    pruning : {"certified", None} or PruningReport
        How `top_k` skips pairs that cannot be near, for coders with lower bounds (`gzip`, `zlib`, `deflate`): by a
        provable bound, which loses nothing; not at all; or with the margin that `calibrate_pruning` measured, which
        can lose a neighbour.
    checkpoint : path-like, optional
        Save progress to this file, and resume from it after an interruption.
    dtype : dtype
        Type of the returned distances. They are computed, and ranked, in double precision.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Returns
    -------
    ndarray of shape (n_X, n_Y), or Neighbors
        Distances; with `top_k` the named tuple ``(distances, indices)``, both of shape (n_X, top_k).

    Raises
    ------
    DataError
        If there are no items, or items that are neither str nor bytes, or the checkpoint is that of another run.
    ParameterError
        If a parameter has an unknown value.
    PrimingError
        If the metric is conditional and the coder cannot be primed.

    Warns
    -----
    WindowWarning
        If the first item of a pair is longer than the coder's window.

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
    check_path("checkpoint", checkpoint)
    _check_float("dtype", dtype)
    xs = _checked_items(X, "X")
    ys = xs if Y is None else _checked_items(Y, "Y")
    if top_k is not None:
        check_count("top_k", top_k, high=len(ys) - (Y is None))
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
) -> PruningReport:
    """Measure a margin for pruning a search for nearest neighbours among these items, and its recall.

    Code lengths exceed their provable lower bounds by an amount that varies little from pair to pair, so most of it can
    be added to the bounds. This margin is measured on the 64 nearest items of 16 rows, and checked on 16 other rows.

    Parameters
    ----------
    X, Y : collection of str or bytes, or 2-D array of numbers
        As for `pairwise`.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    metric : {"ncd", "cdm", "conditional_ncd", "conditional_cdm"}
        The distance.
    separator : str or bytes
        Inserted between the two items.
    top_k : int
        Number of nearest items to search for.
    risk : float
        Share of near pairs that may be skipped.

    Returns
    -------
    PruningReport
        A value for the parameter `pruning` of `pairwise` and `NCDClassifier`. Its ``margin_bits`` is 0 for coders
        without lower bounds, and for too few items.

    Raises
    ------
    DataError
        If there are no items.
    ParameterError
        If a parameter has an unknown value.

    Examples
    --------
    >>> calibrate_pruning(["abc", "abd", "xyz"]).margin_bits
    0.0
    """
    xs = _checked_items(X, "X")
    ys = xs if Y is None else _checked_items(Y, "Y")
    check_count("top_k", top_k, high=len(ys) - (Y is None))
    distances = Distances(coder, metric=metric, separator=separator)
    return measure_margin(distances, xs, ys, Search(count=top_k), risk=risk, itself=Y is None)


def _single(x: Any, y: Any, coder: CoderLike, metric: str, separator: str | bytes, symmetrize: Symmetrize) -> float:
    distances = Distances(coder, metric=metric, separator=separator, symmetrize=symmetrize)
    ((_, band),) = distances.bands([as_bytes(x)], [as_bytes(y)])
    return float(band[0, 0])


def _check_float(name: str, dtype: DTypeLike) -> None:
    try:
        kind = np.dtype(dtype).kind
    except TypeError as error:
        raise ParameterError(f"{name}: {error}") from error
    if kind != "f":
        raise ParameterError(f"{name}: expected a type of floating-point numbers, got {dtype!r}")


def _checked_items(X: Any, name: str) -> list[bytes]:
    items = as_items(X)
    if not items:
        raise DataError(f"{name} has no items; pass at least one")
    return items
