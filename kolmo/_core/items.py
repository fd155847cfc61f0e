"""One place where text, bytes, arrays and columns of other libraries become items of bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kolmo.errors import DataError


def as_bytes(data: Any) -> bytes:
    """Return `data` as bytes: bytes-like objects as they are, str as UTF-8, arrays as their C-order bytes.

    Parameters
    ----------
    data : bytes, bytearray, memoryview, str, or an object with the buffer protocol
        One item. A str may hold surrogate escapes, as ``open(..., errors="surrogateescape")`` makes them:
        they become the bytes they stand for.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If `data` is none of these.

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
                f"the text holds {data[error.start]!r} at position {error.start}, which is no Unicode character; "
                "pass bytes, or replace it"
            ) from error
    try:
        view = memoryview(data)
    except TypeError:
        raise DataError(f"an item must be str or bytes, but one of type {type(data).__name__} came") from None
    if view.format == "O" or view.ndim == 0:
        raise DataError(f"an item must be str or bytes, but one of type {type(data).__name__} came")
    return view.tobytes()


def as_items(X: Any) -> list[bytes]:
    """Return a collection as a list of bytes, one item each.

    Parameters
    ----------
    X : iterable of str or bytes, or ndarray of shape (n_items, n_features)
        A list, a NumPy array (object, ``U``, ``S``, ``StringDType``), a pandas or polars series, an Arrow array.
        The rows of a numeric array become the bytes of their numbers, little-endian, in the array's own type.

    Returns
    -------
    list of bytes

    Raises
    ------
    DataError
        If `X` is a single text, has a missing value, or holds anything but str and bytes.

    Examples
    --------
    >>> as_items(["a", b"b"])
    [b'a', b'b']
    """
    if isinstance(X, str | bytes | bytearray | memoryview):
        raise DataError("a collection of texts was expected, but a single one came; wrap it in a list")
    if getattr(getattr(X, "dtype", None), "kind", None) in ("b", "i", "u", "f", "c"):
        return _rows(X)
    to_list = getattr(X, "to_pylist", None) or getattr(X, "tolist", None) or getattr(X, "to_list", None)
    values: Iterable[Any] = to_list() if callable(to_list) else X
    try:
        iterator = iter(values)
    except TypeError:
        raise DataError(f"a collection of texts was expected, but {type(X).__name__} came") from None
    items = []
    for index, value in enumerate(iterator):
        try:
            items.append(as_bytes(value))
        except DataError as error:
            raise DataError(f"item {index}: {error}") from None
    return items


def _rows(X: Any) -> list[bytes]:
    import numpy as np

    array = np.asarray(X)
    if array.ndim < 2:
        raise DataError(
            f"numbers must come as rows of a 2-D array, but an array of shape {array.shape} came; "
            "reshape it, or pass a list of bytes"
        )
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return [row.tobytes() for row in little_endian]
