"""Conversion of text, bytes, arrays and columns of other libraries to items of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kolmo.errors import DataError


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
    try:
        view = memoryview(data)
    except TypeError:
        raise DataError(f"expected str or bytes, got {type(data).__name__}") from None
    if view.format == "O" or view.ndim == 0:
        raise DataError(f"expected str or bytes, got {type(data).__name__}")
    return view.tobytes()


def as_items(X: Any) -> list[bytes]:
    """Return a collection as a list of bytes, one item each.

    Parameters
    ----------
    X : iterable of str or bytes, or ndarray of shape (n_items, n_features)
        A list, a NumPy array (object, ``U``, ``S``, ``StringDType``), a pandas or polars series, an Arrow array.
        Each row of a numeric array becomes the bytes of its numbers, little-endian, in the type of the array.

    Returns
    -------
    list of bytes

    Raises
    ------
    DataError
        If `X` is a single text, has a missing value, or holds items other than str and bytes.

    Examples
    --------
    >>> as_items(["a", b"b"])
    [b'a', b'b']
    """
    if isinstance(X, str | bytes | bytearray | memoryview):
        raise DataError(f"expected a collection of texts, got a single {type(X).__name__}; wrap it in a list")
    if getattr(getattr(X, "dtype", None), "kind", None) in ("b", "i", "u", "f", "c"):
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
            raise DataError(f"item {index}: {error}") from None
    return items


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

    array = np.asarray(X)
    if array.ndim < 2:
        raise DataError(
            f"expected numbers as rows of a 2-D array, got an array of shape {array.shape}; reshape it, or pass a list "
            "of bytes"
        )
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return [row.tobytes() for row in little_endian]
