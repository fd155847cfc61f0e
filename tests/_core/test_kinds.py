"""Text is told from other bytes."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, strategies as st

from kolmo._core.kinds import is_text

CONTROLS = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\t\n\r"), max_size=40), st.data())
def test_any_part_of_a_text_is_text(text: str, data: st.DataObject) -> None:
    whole = text.encode()
    start = data.draw(st.integers(0, len(whole)))
    assert is_text(whole[start : data.draw(st.integers(start, len(whole)))])


@given(st.binary(max_size=30))
def test_bytes_that_are_not_utf_8_are_not_text(data: bytes) -> None:
    if is_text(data, control_share=1.0):
        codecs.getincrementaldecoder("utf-8")().decode(data.lstrip(bytes(range(128, 192))))
    else:
        with pytest.raises(UnicodeDecodeError):
            data.decode()


@given(st.integers(1, 3000), st.sampled_from(sorted(CONTROLS)))
def test_a_hundredth_of_control_characters_is_allowed_where_asked_for(size: int, control: int) -> None:
    allowed = size // 100
    for count in (allowed, allowed + 1):
        piece = bytes([control]) * count + b"a" * (size - count)
        assert is_text(piece, control_share=0.01) == (count <= size / 100)
        assert is_text(piece) == (count == 0)
