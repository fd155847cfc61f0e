"""The normalized compression distance of a multiset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import as_items, parameter_bytes
from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError

_BLOCK = 16
"""Number of subsets that one worker measures in one call."""


def multiset_ncd(
    X: Any,
    *,
    coder: CoderLike = "lzma",
    separator: str | bytes = b"",
    n_jobs: int | None = None,
) -> float:
    """Normalized compression distance of a multiset: near 0 for items that share everything, near 1 for unrelated ones.

    Let L(X) be the code length of all items together, sorted by length and then by bytes, so that their order does not
    matter. Then

        NCD1(X) = (L(X) - min L(x)) / max L(X without x),

    and NCD(X) is the largest NCD1 of X and of its subsets of at least two items. There are too many subsets to try, so
    items are removed one at a time: each time the one whose removal leaves the longest code, which is the one most
    similar to the rest. This takes n (n + 1) / 2 code lengths of up to the whole set, so it is practical for some
    hundred items. The result is a lower bound of the distance over all subsets. For two items it equals their `ncd`.

    It measures the diversity of a set: images of one digit have a smaller distance than images of several. The paper
    also assigns an item x to the class A with the smallest increase NCD(A + x) - NCD(A); here this rule is less
    accurate than simpler ones, since in larger classes x adds nearly the same bits to numerator and denominator. With
    ten digits of each class of MNIST its accuracy is 14 to 23% (zstd, bz2, lzma, ngram), that of the nearest neighbour
    17 to 32%, and that of `CodeLengthClassifier`, which uses the bits themselves, 28 to 40%.

    Parameters
    ----------
    X : collection of str or bytes, or 2-D array of numbers
        The items; see `kolmo.as_items`.
    coder : str, mapping or Coder
        See `kolmo.coder`; its window should hold the whole set.
    separator : str or bytes
        Written between the items.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Returns
    -------
    float
        From 0, for a single item, to slightly above 1.

    Raises
    ------
    DataError
        If there are no items, or items that are neither str nor bytes.

    Warns
    -----
    WindowWarning
        If all items together are longer than the coder's window.

    References
    ----------
    Cohen and Vitanyi, "Normalized Compression Distance of Multisets with Applications", IEEE Transactions on Pattern
    Analysis and Machine Intelligence, 2015.

    Examples
    --------
    >>> alike = multiset_ncd(["the cat sat on the mat", "the dog sat on the mat", "the cow sat on the mat"])
    >>> unlike = multiset_ncd(["the cat sat on the mat", "stocks and bonds fell", "3.14159 26535 89793"])
    >>> alike < unlike
    True
    """
    compressor, between = make_coder(coder), parameter_bytes("separator", separator)
    left = sorted(as_items(X), key=lambda item: (len(item), item))
    if not left:
        raise DataError("X holds no items; pass at least one")
    compressor.warn_beyond_window(sum(map(len, left)) + len(between) * (len(left) - 1))
    alone = compressor.code_lengths(left, n_jobs=n_jobs).tolist()
    whole, largest = compressor.code_length(between.join(left)), 0.0
    with progress(
        len(left) * (len(left) + 1) // 2 - 1, label=f"multiset distance by {compressor!s:.40}", unit="length"
    ) as bar:
        while len(left) > 1:
            without = _lengths_without_one(compressor, between, left, n_jobs)
            bar.update(len(left))
            place = int(without.argmax())
            longest = float(without[place])
            if longest > 0:
                largest = max(largest, (whole - min(alone)) / longest)
            del left[place], alone[place]
            whole = longest
    return largest


def _lengths_without_one(coder: Coder, between: bytes, items: list[bytes], n_jobs: int | None) -> NDArray[np.float64]:
    """Return the code length of the set without each of its items."""
    blocks = (
        (coder, between, items, range(start, min(start + _BLOCK, len(items)))) for start in range(0, len(items), _BLOCK)
    )
    return np.concatenate(list(map_blocks(_lengths_without, blocks, n_jobs=n_jobs, prefer=coder.tags.parallel)))


def _lengths_without(coder: Coder, between: bytes, items: Sequence[bytes], places: range) -> NDArray[np.float64]:
    return coder._batch([between.join([*items[:place], *items[place + 1 :]]) for place in places])
