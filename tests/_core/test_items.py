from __future__ import annotations

import collections
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, strategies as st

from kolmo import as_bytes, as_items
from kolmo._core.items import in_order, parameter_bytes
from kolmo.errors import DataError, ParameterError


@given(st.lists(st.binary()))
def test_bytes_stay_as_they_are(items: list[bytes]) -> None:
    assert as_items(items) == items
    assert as_items(np.array([*items, b"\1"], dtype=object)[:-1]) == items
    assert as_items(item for item in items) == items


@given(st.binary())
def test_undecodable_text_keeps_its_bytes(data: bytes) -> None:
    assert as_bytes(data.decode("utf-8", "surrogateescape")) == data


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), min_size=1))
def test_text_becomes_utf8(texts: list[str]) -> None:
    expected = [text.encode() for text in texts]
    assert as_items(texts) == expected
    assert as_items(np.array(texts, dtype=np.dtypes.StringDType())) == expected


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<f8", ">f8", "?"])
def test_rows_are_little_endian_bytes(dtype: str) -> None:
    rows = np.array([[0, 1], [1, 0]], dtype=dtype)
    little = rows.astype(rows.dtype.newbyteorder("<"))
    assert as_items(rows) == [little[0].tobytes(), little[1].tobytes()]
    assert as_items(rows.T[:, ::-1]) == [little.T[0, ::-1].tobytes(), little.T[1, ::-1].tobytes()]


@pytest.mark.parametrize(
    "collection", ["text", b"bytes", 3, np.arange(4), np.float64(1), [1, 2], [["a"]], [np.float64(1)]]
)
def test_what_is_no_collection_of_texts_is_refused(collection: object) -> None:
    with pytest.raises(DataError):
        as_items(collection)


@given(st.lists(st.text(alphabet="ab", min_size=1), min_size=1))
@pytest.mark.parametrize(
    "wrap",
    [
        set,
        frozenset,
        dict.fromkeys,
        collections.Counter,
        lambda x: dict.fromkeys(x).keys(),
        lambda x: dict(enumerate(x)).values(),
        lambda x: dict(enumerate(x)).items(),
    ],
)
def test_collections_without_order_are_refused(wrap: Callable[[list[str]], object], items: list[str]) -> None:
    """Their order depends on the seed of hashes, or is not that of a list of items."""
    for read in (as_items, in_order):
        with pytest.raises(DataError, match=r"expected a list of texts, got .*; pass a list"):
            read(wrap(items))


@given(st.lists(st.binary()))
@pytest.mark.parametrize("wrap", [iter, lambda x: (item for item in x), lambda x: map(bytes, x), reversed])
def test_an_iterator_is_read_whole(wrap: Callable[[list[bytes]], object], items: list[bytes]) -> None:
    expected = items[::-1] if wrap is reversed else items
    assert as_items(wrap(items)) == expected
    assert in_order(wrap(items)) == expected


@pytest.mark.parametrize(
    "frame", [pd.DataFrame({"a": [1, 3], "b": [2, 4]}), pl.DataFrame({"a": [1, 3], "b": [2, 4]}), [[1, 2], [3, 4]]]
)
def test_rows_of_a_frame_are_its_items_and_not_the_names_of_its_columns(frame: object) -> None:
    rows = np.array([[1, 2], [3, 4]])
    if isinstance(frame, list):
        with pytest.raises(DataError, match=r"item 0: .*got list; pass rows of numbers as a 2-D NumPy array"):
            as_items(frame)
    else:
        assert as_items(frame) == [row.tobytes() for row in rows]


@pytest.mark.parametrize(
    ("collection", "message"),
    [
        (np.array("text"), r"shape \(\)"),
        (np.bytes_(b"text"), "single bytes_"),
        (np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]), "1 masked"),
        (np.ma.array(["a", "b"], mask=[0, 1]), "item 1"),
        ([np.ma.array([1, 2], mask=[0, 1])], "item 0: .* 1 masked"),
        (np.ones((2, 2), np.longdouble), "padding"),
        (np.array([["a", "b"]], dtype=object), r"shape \(1, 2\)"),
        (np.array([["a", "b"]]), r"shape \(1, 2\)"),
        (pd.DataFrame({"a": ["x", "y"]}), "DataFrame"),
        (pa.table({"a": ["x"]}), "Table"),
        (scipy.sparse.csr_matrix(np.eye(2)), "csr_matrix"),
        (scipy.sparse.dok_matrix(np.eye(2)), "dok_matrix"),
        (pd.Series(["a", None], dtype="string"), "item 1: .* NAType"),
        (pl.Series(["a", None]), "item 1: .* NoneType"),
        (pa.array(["a", None]), "item 1: .* NoneType"),
        (["a", float("nan")], "item 1: .* float"),
        ([np.array(["text"])], "item 0: .* ndarray"),
        ([np.array(["2020"], "M8[D]")], "item 0: .* ndarray"),
        ([np.zeros(1, [("a", "i4")])], "item 0: .* ndarray"),
        (["a", "\ud800"], "item 1: .*cannot be encoded"),
        ([{"a"}], "item 0"),
        ([iter("a")], "item 0"),
    ],
)
def test_other_arrays_and_items_are_named(collection: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_items(collection)


def test_a_parameter_that_takes_a_text() -> None:
    assert parameter_bytes("separator", "ä") == "ä".encode()
    for wrong in (None, 3, ["a"], {"a"}, np.array("a")):
        with pytest.raises(ParameterError, match="separator: expected str or bytes, got"):
            parameter_bytes("separator", wrong)
