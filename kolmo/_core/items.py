"""Conversion of text, bytes, arrays and columns of other libraries to items of bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, MappingView, Set
from typing import Any

from kolmo.errors import DataError, ParameterError

_NOT_NUMBERS = "OwgT"
"""Buffer formats whose bytes are no content: Python objects, text in UTF-32, padded long doubles, records."""


def as_bytes(data: Any) -> bytes:
    """Return `data` as bytes: bytes-like objects unchanged, str as UTF-8, arrays as their C-order bytes.

    Parameters
    ----------
    data : bytes, bytearray, memoryview, str, or an object with the buffer protocol
        One item. Surrogate escapes in a str, as ``open(..., errors="surrogateescape")`` makes them, become the bytes
        they stand for.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If `data` is of another type.

    Examples
    --------
    >>> as_bytes("naïve")
    b'na\\xc3\\xafve'
    """
    if type(data) is bytes:
        return data
    if isinstance(data, str):
        try:
            return data.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise DataError(
                f"expected Unicode text, got {data[error.start]!r} at position {error.start}, which cannot be encoded; "
                "pass bytes, or replace the character"
            ) from error
    check_unmasked(data)
    try:
        view = memoryview(data)
    except (TypeError, ValueError, BufferError):
        raise DataError(f"expected str or bytes, got {type(data).__name__}") from None
    if view.ndim == 0 or any(kind in (view.format or "") for kind in _NOT_NUMBERS):
        raise DataError(f"expected str or bytes, got {type(data).__name__}")
    return view.tobytes()


def parameter_bytes(name: str, value: Any) -> bytes:
    """Return the value of a parameter that takes one text, such as a separator, as bytes.

    Raises
    ------
    ParameterError
        If it is neither str nor bytes-like.

    Examples
    --------
    >>> parameter_bytes("separator", " ")
    b' '
    """
    try:
        return as_bytes(value)
    except DataError as error:
        raise ParameterError(f"{name}: {error}") from None


def as_items(X: Any) -> list[bytes]:
    """Return a collection as a list of bytes, one item each.

    Parameters
    ----------
    X : collection of str or bytes, or ndarray of shape (n_items, n_features)
        A list, a tuple, a NumPy array (object, ``U``, ``S``, ``StringDType``), a pandas or polars series, an Arrow
        array, or an iterator, which is read to its end. Each row of a numeric array or data frame becomes the bytes of
        its numbers, little-endian, in the type of the array. Sets and mappings have no order to rely on and are
        refused.

    Returns
    -------
    list of bytes

    Raises
    ------
    DataError
        If `X` is a single text, a set or a mapping, has a missing value, or holds items other than str and bytes.

    Examples
    --------
    >>> as_items(["a", b"b"])
    [b'a', b'b']
    """
    if type(X) is list and all(type(item) is bytes for item in X):
        return list(X)
    X = in_order(X)
    shape = getattr(X, "shape", None)
    if isinstance(shape, tuple) and (len(shape) != 1 or getattr(getattr(X, "dtype", None), "kind", "O") in "biufc"):
        return _rows(X)
    to_list = getattr(X, "to_pylist", None) or getattr(X, "tolist", None) or getattr(X, "to_list", None)
    values: Iterable[Any] = to_list() if callable(to_list) else X
    try:
        iterator = iter(values)
    except TypeError:
        raise DataError(f"expected a collection of texts, got {type(X).__name__}") from None
    items = []
    for index, value in enumerate(iterator):
        try:
            items.append(as_bytes(value))
        except DataError as error:
            hint = "; pass rows of numbers as a 2-D NumPy array" if isinstance(value, list | tuple) else ""
            raise DataError(f"item {index}: {error}{hint}") from None
    return items


def in_order(collection: Any, what: str = "texts") -> Any:
    """Return a collection whose order is that of its items: an iterator as a list, any other as it is.

    Parameters
    ----------
    collection : collection
        A list, tuple, array, series or iterator.
    what : str
        Its items, for messages.

    Returns
    -------
    collection

    Raises
    ------
    DataError
        If it is a single text, or a set, a mapping or a view of one.

    Examples
    --------
    >>> in_order(letter for letter in "ab")
    ['a', 'b']
    >>> in_order({"a", "b"})
    Traceback (most recent call last):
    kolmo.errors.DataError: expected a list of texts, got set, which has no fixed order; pass a list
    """
    kind = type(collection).__name__
    if isinstance(collection, str | bytes | bytearray | memoryview):
        raise DataError(f"expected a collection of {what}, got a single {kind}; wrap it in a list")
    if hasattr(collection, "toarray"):  # a sparse matrix; some of them are dicts
        return collection
    if isinstance(collection, Mapping | MappingView):
        raise DataError(f"expected a list of {what}, got {kind}; pass a list, such as list(mapping.values())")
    if isinstance(collection, Set):
        raise DataError(f"expected a list of {what}, got {kind}, which has no fixed order; pass a list")
    return list(collection) if isinstance(collection, Iterator) else collection


def check_unmasked(array: Any) -> None:
    """Refuse a NumPy array with masked values, which other functions read as if they were not masked."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(array, numpy.ma.MaskedArray) and numpy.ma.is_masked(array):
        raise DataError(
            f"expected an array without masked values, got {int(numpy.ma.count_masked(array))} masked; fill them, or "
            "leave these items out"
        )


def blocks_of_items(items: Iterable[bytes], block_bytes: int) -> Iterator[list[bytes]]:
    """Yield consecutive items in blocks of about `block_bytes` bytes each."""
    block: list[bytes] = []
    size = 0
    for item in items:
        block.append(item)
        size += len(item) + 64
        if size >= block_bytes:
            yield block
            block, size = [], 0
    if block:
        yield block


def _rows(X: Any) -> list[bytes]:
    import numpy as np

    check_unmasked(X)
    array = np.asarray(X)
    if array.ndim < 2 or array.dtype.kind not in "biufc":
        raise DataError(
            f"expected a 1-D collection of texts, or numbers as rows of a 2-D array, got {type(X).__name__} of type "
            f"{array.dtype} and shape {array.shape}; reshape it, or pass a list of bytes"
        )
    if array.dtype.char in "gG":
        raise DataError(
            f"expected numbers of at most 8 bytes, got {array.dtype}, which has undefined padding bytes; convert it to "
            "float64"
        )
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return [row.tobytes() for row in little_endian]
