from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import as_bytes, as_items
from kolmo.errors import DataError


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
